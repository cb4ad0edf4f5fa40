"""Staff see what a person sees: reading only, not secrets, for 15 minutes, and in the journal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from apps.accounts.errors import ImpersonationRefused
from apps.accounts.models import Impersonation, User
from apps.accounts.services import end_expired_impersonations, start_impersonation
from apps.accounts.services.second_factors import reset_second_factors
from apps.formulas.models import Formula
from apps.formulas.services import create_formula
from apps.journal.models import Entry
from tests.factories import CROSS, UserFactory, with_second_factor, workspace_of

WHERE = "/admin/accounts/user/{pk}/look-as/"


@pytest.fixture
def staff(db) -> User:
    person = UserFactory(is_staff=True, is_superuser=True)
    workspace_of(person)
    return person


@pytest.fixture
def looking(staff, user, workspace) -> Client:
    create_formula(workspace, name="Secret sauce", text=CROSS, actor=user)
    client = Client()
    client.force_login(staff)
    with_second_factor(client, staff)
    answer = client.post(WHERE.format(pk=user.pk), {"reason": "Ticket 17"})
    assert (answer.status_code, answer.url) == (302, "/dashboard/")
    return client


def actions(**which) -> list[str]:
    found = Entry.objects.filter(action__startswith="accounts.impersonation", **which).order_by("id")
    return list(found.values_list("action", flat=True))


def test_staff_see_the_persons_pages_and_are_told_so(looking, user):
    page = looking.get("/formulas/").content.decode()
    assert "Secret sauce" in page
    assert f"You look as <strong>{user.email}</strong>" in page


@pytest.mark.parametrize(
    "path",
    [
        "/settings/",
        "/settings/api-keys/",
        "/accounts/email/",
        "/signals/sources/",
        "/admin/",
        "/api/v1/users/me/",
    ],
)
def test_secrets_and_the_api_are_hidden(looking, path):
    assert looking.get(path).status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_changed(looking, method):
    assert getattr(looking, method)("/formulas/new/", {"name": "Mine", "text": CROSS}).status_code == 403
    assert list(Formula.objects.values_list("name", flat=True)) == ["Secret sauce"]


def test_start_and_stop_are_in_both_journals(looking, staff, user, workspace):
    answer = looking.post("/settings/impersonation/stop/")
    assert answer.status_code == 302
    assert "Secret sauce" not in looking.get("/formulas/").content.decode()
    both = ["accounts.impersonation.started", "accounts.impersonation.stopped"]
    assert actions(workspace_id=workspace.pk, actor_id=staff.pk) == both
    assert actions(workspace_id=None, target_id=user.pk) == both


def test_after_fifteen_minutes_it_is_over(looking, workspace):
    look = Impersonation.objects.get()
    assert look.until - look.created_at == pytest.approx(timedelta(minutes=15), abs=timedelta(seconds=30))
    Impersonation.objects.update(until=timezone.now())
    assert looking.get("/formulas/").status_code == 302
    assert "Secret sauce" not in looking.get("/formulas/").content.decode()
    assert actions(workspace_id=workspace.pk)[-1] == "accounts.impersonation.expired"


def test_an_expired_look_is_written_down_without_a_request(looking, workspace):
    Impersonation.objects.update(until=timezone.now())
    assert end_expired_impersonations() == 1
    assert end_expired_impersonations() == 0
    assert actions(workspace_id=workspace.pk)[-1] == "accounts.impersonation.expired"


def test_nobody_looks_as_staff_without_a_reason_or_twice(staff, user, stranger):
    other = UserFactory(is_staff=True)
    for person, reason in ((other, "Ticket 17"), (user, " ")):
        with pytest.raises(ImpersonationRefused):
            start_impersonation(person, reason=reason, actor=staff)
    start_impersonation(user, reason="Ticket 17", actor=staff)
    with pytest.raises(ImpersonationRefused):
        start_impersonation(stranger, reason="Ticket 18", actor=staff)


def test_it_needs_its_own_permission(user):
    manager = UserFactory(is_staff=True)
    manager.user_permissions.add(Permission.objects.get(codename="can_manage_users"))
    with pytest.raises(ImpersonationRefused):
        start_impersonation(user, reason="Ticket 17", actor=User.objects.get(pk=manager.pk))


@pytest.mark.parametrize(
    "less",
    [{"is_superuser": False}, {"is_staff": False}],
    ids=["without the permission", "no longer staff"],
)
def test_staff_who_lose_the_permission_see_nothing_more(looking, staff, workspace, less):
    User.objects.filter(pk=staff.pk).update(**less)
    assert looking.get("/formulas/").status_code == 302
    assert "Secret sauce" not in looking.get("/formulas/").content.decode()
    last = Entry.objects.filter(action__startswith="accounts.impersonation").latest("id")
    assert last.action == "accounts.impersonation.stopped"
    assert last.personal["target"]["changes"] == {"reason": "the permission to look as others ended"}


def test_staff_whose_factor_is_gone_see_nothing_more(looking, staff):
    reset_second_factors(staff, reason="Lost", actor=staff)
    assert looking.get("/formulas/").status_code == 302
    assert Impersonation.objects.get().ended_at is not None


def test_whoever_becomes_staff_ends_the_look(looking, user):
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert looking.get("/formulas/").status_code == 302
    assert "Secret sauce" not in looking.get("/formulas/").content.decode()
