"""Outgoing webhooks: the standard's vector, both kinds of signature, rotation, the schedule, and endpoints that die."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.core import standard_webhooks as signing
from apps.notifications.choices import DisabledFor
from apps.notifications.errors import NotToBeChosen
from apps.notifications.models import Attempt, Contact, Delivery, Notice
from apps.notifications.services import add_webhook, replay_deliveries, rotate_webhook_key, send_due
from tests.notifications.conftest import due_now, states
from tests.notifications.loopback import Answer

# Standard Webhooks 1.0.0: the specification's own example
VECTOR = {
    "key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "message_id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "timestamp": 1614265330,
    "body": b'{"test": 2432232314}',
}
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_signature_of_the_specification():
    assert signing.sign(**VECTOR) == SIGNATURE


def test_ed25519_signature_of_rfc_8032():
    """TEST 1 of RFC 8032 gives the key pair; what the private half signs, the public half verifies."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    private = signing.PRIVATE + signing.base64.b64encode(seed).decode()
    assert signing.public_key_of(private) == signing.PUBLIC + signing.base64.b64encode(public).decode()
    now = datetime.fromtimestamp(VECTOR["timestamp"], UTC)
    headers = signing.headers([private], VECTOR["message_id"], now, VECTOR["body"])
    assert headers["webhook-signature"].startswith("v1a,")
    assert signing.verify(signing.public_key_of(private), headers, VECTOR["body"], now=now)
    assert not signing.verify(signing.public_key_of(private), headers, VECTOR["body"] + b" ", now=now)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("another body", {"body": b'{"test": 1}'}),
        ("too old", {"now": datetime.fromtimestamp(1614265330 + 301, UTC)}),
        ("from the future", {"now": datetime.fromtimestamp(1614265330 - 301, UTC)}),
        ("another key", {"key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"}),
    ],
)
def test_what_does_not_verify(what, change):
    received = {
        "webhook-id": VECTOR["message_id"],
        "webhook-timestamp": str(VECTOR["timestamp"]),
        "webhook-signature": f"v1a,AAAA {SIGNATURE}",
    }
    good = {"key": VECTOR["key"], "body": VECTOR["body"], "now": datetime.fromtimestamp(1614265330, UTC)}
    assert signing.verify(good["key"], received, good["body"], now=good["now"])
    case = good | change
    assert not signing.verify(case["key"], received, case["body"], now=case["now"]), what


def test_a_webhook_is_signed_and_has_the_standards_form(user, provider, endpoint, tell):
    contact, secret = endpoint
    notice = tell(data={"title": "Buy", "symbol": "BTCUSDT"}, channels=("webhook",))
    send_due(linger_s=0)
    (request,) = provider.requests
    assert signing.verify(secret, request.headers, request.body, now=timezone.now())
    assert request.headers["content-type"] == "application/json"
    body = request.json
    assert set(body) == {"type", "timestamp", "data"}
    assert body["type"] == "tests.bell.rung"
    assert datetime.fromisoformat(body["timestamp"]) == notice.created_at
    assert body["data"]["symbol"] == "BTCUSDT"
    assert "." not in request.headers["webhook-id"]
    assert states()["webhook"] == "delivered"
    assert secret not in str(Contact.objects.values().get())
    contact.refresh_from_db()
    assert contact.last_ok_at is not None


def test_while_keys_rotate_both_sign(user, provider, endpoint, tell):
    contact, old = endpoint
    new = rotate_webhook_key(contact, actor=user, overlap=timedelta(hours=1))
    tell(channels=("webhook",))
    send_due(linger_s=0)
    (request,) = provider.requests
    assert len(request.headers["webhook-signature"].split()) == 2
    for key in (old, new):
        assert signing.verify(key, request.headers, request.body, now=timezone.now())
    rotate_webhook_key(contact, actor=user, overlap=timedelta(0))
    tell(channels=("webhook",))
    send_due(linger_s=0)
    assert not signing.verify(
        old, provider.requests[-1].headers, provider.requests[-1].body, now=timezone.now()
    )


def test_an_asymmetric_endpoint(user, provider, tell):
    _, public = add_webhook(user, url=f"{provider.url}/hook", actor=user, asymmetric=True)
    assert public.startswith("whpk_")
    tell(channels=("webhook",))
    send_due(linger_s=0)
    (request,) = provider.requests
    assert signing.verify(public, request.headers, request.body, now=timezone.now())


def pause_after_sending() -> tuple[float, float]:
    """How long the webhook waits after it was sent, in seconds: at least, and at most."""
    before = timezone.now()
    send_due(linger_s=0)
    after = timezone.now()
    until = Delivery.objects.get(channel="webhook").send_after
    return (until - after).total_seconds(), (until - before).total_seconds()


def test_the_schedule_is_the_standards(user, provider, endpoint, tell):
    """0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, each at most a tenth later; the same id each time."""
    provider.answer = lambda request: Answer(500)
    tell(channels=("webhook",))
    pauses = []
    for _ in range(10):
        due_now()
        pauses.append(pause_after_sending())
    delivery = Delivery.objects.get(channel="webhook")
    hours = 3600
    planned = [5, 300, 1800, 2 * hours, 5 * hours, 10 * hours, 14 * hours, 20 * hours, 24 * hours]
    for (least, most), right in zip(pauses[:9], planned, strict=True):
        assert right <= most, (most, right)
        assert least <= right * 1.1, (least, right)
    assert delivery.status == "failed"
    assert len(provider.requests) == 10
    assert len({request.headers["webhook-id"] for request in provider.requests}) == 1
    assert len({request.body for request in provider.requests}) == 1
    assert list(Attempt.objects.filter(delivery=delivery).values_list("http_status", flat=True)) == [500] * 10


@pytest.mark.parametrize(
    ("answer", "at_least", "at_most"),
    [
        (Answer(503, headers={"Retry-After": "120"}), 120, 121),
        (Answer(429), 300, 330),  # slows down: the second pause instead of the first
        (Answer(400), 5, 5.5),
    ],
)
def test_retry_after_and_slowing_down(answer, at_least, at_most, user, provider, endpoint, tell):
    provider.answer = lambda request: answer
    tell(channels=("webhook",))
    least, most = pause_after_sending()
    assert least <= at_most
    assert most >= at_least


def test_a_redirect_is_not_followed(user, provider, endpoint, tell):
    provider.answer = lambda request: Answer(302, headers={"Location": f"{provider.url}/other"})
    tell(channels=("webhook",))
    send_due(linger_s=0)
    assert [request.path for request in provider.requests] == ["/hook"]
    assert "redirects are not followed" in Delivery.objects.get(channel="webhook").error


def test_gone_switches_the_endpoint_off_and_tells_its_person(user, provider, endpoint, tell):
    contact, _ = endpoint
    provider.answer = lambda request: Answer(410)
    tell(channels=("webhook",))
    send_due(linger_s=0)
    contact.refresh_from_db()
    assert contact.disabled_for == DisabledFor.GONE
    told = Notice.objects.get(event="notifications.contact.disabled")
    assert set(told.deliveries.values_list("channel", flat=True)) == {"inbox", "email"}
    tell(channels=("webhook",))
    send_due(linger_s=0)
    assert len(provider.requests) == 1


def test_five_days_of_failures_switch_it_off_and_a_success_begins_anew(
    user, provider, endpoint, tell, mailoutbox
):
    provider.answer = lambda request: Answer(500)

    def fail(since: timedelta) -> Contact:
        Contact.objects.update(failing_since=timezone.now() - since)
        tell(channels=("webhook",))
        due_now()
        send_due(linger_s=0)
        return Contact.objects.get()

    assert fail(timedelta(days=4, hours=23)).disabled_at is None
    provider.answer = lambda request: Answer(204)
    due_now()
    send_due(linger_s=0)
    assert Contact.objects.get().failing_since is None
    provider.answer = lambda request: Answer(500)
    tell(channels=("webhook",))
    send_due(linger_s=0)
    assert Contact.objects.get().disabled_at is None
    assert fail(timedelta(days=5)).disabled_for == DisabledFor.FAILING
    assert Notice.objects.filter(event="notifications.contact.disabled").count() == 1
    send_due(linger_s=0)
    (mail,) = [mail for mail in mailoutbox if "switched off" in mail.subject]
    assert user.email in mail.to[0]
    assert "failed for several days" in mail.body


def test_what_an_endpoint_missed_is_replayed_under_the_same_ids(user, provider, endpoint, tell):
    contact, _ = endpoint
    provider.answer = lambda request: Answer(410)
    tell(channels=("webhook",))
    send_due(linger_s=0)
    provider.answer = lambda request: Answer(200)
    Contact.objects.update(disabled_at=None, disabled_for="")
    hour = timedelta(hours=1)
    assert (
        replay_deliveries(contact, since=timezone.now() - hour, until=timezone.now() + hour, actor=user) == 1
    )
    send_due(linger_s=0)
    assert states()["webhook"] == "delivered"
    assert len({request.headers["webhook-id"] for request in provider.requests}) == 1


def test_an_ordered_endpoint_waits_for_each_retry(user, provider, tell):
    add_webhook(user, url=f"{provider.url}/hook", actor=user, options={"ordered": True})
    answers = iter([Answer(500), Answer(500), Answer(200), Answer(200)])
    provider.answer = lambda request: next(answers)
    tell(data={"title": "first"}, channels=("webhook",))
    tell(data={"title": "second"}, channels=("webhook",))
    for _ in range(2):
        send_due(linger_s=0)
        Delivery.objects.filter(attempts__gt=0, status="waiting").update(send_after=timezone.now())
    send_due(linger_s=0)
    titles = [request.json["data"]["title"] for request in provider.requests]
    assert titles == ["first", "first", "first", "second"]


def test_order_can_be_kept_for_each_value_of_a_field(user, provider, tell):
    """A failing BTCUSDT holds up the next BTCUSDT, and no ETHUSDT."""
    add_webhook(
        user, url=f"{provider.url}/hook", actor=user, options={"ordered": True, "ordered_by": "symbol"}
    )
    provider.answer = lambda request: Answer(500 if b"first" in request.body else 200)
    for title, symbol in (
        ("first", "BTCUSDT"),
        ("second", "BTCUSDT"),
        ("third", "ETHUSDT"),
        ("fourth", "ETHUSDT"),
    ):
        tell(data={"title": title, "symbol": symbol}, channels=("webhook",))
    for _ in range(3):
        send_due(linger_s=0)
    sent = [(request.json["data"]["symbol"], request.json["data"]["title"]) for request in provider.requests]
    # Sorting by symbol keeps the order within each: between two symbols there is none.
    assert sorted(sent, key=lambda one: one[0]) == [
        ("BTCUSDT", "first"),
        ("ETHUSDT", "third"),
        ("ETHUSDT", "fourth"),
    ]


def test_an_endpoint_takes_only_the_events_it_asks_for(user, provider, tell):
    add_webhook(user, url=f"{provider.url}/hook", actor=user, options={"events": ["tests.door.*"]})
    tell(channels=("webhook",))
    tell("tests.door.opened", channels=("webhook",))
    send_due(linger_s=0)
    assert [request.json["type"] for request in provider.requests] == ["tests.door.opened"]


@pytest.mark.parametrize(
    ("condition", "data", "comes"),
    [
        ("", {"title": "x"}, True),
        (
            'symbol == "BTCUSDT" and price > 45000',
            {"title": "x", "symbol": "BTCUSDT", "price": "45000.5"},
            True,
        ),
        ('symbol == "BTCUSDT" and price > 45000', {"title": "x", "symbol": "BTCUSDT", "price": 45000}, False),
        ('symbol == "BTCUSDT"', {"title": "x"}, False),
        (
            'parameters.mode == "fast" or na(symbol)',
            {"title": "x", "symbol": "B", "parameters": {"mode": "fast"}},
            True,
        ),
        ('event == "tests.bell.rung" and urgency == "normal"', {"title": "x"}, True),
        ('event == "tests.door.opened"', {"title": "x"}, False),
    ],
)
def test_an_endpoint_takes_only_what_meets_its_condition(user, provider, tell, condition, data, comes):
    contact, _ = add_webhook(user, url=f"{provider.url}/hook", actor=user, options={"filter": condition})
    tell(data=data)
    send_due(linger_s=0)
    assert len(provider.requests) == comes
    assert Delivery.objects.filter(contact=contact).count() == comes


@pytest.mark.parametrize(
    ("condition", "problem"),
    [("price >", "At character"), ("price + 1", "neither true nor false"), ("close[1] > 2", "no bars")],
)
def test_a_condition_that_is_none(user, web, api, provider, condition, problem):
    with pytest.raises(NotToBeChosen, match=problem):
        add_webhook(user, url=f"{provider.url}/hook", actor=user, options={"filter": condition})
    form = {"url": f"{provider.url}/hook", "signing": "secret", "filter": condition}
    answer = web.post("/settings/workspace/webhooks/new/", form)
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    body = {"url": f"{provider.url}/hook", "filter": condition}
    answer = api.post("/api/v1/webhook-endpoints/", body, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"]["filter"]
