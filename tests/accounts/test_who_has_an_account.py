"""No page before the sign-in tells who has an account: the same words, the same work, the mail by the worker.

Sign-up by page is the exception (docs/decisions/0010-sign-up-says-so.md); by API it answers alike too.
"""

from __future__ import annotations

import re

from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.accounts.services import create_team

UNKNOWN = "nobody@example.org"


def ask(path: str, **fields: str) -> tuple[int, str, int]:
    """Status, words and number of queries of the answer to a new browser; without its own address and one-time values."""
    client = Client()
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(path, fields)
    words = client.get(answer["Location"]).content if answer.status_code == 302 else answer.content
    text = words.decode().replace(next(iter(fields.values())), "ADDRESS")
    text = re.sub(r'data-made="\d+"|csrf[^>]*|nonce="[^"]*"|X-CSRFToken[^}]*', "", text)
    return answer.status_code, text, len(queries)


def test_reset_answers_alike_and_mails_by_the_worker(user, mail_sent):
    mail.outbox.clear()
    with mail_sent():
        assert ask("/accounts/password/reset/", email=user.email) == ask(
            "/accounts/password/reset/", email=UNKNOWN
        )
        assert mail.outbox == [], "nothing is sent while the browser waits"
    assert {message.to[0]: message.subject for message in mail.outbox} == {
        user.email: "Set a new password",
        UNKNOWN: "No account with this address",
    }


def test_a_link_goes_to_the_account_s_own_address_below_our_own(user, mail_sent, settings):
    with mail_sent():
        Client(headers={"Host": "evil.example"}).post(
            "/accounts/password/reset/", {"email": user.email.upper()}
        )
    assert mail.outbox[-1].to == [user.email]
    assert f"{settings.SITE_URL}/accounts/password/reset/key/" in mail.outbox[-1].body
    assert "evil.example" not in mail.outbox[-1].body


def test_a_mailbox_is_not_flooded(user, mail_sent):
    mail.outbox.clear()
    with mail_sent():
        for _ in range(5):
            Client().post("/accounts/password/reset/", {"email": user.email})
    assert len(mail.outbox) == 3


def test_log_in_answers_alike(user, stranger):
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    answers = [
        ask("/accounts/login/", login=email, password="wrong-wrong")
        for email in (user.email, stranger.email, UNKNOWN)
    ]
    assert [(status, words) for status, words, _ in answers[1:]] == [answers[0][:2]] * 2


class CountingHasher(MD5PasswordHasher):
    made = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.made += 1
        return super().encode(password, salt)


def test_log_in_hashes_as_often_without_an_account(user, settings):
    """The slow part is the hash of the password: as many are made for an address nobody has."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    made = []
    for email in (user.email, UNKNOWN):
        CountingHasher.made = 0
        ask("/accounts/login/", login=email, password="wrong-wrong")
        made.append(CountingHasher.made)
    assert made == [1, 1]


def test_invitations_answer_alike(user, workspace, stranger):
    team = create_team(name="Desk", actor=user)
    client = Client()
    client.force_login(user)
    session = client.session
    session["workspace_id"] = team.pk
    session.save()
    texts = []
    for email in (stranger.email, UNKNOWN):
        answer = client.post("/settings/workspace/members/", {"email": email, "role": "viewer"})
        assert answer.status_code == 302
        texts.append(client.get(answer["Location"]).content.decode())
        team.invitations.all().delete()
    known, unknown = (
        re.sub(
            r'data-made="\d+"|csrf[^>]*|nonce="[^"]*"|X-CSRFToken[^}]*|[0-9a-f-]{36}|\d\d:\d\d(:[\d.]+)?',
            "",
            text,
        ).replace(email, "ADDRESS")
        for text, email in zip(texts, (stranger.email, UNKNOWN), strict=True)
    )
    assert known == unknown
