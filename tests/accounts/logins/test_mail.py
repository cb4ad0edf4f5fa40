"""What happens to an account is told by mail: through a real mail server, once, also when a worker dies."""

from __future__ import annotations

import email
import email.policy
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core import mail as outbox
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Device, Login, SecurityMail, User
from apps.accounts.services import (
    notice_entry,
    send_due_mail,
    send_security_mail,
    suspend_user,
    update_preferences,
)
from apps.accounts.services.mail import message_of
from apps.accounts.services.people import note_email_changed, note_password_changed
from apps.journal.models import Entry
from apps.journal.services import run_consumers
from tests.factories import UserFactory, workspace_of
from tests.signals.conftest import address_of_database, free_port

PASSWORD = "correct-horse-battery"


@pytest.fixture
def server(tmp_path: Path, settings):
    folder, port = tmp_path / "smtp", free_port()
    folder.mkdir()
    process = subprocess.Popen([sys.executable, "tests/accounts/logins/smtp.py", str(folder), str(port)])
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield folder
    process.kill()
    process.wait()


def taken(folder: Path) -> list[email.message.EmailMessage]:
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in folder.glob("*.eml")
    ]


def told(user: User, action: str) -> SecurityMail:
    """The mail that the newest entry of this action calls for."""
    notice_entry(Entry.objects.filter(action=action).latest("id"))
    return SecurityMail.objects.get(user=user, facts__action=action, recipient=user.email)


def test_a_new_password_is_told_in_text_and_html(user, server):
    note_password_changed(user, login=None)
    assert send_security_mail(told(user, "accounts.password.changed").pk)
    (mail,) = taken(server)
    assert (mail["Subject"], mail["To"]) == ("Your password was changed", user.email)
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    for body in (text, html):
        assert "the password of your account was changed" in body
        assert "/accounts/not-me/" in body
        assert not re.search(r"{[{%]|None|&amp;#", body), body


def test_the_consumer_writes_each_mail_once(user):
    note_password_changed(user, login=None)
    entry = Entry.objects.latest("id")
    assert [notice_entry(entry), notice_entry(entry)] == [1, 0]


def test_both_addresses_are_told_of_a_new_one(user):
    note_email_changed(user, before="old@example.com", after=user.email)
    notice_entry(Entry.objects.latest("id"))
    assert set(SecurityMail.objects.values_list("recipient", flat=True)) == {"old@example.com", user.email}


def test_some_mail_can_be_switched_off_and_some_cannot(user, workspace):
    update_preferences(user, {"mail_new_device": False})
    for _ in range(2):
        Client().post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert notice_entry(Entry.objects.get(action="accounts.login.new_device")) == 0
    suspend_user(user, reason="Spam.", actor=UserFactory(is_staff=True))
    text = message_of(told(user, "accounts.user.suspended")).body
    assert "Spam." in text
    assert "not-me" not in text


def test_a_refusing_server_is_tried_again_later(user, server):
    (server / "refuse").touch()
    note_password_changed(user, login=None)
    mail = told(user, "accounts.password.changed")
    assert not send_security_mail(mail.pk)
    mail.refresh_from_db()
    assert mail.next_try_at - timezone.now() == pytest.approx(timedelta(minutes=2), abs=timedelta(seconds=10))
    assert "come back later" in mail.error
    (server / "refuse").unlink()
    assert send_due_mail() == 0
    SecurityMail.objects.update(next_try_at=timezone.now())
    assert send_due_mail() == 1
    assert len(taken(server)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_sends_once(transactional_db, server):
    """The worker dies while the server reads the mail; another one, after the lease, sends it: one mail, same name."""
    user = UserFactory()
    note_password_changed(user, login=None)
    mail = told(user, "accounts.password.changed")
    name = message_of(mail).message()["Message-ID"]
    (server / "wait").touch()
    port = django_settings.EMAIL_PORT
    code = f"import django; django.setup(); from apps.accounts.services import send_security_mail; send_security_mail({mail.pk})"
    environment = os.environ | {
        "DATABASE_URL": address_of_database(),
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
    }
    worker = subprocess.Popen([sys.executable, "-c", code], env=environment)
    deadline = time.monotonic() + 60
    while not list(server.glob("*.begun")):
        assert worker.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    for path in server.glob("*.begun"):
        path.unlink()
    assert not send_security_mail(mail.pk)  # the dead worker's lease still holds
    SecurityMail.objects.update(next_try_at=timezone.now())
    (server / "wait").unlink()
    while not list(server.glob("*.ended")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    before = len(taken(server))  # what the server makes of the broken connection is its own
    assert send_due_mail() == 1
    assert send_due_mail() == 0
    assert {mail["Message-ID"] for mail in taken(server)} == {name}
    assert len(taken(server)) - before == 1
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_sign_in_with_a_new_browser_is_told_through_the_journal(transactional_db):
    user = UserFactory()
    workspace_of(user)
    run_consumers()
    for _ in range(2):
        Client().post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    run_consumers(up_to=2**62)  # other databases' open transactions would hold the horizon back
    assert list(SecurityMail.objects.values_list("kind", "recipient")) == [("device", user.email)]


def test_not_me_ends_the_sign_in_and_mails_a_new_password(user, workspace, mail_sent):
    owner, thief = Client(), Client()
    for client in (owner, thief):
        client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    body = message_of(told(user, "accounts.login.new_device")).body
    path = re.search(r"(/accounts/not-me/\S+)", body).group(1)
    assert Client().get(path).status_code == 200
    assert Login.objects.filter(ended_at=None).count() == 2
    with mail_sent():
        assert Client().post(path).status_code == 200
    assert thief.get("/settings/").status_code == 302
    assert owner.get("/settings/").status_code == 200
    assert Device.objects.count() == 1
    assert "password/reset/key" in outbox.outbox[-1].body


def test_not_me_goes_back_to_the_former_address(user, mail_sent):
    former = user.email
    user.email = "thief@example.com"
    user.save()
    note_email_changed(user, before=former, after=user.email)
    notice_entry(Entry.objects.latest("id"))
    body = message_of(SecurityMail.objects.get(recipient=former)).body
    with mail_sent():
        Client().post(re.search(r"(/accounts/not-me/\S+)", body).group(1))
    user.refresh_from_db()
    assert user.email == former
    assert outbox.outbox[-1].to == [former]


def test_a_made_up_link_does_nothing(user):
    assert Client().post("/accounts/not-me/WzEsbnVsbCwiIl0:1abc:xyz/").status_code == 410
