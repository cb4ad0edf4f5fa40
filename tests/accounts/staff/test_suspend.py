"""Staff close and open accounts; the person is out at once and told why."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.errors import SuspensionRefused
from apps.accounts.models import Login, User
from apps.accounts.services import activate_user, create_api_key, suspend_user
from apps.journal.models import Entry
from tests.factories import UserFactory, with_second_factor, workspace_of

PASSWORD = "correct-horse-battery"


@pytest.fixture
def staff(db) -> User:
    person = UserFactory(is_staff=True)
    workspace_of(person)
    person.user_permissions.add(Permission.objects.get(codename="can_manage_users"))
    return User.objects.get(pk=person.pk)


@pytest.fixture
def staff_api(staff) -> APIClient:
    client = APIClient()
    client.force_login(staff)
    with_second_factor(client, staff)
    return client


def test_sessions_and_keys_end_at_once(user, workspace, staff, web):
    _, secret = create_api_key(workspace, name="notebook", actor=user)
    program = APIClient(headers={"authorization": f"Bearer {secret}"})
    assert program.get("/api/v1/users/me/").status_code == 200
    suspend_user(user, reason="Paid with a stolen card.", actor=staff)
    assert web.get("/settings/").status_code == 302
    assert program.get("/api/v1/users/me/").status_code == 401
    assert not Login.objects.filter(user=user, ended_at=None).exists()
    assert Entry.objects.filter(
        action="accounts.user.suspended", target_id=user.pk, actor_id=staff.pk
    ).exists()


def test_whoever_knows_the_password_reads_why_and_nobody_else(user, workspace, staff):
    suspend_user(user, reason="Paid with a stolen card.", actor=staff)
    right = Client().post("/accounts/login/", {"login": user.email, "password": PASSWORD}, follow=True)
    wrong = Client().post("/accounts/login/", {"login": user.email, "password": "guess"}, follow=True)
    assert "Paid with a stolen card." in right.content.decode()
    assert right.status_code == 403
    assert "stolen" not in wrong.content.decode()


def test_an_opened_account_lets_its_person_in_again_but_not_its_old_keys(user, workspace, staff):
    _, secret = create_api_key(workspace, name="notebook", actor=user)
    suspend_user(user, reason="By mistake.", actor=staff)
    activate_user(user, actor=staff)
    assert Client().post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    assert (
        APIClient(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/users/me/").status_code == 401
    )


def test_what_is_refused_changes_nothing(user, staff):
    boss = UserFactory(is_staff=True, is_superuser=True)
    for person, reason in ((user, "  "), (staff, "Myself."), (boss, "Coup.")):
        with pytest.raises(SuspensionRefused):
            suspend_user(person, reason=reason, actor=staff)
    assert not User.objects.filter(is_active=False).exists()


def test_staff_find_people_and_change_them(staff_api, user, stranger):
    found = staff_api.get("/api/v1/users/", {"search": user.email[:8]}).json()["results"]
    assert user.email in [person["email"] for person in found]
    assert stranger.email not in [
        person["email"]
        for person in staff_api.get("/api/v1/users/", {"search": user.email}).json()["results"]
    ]
    path = f"/api/v1/users/{user.uuid}/"
    tag = staff_api.get(path)["ETag"]
    answer = staff_api.patch(path, {"timezone": "Asia/Jakarta"}, format="json", headers={"If-Match": tag})
    assert answer.status_code == 200, answer.json()
    assert answer.json()["timezone"] == "Asia/Jakarta"


def test_staff_suspend_and_activate_by_api(staff_api, user):
    answer = staff_api.post(f"/api/v1/users/{user.uuid}/suspend/", {"reason": "Spam."}, format="json")
    assert answer.status_code == 200, answer.json()
    assert answer.json()["suspended_for"] == "Spam."
    assert staff_api.get("/api/v1/users/", {"is_active": "false"}).json()["results"][0]["email"] == user.email
    assert staff_api.post(f"/api/v1/users/{user.uuid}/activate/").json()["is_active"] is True
    assert staff_api.post(f"/api/v1/users/{user.uuid}/activate/").status_code == 409


def test_staff_without_a_second_factor_may_not(staff, user):
    client = APIClient()
    client.force_login(staff)
    assert client.get("/api/v1/users/").status_code == 403
    assert client.get(f"/api/v1/users/{user.uuid}/").status_code == 404


def test_others_may_not(api, user, stranger):
    assert api.get("/api/v1/users/").status_code == 403
    theirs = f"/api/v1/users/{stranger.uuid}/"
    assert api.get(theirs).status_code == 404
    assert api.patch(theirs, {"name": "Fool"}, format="json").status_code == 404
    assert api.post(f"{theirs}suspend/", {"reason": "Envy."}, format="json").status_code == 404
    assert User.objects.get(pk=stranger.pk).is_active


def test_an_api_key_never_manages_people(staff, user):
    _, secret = create_api_key(workspace_of(staff), name="notebook", actor=staff)
    program = APIClient(headers={"authorization": f"Bearer {secret}"})
    assert program.get("/api/v1/users/").status_code == 403


def test_the_admin_asks_for_a_reason(staff, user):
    staff.is_superuser = True
    staff.save()
    client = Client()
    client.force_login(staff)
    with_second_factor(client, staff)
    page = f"/admin/accounts/user/{user.pk}/suspend/"
    assert client.get(page).status_code == 200
    client.post(page, {"reason": ""})
    assert User.objects.get(pk=user.pk).is_active
    assert client.post(page, {"reason": "Spam."}).status_code == 302
    assert not User.objects.get(pk=user.pk).is_active
