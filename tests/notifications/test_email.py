"""Mail through real SMTP servers: its form, one-click unsubscribing, the table of retries, the other provider, outages."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from django.test import Client

from apps.notifications.models import Attempt, Delivery, Preference
from apps.notifications.services import send_due
from tests.factories import UserFactory
from tests.notifications.conftest import due_now, forget_circuits
from tests.signals.conftest import free_port


class Post:
    """A mail server: keeps what it takes; `answer` may refuse, at the recipient or at the whole mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.tries = 0
        self.at_recipient: Callable[[int], str | None] = lambda number: None
        self.at_data: Callable[[int], str | None] = lambda number: None
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802
        self.tries += 1
        refusal = self.at_recipient(self.tries)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 fine"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        refusal = self.at_data(self.tries)
        if refusal is None:
            self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return refusal or "250 taken"

    def start(self) -> dict[str, object]:
        """The entry of NOTIFICATIONS_EMAIL."""
        self.controller.start()
        options = {
            "host": "127.0.0.1",
            "port": self.controller.port,
            "username": "",
            "password": "",
            "use_ssl": False,
            "use_tls": False,
        }
        return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}

    def stop(self) -> None:
        self.controller.stop()


@pytest.fixture
def post(settings) -> Iterator[Post]:
    server = Post()
    settings.NOTIFICATIONS_EMAIL = {"main": server.start()}
    settings.NOTIFICATIONS_CIRCUIT = {"faults": 3, "pause_s": 0.3, "longest_s": 0.5}
    yield server
    server.stop()


@pytest.fixture
def other(post, settings) -> Iterator[Post]:
    server = Post()
    settings.NOTIFICATIONS_EMAIL = settings.NOTIFICATIONS_EMAIL | {"fallback": server.start()}
    yield server
    server.stop()


def mail_delivery() -> Delivery:
    return Delivery.objects.get(channel="email")


def run_all() -> None:
    """Until nothing waits, without its pauses."""
    for _ in range(30):
        due_now()
        send_due(linger_s=0)
        if mail_delivery().status != "waiting":
            return


def test_a_mail_in_text_and_html(user, post, tell):
    user.name = "Ümit <b>Bold</b>"
    user.save()
    tell(
        data={
            "title": "Buy <BTC>",
            "text": "at 45,000",
            "facts": [["Symbol", "BTCUSDT"]],
            "url": "/signals/",
        },
        channels=("email",),
    )
    send_due(linger_s=0)
    (mail,) = post.mails
    delivery = mail_delivery()
    assert mail["Subject"] == "Buy <BTC>"
    assert user.email in mail["To"]
    assert mail["Message-ID"] == f"<{delivery.uuid}@127.0.0.1>" == delivery.provider_id
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "Buy <BTC>" in text
    assert "Buy &lt;BTC&gt;" in html
    assert "<b>Bold" not in html
    for body in (text, html):
        assert "BTCUSDT" in body
        assert "http://127.0.0.1:8000/signals/" in body
        assert not re.search(r"{[{%]|None|&amp;#", body), body


def test_one_click_unsubscribing_as_a_mail_program_does_it(user, post, tell):
    """RFC 8058: a POST of List-Unsubscribe=One-Click, without cookies or a log-in."""
    tell(channels=("email",))
    send_due(linger_s=0)
    mail = post.mails[0]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = re.fullmatch(r"<http://127\.0\.0\.1:8000(/\S+)>", mail["List-Unsubscribe"].strip())[1]
    program = Client(enforce_csrf_checks=True)
    assert program.get(path).status_code == 200
    assert not Preference.objects.exists(), "looking changes nothing"
    body = "List-Unsubscribe=One-Click"
    assert program.post(path, body, content_type="application/x-www-form-urlencoded").status_code == 200
    assert Preference.objects.values_list("event", "channel", "mode").get() == (
        "tests.bell.rung",
        "email",
        "off",
    )
    tell(channels=("email",))
    send_due(linger_s=0)
    assert len(post.mails) == 1
    assert program.post(path[:-3] + "xx/").status_code == 410


def test_an_unconfirmed_address_gets_no_mail(user, post, tell):
    user.emailaddress_set.update(verified=False)
    tell(channels=("email",))
    assert not Delivery.objects.filter(channel="email").exists()


def test_three_retries_then_the_other_provider(user, post, other, tell):
    """Refused at the recipient for now (greylisting): the server is well, so its circuit stays closed."""
    post.at_recipient = lambda number: "450 come back later"
    tell(channels=("email",))
    run_all()
    trace = Attempt.objects.filter(delivery__channel="email").order_by("number")
    assert list(trace.values_list("provider", "outcome")) == [("main", "refused")] * 4 + [
        ("fallback", "delivered")
    ]
    assert len(other.mails) == 1
    assert mail_delivery().status == "delivered"


def test_nobody_takes_it(user, post, other, tell):
    post.at_recipient = other.at_recipient = lambda number: "450 come back later"
    tell(channels=("email",))
    run_all()
    assert mail_delivery().status == "failed"
    assert (post.tries, other.tries) == (4, 4)


def test_an_address_that_does_not_exist_is_not_tried_again(user, post, other, tell):
    post.at_recipient = lambda number: "550 5.1.1 no such user"
    tell(channels=("email",))
    run_all()
    assert (mail_delivery().status, post.tries, other.tries) == ("failed", 1, 0)
    assert "5.1.1" in mail_delivery().error


def test_a_mail_that_one_provider_never_takes_goes_to_the_other(user, post, other, tell):
    post.at_data = lambda number: "554 looks like spam"
    tell(channels=("email",))
    run_all()
    assert (post.tries, len(other.mails)) == (1, 1)


def test_an_outage_loses_nothing_and_uses_up_no_tries(user, post, tell, settings):
    """The server is away for more attempts than the table allows; the circuit holds the mail until it is back."""
    settings.NOTIFICATIONS_CIRCUIT = {"faults": 3, "pause_s": 600, "longest_s": 600}
    post.at_data = lambda number: "421 out of service"
    tell(channels=("email",))
    for _ in range(12):
        due_now()
        send_due(linger_s=0)
    delivery = mail_delivery()
    assert delivery.status == "waiting"
    assert delivery.tries <= 3
    post.at_data = lambda number: None
    forget_circuits()  # as if its pause were over
    run_all()
    assert mail_delivery().status == "delivered"
    assert len(post.mails) == 1


def test_an_open_circuit_leads_to_the_other_provider_at_once(user, post, other, tell, settings):
    settings.NOTIFICATIONS_CIRCUIT = {"faults": 3, "pause_s": 60, "longest_s": 60}
    post.at_data = lambda number: "421 out of service"
    for person in UserFactory.create_batch(5):
        tell(channels=("email",), person_id=person.pk)
    for _ in range(4):
        due_now()
        send_due(linger_s=0)
    assert not Delivery.objects.filter(channel="email").exclude(status="delivered").exists()
    assert len(other.mails) == 5
    assert post.tries == 5, "those that were under way when it opened"


def test_a_server_that_hung_up_on_the_kept_connection(user, post, tell):
    """Two mails in one run use one connection; when the server closes it in between, a new one is made."""
    post.controller.SMTP_kwargs["timeout"] = 0.2
    tell(channels=("email",))
    send_due(linger_s=0)
    tell(channels=("email",))
    tell(channels=("email",))
    send_due(linger_s=0)
    assert len(post.mails) == 3
