"""Workspaces and plans that ask for second factors; the admin, which always does; staff's help for the locked out."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import BackupCode, TotpDevice, Workspace
from apps.accounts.second_factor import open_to
from apps.accounts.selectors import workspaces_of
from apps.accounts.services import create_api_key
from apps.accounts.services.second_factors import MfaSource, reset_second_factors, set_mfa_requirement
from apps.billing.models import Plan
from apps.billing.services import change_plan
from apps.journal.models import Entry
from tests.accounts.second_factors.conftest import STEP, code_of, enrol, give_password, is_in
from tests.factories import UserFactory, with_second_factor, workspace_of


def ask(workspace: Workspace, *, days: int, source: MfaSource = MfaSource.OWN) -> None:
    set_mfa_requirement(workspace, source=source, starts=timezone.now() + timedelta(days=days), actor=None)


def test_until_the_day_there_is_a_notice(web, workspace):
    ask(workspace, days=7)
    page = web.get("/formulas/")
    assert page.status_code == 200
    assert f"needed from {workspace.mfa_required_from:%-d %B %Y}" in page.content.decode()


def test_far_off_days_are_not_told_yet(web, workspace):
    ask(workspace, days=400)
    assert "second factor is needed" not in web.get("/formulas/").content.decode()


def test_after_the_day_pages_lead_to_setting_one_up(web, workspace):
    ask(workspace, days=-1)
    for path in ("/formulas/", "/formulas/new/", "/backtests/", "/signals/", "/settings/workspace/api-keys/"):
        assert web.get(path)["Location"].startswith("/settings/security/"), path
    page = web.get("/settings/security/").content.decode()
    assert "Set one up to go on working" in page
    assert web.get("/settings/").status_code == 200, "one's own pages stay open"


def test_after_the_day_the_api_refuses_sessions_and_keys(web, workspace, user):
    _, secret = create_api_key(workspace, name="notebook", actor=user)
    ask(workspace, days=-1)
    key = {"Authorization": f"Bearer {secret}"}
    for answer in (web.get("/api/v1/formulas/"), Client().get("/api/v1/formulas/", headers=key)):
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")
    assert not open_to(workspaces_of(user), user, web.session).exists()


def test_with_a_factor_one_goes_on(web, workspace, user):
    ask(workspace, days=-1)
    with_second_factor(web, user)
    assert web.get("/formulas/").status_code == 200
    assert web.get("/api/v1/formulas/").status_code == 200


def test_other_workspaces_do_not_ask(workspace, stranger):
    ask(workspace, days=-1)
    client = Client()
    client.force_login(stranger)
    assert client.get("/formulas/").status_code == 200


def test_the_earlier_of_owner_and_plan_counts(workspace):
    ask(workspace, days=9, source=MfaSource.PLAN)
    ask(workspace, days=3)
    assert workspace.mfa_required_from == workspace.own_mfa_from
    set_mfa_requirement(workspace, source=MfaSource.OWN, starts=None, actor=None)
    assert workspace.mfa_required_from == workspace.plan_mfa_from
    assert Entry.objects.filter(action__startswith="accounts.workspace.second_factor_").count() == 3


def test_owner_switches_it_on_and_sees_who_lacks_one(web, workspace, user):
    page = web.get("/settings/workspace/second-factor/").content.decode()
    assert user.email in page
    refused = web.post("/settings/workspace/second-factor/", {"starts": 0}).content.decode()
    assert "of your own first" in refused
    workspace.refresh_from_db()
    assert workspace.own_mfa_from is None
    web.post("/settings/workspace/second-factor/", {"starts": 7})
    workspace.refresh_from_db()
    assert timedelta(days=6) < workspace.own_mfa_from - timezone.now() < timedelta(days=8)
    web.post("/settings/workspace/second-factor/", {"waive": "1"})
    workspace.refresh_from_db()
    assert workspace.own_mfa_from is None


def test_switching_it_needs_a_fresh_proof(web, workspace):
    session = web.session
    session["confirmed_at"] = time.time() - 3600
    session.save()
    answer = web.post("/settings/workspace/second-factor/", {"starts": 7})
    assert answer["Location"].startswith("/settings/confirm/")
    workspace.refresh_from_db()
    assert workspace.own_mfa_from is None


@pytest.mark.parametrize("role", ["trader", "analyst", "viewer"])
def test_other_roles_do_not_switch_it(workspace, role):
    member = UserFactory()
    workspace.memberships.create(user=member, role=role)
    client = Client()
    client.force_login(member)
    session = client.session
    session["workspace_id"] = workspace.pk
    session.save()
    assert client.post("/settings/workspace/second-factor/", {"starts": 7}).status_code == 403


def test_pro_and_enterprise_ask_after_14_days(db):
    assert set(Plan.objects.filter(requires_mfa=True).values_list("code", flat=True)) == {"pro", "enterprise"}
    workspace = workspace_of(UserFactory())
    change_plan(workspace, "pro", actor=None)
    assert timedelta(days=13) < workspace.plan_mfa_from - timezone.now() < timedelta(days=14)
    began = workspace.plan_mfa_from
    change_plan(workspace, "enterprise", actor=None)
    assert workspace.plan_mfa_from == began, "another plan does not start the 14 days again"
    change_plan(workspace, "free", actor=None)
    assert workspace.plan_mfa_from is None
    assert Entry.objects.filter(action="billing.plan.changed").count() == 3


def test_changing_to_the_same_plan_changes_nothing(db):
    workspace = workspace_of(UserFactory())
    far = datetime(2100, 1, 1, tzinfo=UTC)
    for _ in range(2):
        change_plan(workspace, "pro", actor=None, mfa_from=far)
    assert workspace.plan_mfa_from == far
    assert Entry.objects.filter(action="billing.plan.changed").count() == 1


@pytest.fixture
def staff(db):
    person = UserFactory(is_staff=True, is_superuser=True)
    workspace_of(person)
    return person


def test_admin_leads_staff_to_setting_up_then_in(staff):
    client = give_password(staff)
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/settings/security/?next=%2Fadmin%2F"
    device = enrol(staff)
    asked = client.get("/admin/login/?next=/admin/")["Location"]
    assert asked == f"{STEP}?next=%2Fadmin%2F"
    assert client.post(asked, {"code": code_of(device)})["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_setting_up_for_the_admin_ends_there(staff):
    client = give_password(staff)
    client.get(client.get("/admin/login/?next=/admin/")["Location"])
    client.get("/settings/security/app/")
    device = staff.totpdevice_set.get()
    codes = client.post("/settings/security/app/", {"code": code_of(device)}, follow=True).content.decode()
    assert '<a href="/admin/" class="btn btn-primary ' in codes, "after the backup codes were kept"
    assert client.get("/admin/").status_code == 200
    later = client.post("/settings/security/backup-codes/", follow=True).content.decode()
    assert '<a href="/settings/security/" class="btn btn-primary ' in later, "the wish is used up"


def test_admin_takes_no_password_and_no_trust(staff):
    device = enrol(staff)
    client = Client()
    assert client.post("/admin/login/", {"username": staff.email, "password": "correct-horse-battery"})[
        "Location"
    ].startswith("/accounts/login/")
    give_password(staff, client)
    client.post(STEP, {"code": code_of(device), "trust": "on"})
    client.post(reverse("account_logout"))
    give_password(staff, client)
    assert is_in(client)
    assert client.get("/admin/").status_code == 302, (
        "a trusted browser has not shown the factor in this session"
    )


def test_admin_is_closed_to_others(web, user):
    with_second_factor(web, user)
    assert web.get("/admin/").status_code == 302
    assert web.get("/admin/login/").status_code == 403


def test_staff_reset_leaves_its_reason_and_the_password(staff, person, codes):
    reset_second_factors(person, reason="Passport shown on the phone", actor=staff)
    person.refresh_from_db()
    assert person.second_factors_at is None
    assert not TotpDevice.objects.filter(user=person).exists()
    assert not BackupCode.objects.exists()
    entry = Entry.objects.get(action="accounts.second_factor.reset")
    assert (entry.target_id, entry.actor_id) == (person.pk, staff.pk)
    assert entry.changes["reason"] == "Passport shown on the phone"
    assert is_in(give_password(person))


def test_reset_in_the_admin_asks_for_the_reason_and_a_fresh_proof(staff, person, totp):
    client = with_second_factor(give_password(staff), staff)
    page = f"/admin/accounts/user/{person.pk}/reset-factors/"
    client.post(page, {"reason": ""})
    assert TotpDevice.objects.filter(user=person).exists()
    session = client.session
    session["confirmed_at"] = 0
    session.save()
    assert client.post(page, {"reason": "x"})["Location"].startswith("/settings/confirm/")
    session["confirmed_at"] = time.time()
    session.save()
    assert client.post(page, {"reason": "Called back"}).status_code == 302
    assert not TotpDevice.objects.filter(user=person).exists()
