"""What staff change by hand: in the journal with before and after, and never a way into somebody's account."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.forms import inlineformset_factory, modelform_factory
from django.test import Client

from apps.accounts.models import ApiKey, Membership, User, Workspace
from apps.accounts.services import create_team
from apps.accounts.staff_journal import changes_of
from apps.billing.models import Plan, PlanLimit
from apps.journal.models import Entry
from apps.markets.models import Instrument
from tests.factories import UserFactory, with_second_factor, workspace_of


def staff_client(**rights: bool) -> tuple[User, Client]:
    person = UserFactory(is_staff=True, **rights)
    workspace_of(person)
    client = Client()
    client.force_login(person)
    return person, with_second_factor(client, person)


@pytest.fixture
def boss(db) -> tuple[User, Client]:
    return staff_client(is_superuser=True)


def profile(user: User, **changes: object) -> dict[str, object]:
    return {"name": user.name, "language": user.language, "timezone": user.timezone, "locale": user.locale, "base_currency": user.base_currency} | changes  # fmt: skip


def test_a_change_of_a_person_is_recorded_with_before_and_after(boss, user):
    staff, client = boss
    before = user.name
    answer = client.post(
        f"/admin/accounts/user/{user.pk}/change/", profile(user, name="Another name", is_staff="on")
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    entry = Entry.objects.get(action="accounts.user.changed_by_staff")
    assert (entry.actor_id, entry.target_id, entry.via) == (staff.pk, user.pk, "admin")
    assert entry.personal["target"]["changes"] == {
        "name": [before, "Another name"],
        "is_staff": [False, True],
    }


def test_rows_in_an_objects_page_are_recorded_too(db):
    plan = Plan.objects.get(code="free")
    limit = plan.limits.get(meter="api_requests")
    form = modelform_factory(Plan, fields=["name"])({"name": plan.name}, instance=plan)
    table = inlineformset_factory(Plan, PlanLimit, fields=["meter", "amount", "period"], extra=0)
    sent = {"limits-TOTAL_FORMS": "1", "limits-INITIAL_FORMS": "1", "limits-0-id": limit.pk,
            "limits-0-plan": plan.pk, "limits-0-meter": limit.meter, "limits-0-amount": "7",
            "limits-0-period": limit.period}  # fmt: skip
    rows = table(sent, instance=plan, queryset=plan.limits.filter(pk=limit.pk))
    assert form.is_valid()
    assert rows.is_valid(), rows.errors
    (row,) = changes_of(form, [rows]).values()
    assert row == {"amount": [limit.amount, 7]}


def test_what_is_deleted_is_recorded_in_its_workspace(boss, user):
    staff, client = boss
    workspace = workspace_of(user)
    instrument = Instrument.objects.create(workspace=workspace, symbol="MINE", name="Mine")
    assert (
        client.post(f"/admin/markets/instrument/{instrument.pk}/delete/", {"post": "yes"}).status_code == 302
    )
    entry = Entry.objects.get(action="markets.instrument.deleted_by_staff")
    assert (entry.workspace_id, entry.actor_id, entry.target_id) == (workspace.pk, staff.pk, instrument.pk)
    page = client.get("/admin/markets/instrument/")
    assert b"delete_selected" not in page.content


def test_nobody_sets_anothers_password_or_address_or_deletes_an_account(boss, user):
    _, client = boss
    address, password = user.email, user.password
    new = {"password1": "another-horse-battery", "password2": "another-horse-battery", "usable_password": "true"}  # fmt: skip
    assert client.post(f"/admin/accounts/user/{user.pk}/password/", new).status_code == 403
    client.post(
        f"/admin/accounts/user/{user.pk}/change/", profile(user, email="mine@example.com", password="x")
    )
    assert client.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403
    user.refresh_from_db()
    assert (user.email, user.password) == (address, password)


def test_only_a_superuser_gives_power(db, user):
    staff, client = staff_client()
    staff.user_permissions.add(*Permission.objects.filter(codename__in=("change_user", "view_user")))
    Group.objects.create(name="Support")
    powers = {"is_staff": "on", "is_superuser": "on", "groups": [Group.objects.get().pk]}
    assert (
        client.post(f"/admin/accounts/user/{staff.pk}/change/", profile(staff, **powers)).status_code == 302
    )
    staff.refresh_from_db()
    assert not staff.is_superuser
    assert not staff.groups.exists()


def test_workspaces_memberships_and_keys_are_looked_at_only(boss, user):
    _, client = boss
    workspace_of(user)
    team = create_team(name="Team", actor=user)
    key = ApiKey.objects.create(workspace=team, user=user, name="Bot", prefix="cw_abc", secret_hash="0" * 64)
    rows = {"name": "Mine", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    for page in (f"workspace/{team.pk}", f"apikey/{key.pk}"):
        assert client.get(f"/admin/accounts/{page}/change/").status_code == 200
        assert client.post(f"/admin/accounts/{page}/change/", rows).status_code == 403
        assert client.post(f"/admin/accounts/{page}/delete/", {"post": "yes"}).status_code == 403
    assert Workspace.objects.get(pk=team.pk).name == "Team"
    assert Membership.objects.get(workspace=team).user == user
    assert ApiKey.objects.get().name == "Bot"


def test_a_service_that_records_by_itself_is_not_recorded_twice(boss, user):
    _, client = boss
    workspace = workspace_of(user)
    page = f"/admin/billing/workspaceplan/{workspace.pk}/change/"
    assert client.post(page, {"plan_code": "pro"}).status_code == 302
    found = Entry.objects.filter(workspace_id=workspace.pk, action__startswith="billing.plan")
    assert [entry.action for entry in found] == ["billing.plan.changed"]


def test_the_admin_has_the_sites_policy_but_for_its_scripts(boss):
    _, client = boss
    policy = client.get("/admin/").headers["Content-Security-Policy"]
    for directive in (
        "default-src 'self'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
        "connect-src 'self'",
    ):
        assert directive in policy
    assert "script-src" not in client.get("/dashboard/").headers["Content-Security-Policy"]
