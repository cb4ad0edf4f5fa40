"""Mail through the APIs of services, spoken by a loopback server, and what they report afterwards."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from email.utils import parseaddr

import pytest
from django.core.mail import get_connection
from django.test import Client
from django.utils import timezone

from apps.notifications.models import Attempt, Contact, Delivery, Notice
from apps.notifications.selectors import readers_of
from apps.notifications.services import (
    LateFailure,
    add_contact,
    send_due,
    take_late_failures,
)
from config.mail import anymail_settings, backend_of
from tests.notifications.conftest import charges, due_now
from tests.notifications.loopback import Answer, Loopback, Request

TAKEN = {
    "To": "x@example.com",
    "SubmittedAt": "2026-11-21T20:00:00Z",
    "MessageID": "b7bc2f4a-e38e-4336-af7d-e6c392c2f817",
    "ErrorCode": 0,
    "Message": "OK",
}
INACTIVE = {
    "ErrorCode": 406,
    "Message": "You tried to send to a recipient that has been marked as inactive. Found inactive addresses: {}. "
    "Inactive recipients are ones that have generated a hard bounce or a spam complaint.",
}
SECRET = "postmark:0123456789abcdef"


def taken(request: Request) -> Answer:
    """Postmark names the recipient without the name."""
    return Answer(200, {**TAKEN, "To": parseaddr(request.json["To"])[1]})


@pytest.fixture
def postmark(provider: Loopback, settings) -> Loopback:
    """postmarkapp.com/developer/api/email-api: POST /email with X-Postmark-Server-Token."""
    provider.answer = taken
    settings.NOTIFICATIONS_EMAIL = {"main": backend_of(f"postmark://SERVER-TOKEN@?api_url={provider.url}/")}
    settings.MAIL_REPORTS_SECRET = SECRET
    return provider


@pytest.fixture
def desk(user) -> Contact:
    return add_contact(user, channel="email", target="desk@example.com", actor=user, is_verified=True)


def mail() -> Delivery:
    return Delivery.objects.get(channel="email", notice__event="tests.bell.rung")


def report(body: dict, secret: str = SECRET) -> int:
    basic = "Basic " + base64.b64encode(secret.encode()).decode()
    answer = Client(enforce_csrf_checks=True).post(
        "/notifications/mail/postmark/",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": basic},
    )
    return answer.status_code


def bounce(delivery: Delivery, kind: str = "HardBounce", **values: object) -> dict:
    """postmarkapp.com/developer/webhooks/bounce-webhook."""
    return {
        "RecordType": "Bounce",
        "ID": 4323372036854775807,
        "Type": kind,
        "MessageID": delivery.provider_id,
        "Metadata": {"delivery": str(delivery.uuid)},
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 The email account does not exist",
        "Email": "desk@example.com",
        "BouncedAt": "2026-11-21T20:05:00Z",
        **values,
    }


def test_the_request_is_postmarks(user, postmark, desk, tell):
    tell(channels=("email",))
    send_due(linger_s=0)
    (request,) = postmark.requests
    sent = request.json
    assert (request.method, request.path) == ("POST", "/email")
    assert request.headers["x-postmark-server-token"] == "SERVER-TOKEN"
    assert "desk@example.com" in sent["To"]
    assert sent["Subject"] == "Buy BTCUSDT"
    assert "at 45,000" in sent["TextBody"]
    assert "at 45,000" in sent["HtmlBody"]
    assert sent["Metadata"] == {"delivery": str(mail().uuid)}
    headers = {one["Name"]: one["Value"] for one in sent["Headers"]}
    assert headers["Message-ID"].startswith(f"<{mail().uuid}@")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (mail().status, mail().provider_id) == ("delivered", TAKEN["MessageID"])


def test_the_request_is_mailguns(user, provider, desk, tell, settings):
    """documentation.mailgun.com: POST /v3/DOMAIN/messages as a form, with the key as a password of `api`."""
    provider.answer = lambda request: Answer(
        200, {"id": "<2026.1@mg.example.com>", "message": "Queued. Thank you."}
    )
    settings.NOTIFICATIONS_EMAIL = {
        "main": backend_of(f"mailgun://KEY@mg.example.com?api_url={provider.url}/v3")
    }
    tell(channels=("email",))
    send_due(linger_s=0)
    (request,) = provider.requests
    assert request.path == "/v3/mg.example.com/messages"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"api:KEY").decode()
    assert b"v:delivery" in request.body or b"v%3Adelivery" in request.body
    assert str(mail().uuid).encode() in request.body
    assert mail().provider_id == "<2026.1@mg.example.com>"


@pytest.mark.parametrize(
    ("answer", "status", "tries"),
    [
        (Answer(500, {"Message": "broken"}), "failed", 4),
        (Answer(503, b"busy"), "failed", 4),
        (Answer(401, {"ErrorCode": 10, "Message": "Bad or missing server token"}), "failed", 1),
        (Answer(422, {"ErrorCode": 412, "Message": "The From domain is not confirmed"}), "failed", 1),
    ],
)
def test_refusals(user, postmark, desk, tell, settings, answer, status, tries):
    settings.NOTIFICATIONS_CIRCUIT = {"faults": 100, "pause_s": 0.1, "longest_s": 0.1}
    postmark.answer = lambda request: answer
    tell(channels=("email",))
    for _ in range(6):
        due_now()
        send_due(linger_s=0)
    assert (mail().status, len(postmark.requests)) == (status, tries)
    assert "SERVER-TOKEN" not in "".join(Attempt.objects.values_list("error", flat=True))
    assert Contact.objects.get(pk=desk.pk).is_usable


def test_a_service_that_is_not_there_gives_way_to_the_other(user, postmark, desk, tell, settings):
    settings.NOTIFICATIONS_CIRCUIT = {"faults": 100, "pause_s": 0.1, "longest_s": 0.1}
    good = settings.NOTIFICATIONS_EMAIL["main"]
    settings.NOTIFICATIONS_EMAIL = {
        "main": backend_of("postmark://T@?api_url=http://127.0.0.1:9/"),
        "fallback": good,
    }
    tell(channels=("email",))
    for _ in range(6):
        due_now()
        send_due(linger_s=0)
    assert [one.provider for one in mail().trace.order_by("number")] == ["main"] * 4 + ["fallback"]
    assert mail().trace.first().outcome == "fault"
    assert mail().status == "delivered"


def test_too_many_at_once_waits_as_long_as_they_say(user, postmark, desk, tell):
    postmark.answer = lambda request: Answer(429, {"Message": "slow down"}, {"Retry-After": "40"})
    before = timezone.now()
    tell(channels=("email",))
    send_due(linger_s=0)
    after = timezone.now()
    assert mail().status == "waiting"
    assert before + timedelta(seconds=39) <= mail().send_after <= after + timedelta(seconds=45)


def test_no_answer_goes_out_again_under_the_same_id(user, postmark, desk, tell):
    postmark.answer = lambda request: Answer(hang_up=True) if len(postmark.requests) == 1 else taken(request)
    tell(channels=("email",))
    send_due(linger_s=0)
    due_now()
    send_due(linger_s=0)
    ids = {h["Value"] for r in postmark.requests for h in r.json["Headers"] if h["Name"] == "Message-ID"}
    assert (len(postmark.requests), len(ids)) == (2, 1)
    assert [one.outcome for one in mail().trace.order_by("number")] == ["unclear", "delivered"]


def test_an_address_that_the_service_knows_to_be_dead_is_switched_off(user, postmark, desk, tell):
    postmark.answer = lambda request: Answer(
        422, {**INACTIVE, "Message": INACTIVE["Message"].format("desk@example.com")}
    )
    tell(channels=("email",))
    send_due(linger_s=0)
    desk.refresh_from_db()
    assert (mail().status, desk.disabled_for) == ("failed", "gone")


def test_a_mail_that_came_back_switches_its_address_off_and_its_person_is_told(user, postmark, desk, tell):
    tell(channels=("email",))
    send_due(linger_s=0)
    assert report(bounce(mail())) == 200
    desk.refresh_from_db()
    assert desk.disabled_for == "bounced"
    assert "550 5.1.1" in desk.disabled_note
    assert (mail().status, "550 5.1.1" in mail().error) == ("failed", True)
    told = Notice.objects.get(event="notifications.contact.disabled")
    assert "Mail to it came back" in told.data["text"]
    send_due(linger_s=0)
    assert user.email in postmark.requests[-1].json["To"], (
        "told at the account's own address, which still works"
    )
    assert report(bounce(mail())) == 200
    assert Notice.objects.filter(event="notifications.contact.disabled").count() == 1


def test_the_accounts_own_address_that_bounced_is_left_alone_until_it_changes(user, postmark, tell):
    tell(channels=("email",))
    send_due(linger_s=0)
    assert report(bounce(mail(), Email=user.email)) == 200
    assert not readers_of([user.pk])[user.pk].has_mail
    number = len(postmark.requests)
    tell(channels=("email",), key="second")
    send_due(linger_s=0)
    assert len(postmark.requests) == number
    assert Notice.objects.filter(event="notifications.contact.disabled", person=user).exists()
    user.email = "new-" + user.email
    user.save()
    user.emailaddress_set.update(email=user.email)
    assert readers_of([user.pk])[user.pk].has_mail


def test_switched_on_again_the_accounts_address_takes_mail(user, postmark, tell, web):
    tell(channels=("email",))
    send_due(linger_s=0)
    report(bounce(mail(), Email=user.email))
    kept = Contact.objects.get()
    web.post(f"/settings/contacts/{kept.uuid}/switch/", {"active": "1"})
    tell(channels=("email",), key="second")
    assert Delivery.objects.filter(channel="email", notice__key="second").count() == 1


@pytest.mark.parametrize(
    ("body", "state", "off"),
    [
        ({"Type": "SoftBounce", "Details": "mailbox full"}, "failed", ""),
        ({"Type": "Transient"}, "delivered", ""),
        ({"Type": "SpamComplaint", "RecordType": "SpamComplaint"}, "delivered", "complained"),
        ({"Type": "BadEmailAddress"}, "failed", "bounced"),
    ],
)
def test_what_other_reports_mean(user, postmark, desk, tell, body, state, off):
    tell(channels=("email",))
    send_due(linger_s=0)
    assert report(bounce(mail(), **body)) == 200
    desk.refresh_from_db()
    assert (mail().status, desk.disabled_for) == (state, off)


def test_a_mail_that_arrived_says_when(user, postmark, desk, tell):
    tell(channels=("email",))
    send_due(linger_s=0)
    body = {"RecordType": "Delivery", "MessageID": mail().provider_id, "Recipient": "desk@example.com"}
    assert report({**body, "DeliveredAt": "2026-11-21T20:05:00Z", "Metadata": {}}) == 200
    assert mail().arrived_at.isoformat() == "2026-11-21T20:05:00+00:00"


def test_reports_want_their_secret(user, postmark, desk, tell, settings):
    tell(channels=("email",))
    send_due(linger_s=0)
    body = bounce(mail())
    assert report(body, "postmark:wrong-wrong-wrong") == 403
    assert (
        Client().post("/notifications/mail/postmark/", body, content_type="application/json").status_code
        == 403
    )
    assert (
        Client().post("/notifications/mail/pigeon/", body, content_type="application/json").status_code == 404
    )
    assert (
        Client().post("/notifications/mail/mailgun/", body, content_type="application/json").status_code
        == 404
    )
    settings.MAIL_REPORTS_SECRET = ""
    assert report(body) == 404
    settings.MAIL_REPORTS_SECRET = SECRET
    assert report({"RecordType": "Bounce", "Metadata": {"delivery": "not-a-uuid"}}) == 200
    assert Contact.objects.get(pk=desk.pk).is_usable


def test_mailguns_reports_are_signed(user, postmark, desk, tell, settings):
    """documentation.mailgun.com, securing webhooks: hex HMAC-SHA256 of timestamp and token."""
    settings.MAILGUN_SIGNING_KEY = "signing-key"
    tell(channels=("email",))
    send_due(linger_s=0)
    token, timestamp = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0", "1784750000"
    good = hmac.new(b"signing-key", f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    event = {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "recipient": "desk@example.com",
        "timestamp": 1784750000.5,
        "user-variables": {"delivery": str(mail().uuid)},
        "delivery-status": {"code": 550, "message": "5.1.1 no such mailbox"},
        "message": {"headers": {"message-id": "x@mg.example.com"}},
    }

    def send(signature: str) -> int:
        body = {
            "signature": {"timestamp": timestamp, "token": token, "signature": signature},
            "event-data": event,
        }
        return (
            Client()
            .post("/notifications/mail/mailgun/", json.dumps(body), content_type="application/json")
            .status_code
        )

    assert send("0" * 64) == 403
    assert Contact.objects.get(pk=desk.pk).is_usable
    assert send(good) == 200
    assert Contact.objects.get(pk=desk.pk).disabled_for == "bounced"


@pytest.mark.parametrize("settled", [True, False])
def test_what_was_paid_for_a_mail_that_came_back_is_given_back_once(user, postmark, desk, tell, settled):
    tell(channels=("email",), charge_key="hold-1")
    send_due(linger_s=0)
    if settled:
        assert charges() == [("hold-1", 1)]
    report(bounce(mail()))
    report(bounce(mail()))
    late = take_late_failures()
    assert late == ([LateFailure("hold-1", mail().uuid, 1)] if settled else [])
    assert not take_late_failures()
    if not settled:
        assert charges() == [("hold-1", 0)]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("pigeon://x@", "no mail server and no mail service"),
        ("postmark://", "needs server_token"),
        ("mailgun://KEY@", "domain"),
        ("mailjet://KEY@", "needs api_key and secret_key"),
        ("sendgrid://KEY:MORE@", "needs api_key"),
        ("resend://KEY@?colour=red", "knows no colour"),
    ],
)
def test_addresses_that_are_none(url, problem):
    with pytest.raises(ValueError, match=problem):
        backend_of(url)


def test_every_service_can_be_connected_to():
    """Anymail's backends take the options under these names."""
    urls = [
        "brevo://K@", "mailersend://K@", "mailgun://K@mg.example.com", "mailjet://K:S@", "postmark://K@",
        "resend://K@", "sendgrid://K@", "sparkpost://K@", "smtp+tls://u:p%40ss@mail.example.com:587",
    ]  # fmt: skip
    for url in urls:
        made = backend_of(url)
        assert get_connection(made["BACKEND"], **made["OPTIONS"])
    assert backend_of(urls[-1])["OPTIONS"]["password"] == "p@ss"
    assert anymail_settings("mailgun://K@mg.example.com") == {
        "MAILGUN_API_KEY": "K",
        "MAILGUN_SENDER_DOMAIN": "mg.example.com",
    }
    assert anymail_settings(urls[-1]) == {}
