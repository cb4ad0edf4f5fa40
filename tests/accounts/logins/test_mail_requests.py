"""Mail that was asked for comes, and once: with Redis away, with a mail server that refuses, after a worker's death."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Invitation, MailRequest, User
from apps.accounts.services import (
    ask_for_device_link,
    create_team,
    invitations,
    privacy,
    recovery,
    send_asked_mail,
    send_due_mail,
)
from apps.formulas.services import create_formula, share_formula
from tests.accounts.logins.test_mail import server, taken  # noqa: F401  a fixture
from tests.factories import UserFactory, workspace_of
from tests.signals.conftest import address_of_database, free_port

NEWCOMER = "newcomer@example.org"


def _invite(user: User) -> None:
    team = create_team(name="Night desk", actor=user)
    invitations.invite(team, email=NEWCOMER, role="viewer", actor=user)


def _share(user: User) -> None:
    formula = create_formula(workspace_of(user), name="Cross", text="long when close > 12", actor=user)
    share_formula(formula, email=NEWCOMER, level="view", actor=user)


def _sign_up(user: User) -> None:
    Client().post("/accounts/signup/", {"email": NEWCOMER, "password1": "correct-horse-battery"})


def _prove_again(user: User) -> None:
    EmailAddress.objects.create(user=user, email="second@example.org", verified=False)
    recovery.ask_for_confirmation(email="second@example.org")


WAYS: dict[str, tuple[Callable[[User], object], str]] = {
    "a new password": (lambda user: recovery.request_new_password(email=user.email), "Set a new password"),
    "a new password, no account": (
        lambda user: recovery.request_new_password(email=NEWCOMER),
        "No account with this address",
    ),
    "sign-up": (_sign_up, "Welcome to Candlewright: confirm your e-mail address"),
    "the proof once more": (_prove_again, "Confirm your e-mail address"),
    "a new browser": (lambda user: ask_for_device_link(user.email), "Sign in with a new browser"),
    "an invitation": (_invite, "invites you to Night desk on Candlewright"),
    "a shared formula": (_share, "shares the formula Cross with you"),
}


@pytest.mark.parametrize("way", WAYS)
def test_lost_in_the_queue_the_mail_is_sent_once_by_the_sweep(user, workspace, server, way):  # noqa: F811
    """The queue's message of a test never leaves: its transaction does not commit."""
    act, subject = WAYS[way]
    act(user)
    assert taken(server) == []
    assert [send_due_mail(), send_due_mail()] == [1, 0]
    (mail,) = taken(server)
    assert subject in mail["Subject"]
    assert not MailRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_lost_redis_only_delays_it(transactional_db, server):  # noqa: F811
    """A web process whose Redis is an address where nobody listens takes the request; the sweep sends it later."""
    user = UserFactory()
    code = f"import django; django.setup(); from apps.accounts.services import recovery; recovery.request_new_password(email={user.email!r})"
    environment = os.environ | {
        "DATABASE_URL": address_of_database(),
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    web = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=60)
    assert web.returncode == 0, web.stderr
    assert b"job_not_queued" in web.stdout + web.stderr
    assert MailRequest.objects.count() == 1
    assert [send_due_mail(), send_due_mail()] == [1, 0]
    assert len(taken(server)) == 1
    connection.close()


def test_a_server_that_refuses_gets_it_when_it_takes_mail_again(user, server):  # noqa: F811
    """Also after more attempts than mails an hour may go to one address: they are one mail."""
    (server / "refuse").touch()
    recovery.request_new_password(email=user.email)
    asked = MailRequest.objects.get()
    for attempt in (1, 2, 3, 4):
        MailRequest.objects.update(next_try_at=timezone.now())
        assert not send_asked_mail(asked.pk)
        asked.refresh_from_db()
        wait = asked.next_try_at - timezone.now()
        assert wait == pytest.approx(timedelta(minutes=2**attempt), abs=timedelta(seconds=10))
        assert "come back later" in asked.error
    (server / "refuse").unlink()
    assert send_due_mail() == 0
    MailRequest.objects.update(next_try_at=timezone.now())
    assert [send_due_mail(), send_due_mail()] == [1, 0]
    assert len(taken(server)) == 1


def test_ten_refusals_are_enough_and_staff_can_see_the_rest(user, server):  # noqa: F811
    (server / "refuse").touch()
    recovery.request_new_password(email=user.email)
    MailRequest.objects.update(attempts=9)
    assert send_due_mail() == 0
    asked = MailRequest.objects.get()
    assert asked.gave_up_at is not None
    MailRequest.objects.update(next_try_at=timezone.now())
    (server / "refuse").unlink()
    assert send_due_mail() == 0
    MailRequest.objects.update(gave_up_at=timezone.now() - timedelta(days=31))
    privacy.purge()
    assert not MailRequest.objects.exists()


def test_a_mail_that_cannot_be_written_holds_up_no_other(user, workspace, server):  # noqa: F811
    MailRequest.objects.create(kind="no such kind", recipient=user.email, next_try_at=timezone.now())
    recovery.request_new_password(email=user.email)
    assert send_due_mail() == 1
    assert MailRequest.objects.get().error == "No room sends mail of the kind “no such kind”."


def test_what_is_over_is_not_mailed(user, workspace, server):  # noqa: F811
    _invite(user)
    invitations.revoke(Invitation.objects.get(), actor=user)
    send_due_mail()
    assert taken(server) == []
    assert not MailRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_mail_without_its_change_and_no_change_without_its_mail(transactional_db):
    user = UserFactory()
    team = create_team(name="Night desk", actor=user)
    with transaction.atomic():
        invitations.invite(team, email=NEWCOMER, role="viewer", actor=user)
        assert MailRequest.objects.filter(kind="invitation", recipient=NEWCOMER).exists()
        transaction.set_rollback(True)
    assert not MailRequest.objects.exists()
    assert not Invitation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_it_sends_is_followed_by_another(transactional_db, server: Path):  # noqa: F811
    user = UserFactory()
    recovery.request_new_password(email=user.email)
    asked = MailRequest.objects.get()
    (server / "wait").touch()
    code = f"import django; django.setup(); from apps.accounts.services import send_asked_mail; send_asked_mail({asked.pk})"
    environment = os.environ | {
        "DATABASE_URL": address_of_database(),
        "EMAIL_URL": f"smtp://127.0.0.1:{django_settings.EMAIL_PORT}",
    }
    worker = subprocess.Popen([sys.executable, "-c", code], env=environment)
    deadline = time.monotonic() + 60
    while not list(server.glob("*.begun")):
        assert worker.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert not send_asked_mail(asked.pk), "the dead worker's lease still holds"
    MailRequest.objects.update(next_try_at=timezone.now())
    (server / "wait").unlink()
    while not list(server.glob("*.ended")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    before = len(taken(server))  # what the server makes of the broken connection is its own
    assert [send_due_mail(), send_due_mail()] == [1, 0]
    assert len(taken(server)) - before == 1
    mail = taken(server)[-1]
    text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    link = re.search(r"(/accounts/password/reset/key/\S+)", text)
    assert link, "and its link is one of a form"
    assert link[1] in page
    connection.close()
