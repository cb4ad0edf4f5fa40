"""Sign up, verify the address, log in and out, reset the password."""

from __future__ import annotations

import re
import uuid

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.core.mailbox import list_mail
from apps.journal.models import Entry

PASSWORD = "a-long-enough-secret"


@pytest.fixture
def keep_mail(settings):
    """pytest-django keeps mail in memory; these tests read the files the product writes."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"


@pytest.fixture
def email() -> str:
    """A new one for each test: allauth sends one confirmation per address and three minutes."""
    return f"{uuid.uuid4().hex}@example.com"


@pytest.fixture
def newcomer(db, keep_mail, email, mail_sent) -> Client:
    client = Client()
    with mail_sent():
        response = client.post(reverse("account_signup"), {"email": email, "password1": PASSWORD})
    assert response.status_code == 302, response.context["form"].errors
    return client


def _link_in_mail(pattern: str) -> str:
    mail = list_mail(settings.MAIL_DIR)[0]
    found = re.search(r"https?://[^/\s]+(/\S*" + pattern + r"\S*)", mail.text)
    assert found, mail.text
    return found.group(1)


def test_sign_up_makes_a_workspace_and_journals_it(newcomer, email):
    user = User.objects.get(email=email)
    workspace = user.owned_workspaces.get()
    assert workspace.kind == "personal"
    assert workspace.memberships.get().role == "owner"
    assert set(Entry.objects.values_list("action", flat=True)) == {
        "accounts.login.opened",
        "accounts.user.signed_up",
        "accounts.workspace.created",
    }


def test_mail_confirms_the_address(newcomer, email):
    assert not EmailAddress.objects.get().verified
    link = _link_in_mail("confirm-email")
    Client().get(link)  # a mail scanner that looks at it proves nothing
    assert not EmailAddress.objects.get().verified
    newcomer.post(link)
    assert EmailAddress.objects.get().verified


def test_log_out_and_in_with_any_case(newcomer, email):
    newcomer.post(reverse("account_logout"))
    assert newcomer.get("/dashboard/").status_code == 302
    newcomer.post(reverse("account_login"), {"login": email.title(), "password": PASSWORD})
    assert newcomer.get("/dashboard/").status_code == 200


def test_password_reset_by_mail(newcomer, email, mail_sent):
    newcomer.post(reverse("account_logout"))
    client = Client()
    with mail_sent():
        client.post(reverse("account_reset_password"), {"email": email})
    page = client.get(_link_in_mail("reset"), follow=True)
    client.post(
        page.redirect_chain[-1][0],
        {"password1": "another-long-secret", "password2": "another-long-secret"},
    )
    assert User.objects.get(email=email).check_password("another-long-secret")


def test_address_taken_in_another_case_is_refused(newcomer, email):
    Client().post(reverse("account_signup"), {"email": email.upper(), "password1": PASSWORD})
    assert User.objects.count() == 1


def test_mail_page_shows_what_was_sent(newcomer, email):
    page = Client().get("/mail/").content.decode()
    assert email in page
    assert "confirm-email" in page


def test_mails_read_well(newcomer, email, mail_sent):
    """Our own words, plain text, a name and an address to come back to; no markup and no template left over."""
    newcomer.post(reverse("account_logout"))
    for address in (email, f"{uuid.uuid4().hex}@example.com"):
        with mail_sent():
            Client().post(reverse("account_reset_password"), {"email": address})
    mails = list_mail(settings.MAIL_DIR)
    assert {mail.subject for mail in mails} == {
        "Welcome to Candlewright: confirm your e-mail address",
        "Set a new password",
        "No account with this address",
    }
    for mail in mails:
        assert mail.text.startswith("Hello,")
        assert "http" in mail.text
        assert mail.text.rstrip().endswith(settings.SITE_URL)
        assert not re.search(r"[{}<>]|&#|Hello from|None", mail.text), mail.text
