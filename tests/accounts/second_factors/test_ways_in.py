"""No way around the second factor: every way into an account ends at the question."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import LoginKind
from apps.accounts.models import Device, Invitation, Login
from apps.accounts.second_factor import has_passed, open_to
from apps.accounts.selectors import workspaces_of
from apps.accounts.services import create_api_key, create_team, invitations
from apps.accounts.services.second_factors import remove_factor, second_factor_needed
from tests.accounts.second_factors.conftest import (
    PASSWORD,
    STEP,
    code_of,
    enrol,
    give_password,
    is_in,
    wrong,
)
from tests.factories import UserFactory

MEMBER_PAGES = [
    "/dashboard/",
    "/formulas/",
    "/settings/",
    "/settings/security/",
    "/settings/workspace/api-keys/",
]
ACCOUNT_PAGES = ["/accounts/email/", "/accounts/password/change/"]


def logged_in_without_the_step(person) -> Client:
    """A session made around allauth, as a bug or an old session would be."""
    client = Client()
    client.force_login(person)
    return client


def test_password_alone_opens_nothing(person, totp):
    client = give_password(person)
    for page in MEMBER_PAGES + ACCOUNT_PAGES:
        assert client.get(page)["Location"].startswith(("/accounts/login/", "/accounts/reauthenticate/")), (
            page
        )
    assert client.get("/api/v1/users/me/").status_code == 401
    assert "_auth_user_id" not in client.session


def test_password_and_code_open_the_account(person, totp):
    client = give_password(person)
    assert client.get(STEP).status_code == 200
    answer = client.post(STEP, {"code": code_of(totp)})
    assert (answer.status_code, answer["Location"]) == (302, "/dashboard/")
    assert is_in(client)
    assert client.get("/api/v1/users/me/").status_code == 200
    assert Login.objects.get().second_factor_at is not None


def test_log_in_leads_where_the_person_wanted(person, totp):
    client = Client()
    client.post(
        "/accounts/login/?next=/markets/", {"login": person.email, "password": PASSWORD, "next": "/markets/"}
    )
    assert client.post(STEP, {"code": code_of(totp)})["Location"] == "/markets/"


def test_wrong_code_leaves_the_log_in_where_it_is(person, totp):
    client = give_password(person)
    page = client.post(STEP, {"code": wrong(totp)})
    assert page.status_code == 400
    assert b"not right" in page.content
    assert not is_in(client)
    assert client.post(STEP, {"code": code_of(totp)}).status_code == 302
    assert is_in(client)


def test_code_without_a_password_is_asked_for_the_password(person, totp):
    client = Client()
    assert client.post(STEP, {"code": code_of(totp)})["Location"].startswith("/accounts/login/")
    assert not is_in(client)


def test_code_of_somebody_else_does_not_open_it(person, totp, user):
    client = give_password(person)
    assert client.post(STEP, {"code": code_of(enrol(user))}).status_code == 400
    assert not is_in(client)


def test_backup_code_opens_once(person, codes):
    client = give_password(person)
    assert client.post(STEP, {"code": codes[0]}).status_code == 302
    assert is_in(client)
    again = give_password(person)
    assert again.post(STEP, {"code": codes[0]}).status_code == 400


def test_guessing_at_the_step_is_slowed_down(person, totp):
    client = give_password(person)
    answers = [client.post(STEP, {"code": wrong(totp)}).status_code for _ in range(8)]
    assert answers[:3] == [400, 400, 400]
    assert answers[-1] == 429
    assert client.post(STEP, {"code": code_of(totp)}).status_code == 429
    assert not is_in(client)


def test_unfinished_log_in_expires(person, totp):
    client = give_password(person)
    session = client.session
    session["account_login"] = {**session["account_login"], "initiated_at": time.time() - 3600}
    session.save()
    assert client.post(STEP, {"code": code_of(totp)})["Location"].startswith("/accounts/login/")


def test_suspended_meanwhile_is_not_let_in(person, totp):
    client = give_password(person)
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    client.post(STEP, {"code": code_of(totp)})
    assert not is_in(client)


def test_reset_password_still_needs_the_factor(person, totp, settings, mailoutbox, mail_sent):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    client = Client()
    with mail_sent():
        client.post(reverse("account_reset_password"), {"email": person.email})
    link = next(word for word in mailoutbox[0].body.split() if "/reset/" in word)
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    fresh = "another-long-secret-2"
    client.post(page.redirect_chain[-1][0], {"password1": fresh, "password2": fresh})
    assert not is_in(client)
    answer = client.post("/accounts/login/", {"login": person.email, "password": fresh})
    assert answer["Location"] == STEP
    assert not is_in(client)


def test_confirming_an_address_logs_nobody_in(person, totp, settings):
    from allauth.account.models import EmailAddress, EmailConfirmationHMAC

    address = EmailAddress.objects.create(user=person, email="second@example.com")
    client = give_password(person)
    client.post(reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]))
    assert not is_in(client)


@pytest.mark.parametrize("path", MEMBER_PAGES + ACCOUNT_PAGES)
def test_session_that_never_showed_the_factor_is_asked(person, totp, path):
    client = logged_in_without_the_step(person)
    assert client.get(path)["Location"].startswith(STEP), path
    assert client.post(path, {})["Location"].startswith(STEP), path


def test_a_browser_that_lost_its_cookie_gets_in_and_is_not_trusted(person, totp):
    client = logged_in_without_the_step(person)
    client.cookies.pop("cw_device", None)
    assert client.post(STEP, {"code": code_of(totp), "trust": "on"}).status_code == 302
    assert is_in(client)
    assert not Device.objects.filter(user=person).exclude(trusted_until=None).exists()


def test_session_that_never_showed_the_factor_joins_no_workspace(person, totp):
    team = create_team(name="Desk", actor=UserFactory())
    asked = invitations.invite(team, email=person.email, role="trader", actor=team.owner)
    Invitation.objects.filter(pk=asked.pk).update(token_hash=invitations.token_hash("link"))
    client = logged_in_without_the_step(person)
    assert client.post("/invitations/link/", {"answer": "accept"})["Location"].startswith(STEP)
    assert not team.memberships.filter(user=person).exists()


def test_session_that_never_showed_the_factor_gets_nothing_from_the_api(person, totp):
    client = logged_in_without_the_step(person)
    for path in ("/api/v1/formulas/", "/api/v1/backtests/", "/api/v1/signals/", "/api/v1/workspaces/"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required"), path


def test_session_that_never_showed_the_factor_hears_nothing(person, totp):
    client = logged_in_without_the_step(person)
    assert not open_to(workspaces_of(person), person, client.session).exists()
    client.post(STEP, {"code": code_of(totp)})
    assert open_to(workspaces_of(person), person, client.session).exists()


def test_asked_session_goes_on_where_it_was(person, totp):
    client = logged_in_without_the_step(person)
    asked = client.get("/formulas/?q=x")["Location"]
    assert client.post(asked, {"code": code_of(totp)})["Location"] == "/formulas/?q=x"
    assert is_in(client)


def test_other_sessions_are_asked_once_a_factor_is_set_up(person):
    old = give_password(person)
    assert is_in(old)
    enrol(person)
    assert not is_in(old)


def test_session_after_a_password_change_stays_verified(person, totp):
    client = give_password(person)
    client.post(STEP, {"code": code_of(totp)})
    fresh = "another-long-secret-3"
    client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh}
    )
    assert is_in(client)
    other = Client()
    other.post("/accounts/login/", {"login": person.email, "password": fresh})
    assert not is_in(other)


def test_program_without_the_factor_is_refused_and_ended(person, rf):
    now = timezone.now()
    values = {
        "kind": LoginKind.TOKEN,
        "label": "cli",
        "last_seen_at": now,
        "expires_at": now + timedelta(days=1),
    }
    before = Login.objects.create(user=person, **values)
    enrol(person)
    before.refresh_from_db()
    assert before.ended_at is not None
    request = rf.get("/")
    request.user, request.session = person, {}
    request.login = Login.objects.create(user=person, **values)
    assert not has_passed(request)
    request.login.second_factor_at = now
    assert has_passed(request)


def test_key_made_by_a_person_goes_on(person, totp):
    _, secret = create_api_key(person.owned_workspaces.get(), name="notebook", actor=person)
    assert Client().get("/api/v1/formulas/", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def trust(person, totp) -> Client:
    client = give_password(person)
    client.post(STEP, {"code": code_of(totp), "trust": "on"})
    assert is_in(client)
    return client


def test_trusted_browser_is_not_asked_for_30_days(person, totp, rf):
    client = trust(person, totp)
    client.post(reverse("account_logout"))
    assert not is_in(client)
    give_password(person, client)
    assert is_in(client)
    device = Device.objects.get()
    assert timedelta(days=29) < device.trusted_until - timezone.now() < timedelta(days=30)
    assert not is_in(give_password(person)), "another browser is asked"
    Device.objects.update(trusted_until=timezone.now() - timedelta(seconds=1))
    client.post(reverse("account_logout"))
    give_password(person, client)
    assert not is_in(client)


def test_trust_is_of_one_person(person, totp, user, rf):
    client = trust(person, totp)
    request = rf.get("/")
    request.COOKIES = {key: morsel.value for key, morsel in client.cookies.items()}
    assert not second_factor_needed(person, request)
    enrol(user)
    assert second_factor_needed(user, request)


def test_trust_ends_with_the_factors_it_was_given_on(person, totp):
    client = trust(person, totp)
    client.post(reverse("account_logout"))
    remove_factor(totp, actor=person)
    enrol(person)
    give_password(person, client)
    assert not is_in(client)


def test_trusted_session_is_asked_once_the_factors_change(person, totp):
    client = trust(person, totp)
    client.post(reverse("account_logout"))
    give_password(person, client)
    assert is_in(client)
    type(person).objects.filter(pk=person.pk).update(second_factors_at=timezone.now())
    assert not is_in(client)


def test_after_the_last_factor_is_removed_the_password_will_do(person, totp):
    remove_factor(totp, actor=person)
    assert is_in(give_password(person))


def test_new_sign_up_is_not_asked(db):
    client = Client()
    client.post(reverse("account_signup"), {"email": "new-person@example.com", "password1": PASSWORD})
    assert is_in(client)
