"""Text messages at servers that speak Twilio's and Netgsm's protocols."""

from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.notifications.channels.registry import channel_of
from apps.notifications.channels.sms.segments import GSM7, UCS2, alphabet_of, cut, parts_of
from apps.notifications.errors import BadTarget
from apps.notifications.models import Attempt, Contact, Delivery
from apps.notifications.services import add_contact
from apps.notifications.services.sending import send_due
from tests.notifications.conftest import charges, due_now, states
from tests.notifications.loopback import Answer, Loopback, Request

ACCOUNT, TOKEN = "AC" + "0" * 32, "twilio-token"
NUMBER = "+905321234567"


def twilio_message(**changes) -> dict:
    """What Twilio answers, as its documentation shows it."""
    return {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": "Hi there",
        "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
        "date_sent": None,
        "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+15557122661",
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "messaging_service_sid": None,
        "sid": "SM" + "a" * 32,
        "status": "queued",
        "subresource_uris": {},
        "to": NUMBER,
        "uri": "/2010-04-01/Accounts/ACxx/Messages/SMxx.json",
    } | changes


def twilio_error(status: int, code: int, words: str) -> Answer:
    body = {
        "code": code,
        "message": words,
        "more_info": "https://www.twilio.com/docs/errors",
        "status": status,
    }
    return Answer(status, body)


@pytest.fixture
def twilio(settings, provider) -> Loopback:
    settings.TWILIO_API_URL, settings.TWILIO_FROM = provider.url, "+15557122661"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
    provider.answer = lambda request: Answer(201, twilio_message())
    return provider


@pytest.fixture
def netgsm(settings):
    with Loopback(
        lambda request: Answer(200, {"code": "00", "jobid": "17377215", "description": "queued"})
    ) as server:
        settings.NETGSM_API_URL, settings.NETGSM_HEADER = server.url, "CANDLE"
        settings.NETGSM_USERCODE, settings.NETGSM_PASSWORD = "8501112233", "netgsm-password"
        yield server


@pytest.fixture
def phone(user) -> Contact:
    return add_contact(user, channel="sms", target=NUMBER, actor=user, is_verified=True)


def trace() -> list[tuple[str, str]]:
    return list(
        Attempt.objects.filter(delivery__channel="sms").order_by("id").values_list("provider", "outcome")
    )


# The alphabets. Counts by hand from 3GPP TS 23.038.


@pytest.mark.parametrize(
    ("text", "alphabet", "parts"),
    [
        ("", GSM7, 1),
        ("a" * 160, GSM7, 1),
        ("a" * 161, GSM7, 2),
        ("a" * 306, GSM7, 2),
        ("a" * 307, GSM7, 3),
        ("€" * 80, GSM7, 1),  # two places each
        ("€" * 81, GSM7, 2),
        ("a" + "€" * 80, GSM7, 2),
        ("€" * 152, GSM7, 2),  # 76 a part: the 153rd place of a part cannot hold half of one
        ("€" * 153, GSM7, 3),
        ("@£¥ Δ äöüñ", GSM7, 1),
        ("ç" + "a" * 69, UCS2, 1),  # only the capital Ç is in the alphabet
        ("ş" * 70, UCS2, 1),
        ("ş" * 71, UCS2, 2),
        ("ş" * 134, UCS2, 2),
        ("ş" * 135, UCS2, 3),
        ("🚀" * 35, UCS2, 1),  # surrogate pairs
        ("🚀" * 36, UCS2, 2),
        ("🚀" * 66, UCS2, 2),  # 33 a part
        ("🚀" * 67, UCS2, 3),
    ],
)
def test_parts_are_counted_as_phones_do(text, alphabet, parts):
    assert alphabet_of(text) is alphabet
    assert parts_of(text) == parts


def test_a_long_text_is_cut_before_its_link():
    made = cut("b" * 500, " https://example.com/x #12345", 2)
    assert parts_of(made) == 2
    assert made.endswith("... https://example.com/x #12345")
    assert len(made) == 306
    assert cut("short", " tail", 2) == "short tail"
    assert parts_of(cut("ş" * 500, " https://example.com/x #12345", 2)) == 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("+90 532 123 45 67", NUMBER),
        ("0090 (532) 123-45-67", NUMBER),
        ("+1 415.555.2671", "+14155552671"),
        ("0532 123 45 67", None),
        ("+90 532", None),
        ("+0905321234567", None),
        ("+9053212345671234", None),
        ("call me", None),
        ("", None),
    ],
)
def test_numbers_carry_their_country(given, kept):
    channel = channel_of("sms")
    if kept is None:
        with pytest.raises(BadTarget):
            channel.check_target(given)
    else:
        assert channel.check_target(given) == kept
        assert channel.mask(kept) == f"{kept[:3]} … {kept[-2:]}"


# Twilio


def test_the_request_is_twilios(user, twilio, phone, tell, settings):
    tell(channels=("sms",), data={"title": "Buy BTCUSDT", "text": "at 45,000", "url": "/signals/"})
    twilio.answer = lambda request: Answer(201, twilio_message(price="-0.00750", price_unit="USD"))
    send_due(linger_s=0)
    (request,) = twilio.requests
    delivery = Delivery.objects.get(channel="sms")
    assert (request.method, request.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert (
        base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        == f"{ACCOUNT}:{TOKEN}"
    )
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {
        "To": [NUMBER],
        "From": ["+15557122661"],
        "Body": [f"Buy BTCUSDT. at 45,000 {settings.SITE_URL}/signals/ #{str(delivery.uuid)[:5]}"],
    }
    assert (delivery.status, delivery.provider, delivery.provider_id) == (
        "delivered",
        "twilio",
        "SM" + "a" * 32,
    )
    assert (str(delivery.price), delivery.currency) == ("0.00750000", "USD") or float(
        delivery.price
    ) == 0.0075
    assert NUMBER not in str(Contact.objects.values().get())


def test_a_messaging_service_instead_of_a_number(twilio, phone, tell, settings):
    settings.TWILIO_FROM = "MG" + "1" * 32
    tell(channels=("sms",))
    send_due(linger_s=0)
    body = parse_qs(twilio.requests[0].body.decode())
    assert body["MessagingServiceSid"] == ["MG" + "1" * 32]
    assert "From" not in body


def test_only_the_parts_that_were_sent_are_paid(user, twilio, phone, tell, settings):
    settings.NOTIFICATIONS_CREDITS = {"sms": 7}
    tell(channels=("sms",), charge_key="one", data={"title": "Short"})
    tell(channels=("sms",), charge_key="two", data={"title": "ş" * 100})
    assert set(Delivery.objects.filter(channel="sms").values_list("cost", flat=True)) == {14}
    twilio.answer = lambda request: Answer(
        201, twilio_message(num_segments=str(parts_of(parse_qs(request.body.decode())["Body"][0])))
    )
    send_due(linger_s=0)
    due_now()
    send_due(linger_s=0)
    assert dict(charges()) == {"one": 7, "two": 14}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, {"code": 20500, "message": "Internal server error", "status": 500}),
        Answer(503, b"<html>"),
        twilio_error(429, 20429, "Too Many Requests"),
        twilio_error(401, 20003, "Authenticate"),
        twilio_error(400, 21408, "Permission to send an SMS has not been enabled for the region"),
    ],
    ids=["500", "503", "429", "401", "region"],
)
def test_the_other_provider_takes_over_at_once(twilio, netgsm, phone, tell, answer):
    twilio.answer = lambda request: answer
    tell(channels=("sms",))
    send_due(linger_s=0)
    send_due(linger_s=0)
    assert len(twilio.requests) == len(netgsm.requests) == 1
    assert [provider for provider, _ in trace()] == ["twilio", "netgsm"]
    delivery = Delivery.objects.get(channel="sms")
    assert (delivery.status, delivery.provider_id) == ("delivered", "17377215")
    assert not Attempt.objects.filter(error__contains=TOKEN).exists()


def test_a_number_that_cannot_be_is_not_tried_elsewhere(twilio, netgsm, phone, tell):
    twilio.answer = lambda request: twilio_error(400, 21211, f"Invalid 'To' Phone Number: {NUMBER[:6]}XXXX")
    tell(channels=("sms",))
    send_due(linger_s=0)
    assert states()["sms"] == "failed"
    assert not netgsm.requests


def test_stop_switches_the_number_off(user, twilio, netgsm, phone, tell):
    twilio.answer = lambda request: twilio_error(400, 21610, "Attempt to send to unsubscribed recipient")
    tell(channels=("sms",))
    send_due(linger_s=0)
    phone.refresh_from_db()
    assert phone.disabled_for == "gone"
    assert not netgsm.requests


def test_no_answer_is_looked_up_and_found(twilio, netgsm, phone, tell):
    """It went out although the line broke: it must not go out twice."""
    taken: list[dict] = []

    def answer(request: Request) -> Answer:
        if request.method == "POST":
            body = parse_qs(request.body.decode())
            taken.append(twilio_message(body=body["Body"][0], sid="SM" + "b" * 32))
            return Answer(hang_up=True)
        return Answer(
            200, {"messages": [twilio_message(body="another one #00000"), *taken], "next_page_uri": None}
        )

    twilio.answer = answer
    tell(channels=("sms",))
    send_due(linger_s=0)
    assert states()["sms"] == "waiting"
    due_now()
    send_due(linger_s=0)
    delivery = Delivery.objects.get(channel="sms")
    assert (delivery.status, delivery.provider_id) == ("delivered", "SM" + "b" * 32)
    assert trace() == [("twilio", "unclear"), ("twilio", "found")]
    assert len(taken) == 1
    assert not netgsm.requests
    query = parse_qs(urlsplit(twilio.requests[1].path).query)
    assert query["To"] == [NUMBER]
    assert "DateSent>" in query


def test_no_answer_and_no_record_goes_to_the_other_provider(twilio, netgsm, phone, tell):
    twilio.answer = lambda request: (
        Answer(hang_up=True)
        if request.method == "POST"
        else Answer(200, {"messages": [], "next_page_uri": None})
    )

    def report(request: Request) -> Answer:
        if request.path.endswith("/report"):
            return Answer(406, {"code": "60", "jobs": None, "description": "no record"})
        return Answer(200, {"code": "00", "jobid": "9", "description": "queued"})

    netgsm.answer = report
    tell(channels=("sms",))
    send_due(linger_s=0)
    due_now()
    send_due(linger_s=0)
    due_now()
    send_due(linger_s=0)
    assert [request.path.rsplit("/", 1)[1] for request in netgsm.requests] == ["report", "send"]
    assert states()["sms"] == "delivered"


# Netgsm


def test_the_request_is_netgsms(netgsm, phone, tell, settings):
    tell(channels=("sms",), data={"title": "Alış", "text": "BTCUSDT"})
    send_due(linger_s=0)
    (request,) = netgsm.requests
    delivery = Delivery.objects.get(channel="sms")
    assert (request.method, request.path) == ("POST", "/sms/rest/v2/send")
    assert base64.b64decode(request.headers["authorization"][6:]).decode() == "8501112233:netgsm-password"
    assert request.json == {
        "msgheader": "CANDLE",
        "messages": [{"msg": f"Alış. BTCUSDT #{str(delivery.uuid)[:5]}", "no": "5321234567"}],
        "iysfilter": "0",
        "referansID": str(delivery.uuid),
        "encoding": "TR",
    }


def test_netgsm_finds_its_job_again_by_our_key(netgsm, phone, tell):
    def answer(request: Request) -> Answer:
        if request.path.endswith("/send"):
            return Answer(hang_up=True)
        assert set(request.json) == {"startdate", "stopdate", "pagenumber", "pagesize"}
        job = {"jobid": "42", "number": "905321234567", "status": 0, "referansID": key}
        filler = [{"jobid": str(n), "status": 1, "referansID": ""} for n in range(100)]
        return Answer(200, {"code": "00", "jobs": filler if request.json["pagenumber"] == 0 else [job]})

    tell(channels=("sms",))
    key = str(Delivery.objects.get(channel="sms").uuid)
    netgsm.answer = answer
    send_due(linger_s=0)
    due_now()
    send_due(linger_s=0)
    assert [request.path.rsplit("/", 1)[1] for request in netgsm.requests] == ["send", "report", "report"]
    assert Delivery.objects.get(channel="sms").provider_id == "42"
    assert trace()[-1] == ("netgsm", "found")


@pytest.mark.parametrize(
    ("code", "words"),
    [("30", "not accepted"), ("40", "sender name"), ("20", "too long"), ("85", "within a minute")],
)
def test_what_netgsm_refuses(netgsm, phone, tell, code, words):
    netgsm.answer = lambda request: Answer(406, {"code": code, "jobid": None, "description": "error"})
    tell(channels=("sms",))
    send_due(linger_s=0)
    delivery = Delivery.objects.get(channel="sms")
    assert delivery.status == "failed"
    assert words in delivery.error


def test_netgsm_is_not_asked_for_other_countries(user, netgsm, tell):
    add_contact(user, channel="sms", target="+14155552671", actor=user, is_verified=True)
    tell(channels=("sms",))
    send_due(linger_s=0)
    assert states()["sms"] == "failed"
    assert not netgsm.requests


def test_without_credentials_nothing_is_planned(user, phone, tell):
    tell(channels=("sms",))
    assert "sms" not in states()


def test_a_dead_workers_message_is_looked_up_at_both(twilio, netgsm, phone, tell):
    """Its lease ran out: nobody knows at which provider it had been."""
    twilio.answer = lambda request: Answer(200, {"messages": [], "next_page_uri": None})
    tell(channels=("sms",))
    delivery = Delivery.objects.get(channel="sms")
    job = {"jobid": "77", "status": 1, "referansID": str(delivery.uuid)}
    netgsm.answer = lambda request: Answer(200, {"code": "00", "jobs": [job]})
    Delivery.objects.filter(pk=delivery.pk).update(
        is_doubtful=True, attempts=1, tries=0, send_after=delivery.send_after - timedelta(seconds=5)
    )
    send_due(linger_s=0)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.provider_id) == ("delivered", "77")
    assert [request.method for request in twilio.requests] == ["GET"]
