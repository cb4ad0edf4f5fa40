"""Staff stop the whole platform in the admin: with a reason, after a fresh proof, written down; and let it go on."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from apps.journal.models import Entry
from apps.trading.models import KillSwitch
from apps.trading.services import throw_switch
from tests.factories import UserFactory, with_second_factor

STOP = "/admin/trading/killswitch/stop-platform/"


@pytest.fixture
def staff(db):
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def desk(staff):
    client = Client()
    client.force_login(staff)
    with_second_factor(client, staff)
    return client


def confirmed_at(client, moment):
    session = client.session
    session["confirmed_at"] = moment
    session.save()


def test_the_platform_is_stopped_with_a_reason_after_a_fresh_proof(desk, staff):
    confirmed_at(desk, 0)
    assert desk.post(STOP, {"reason": "Prices are wrong"})["Location"].startswith("/settings/confirm/")
    confirmed_at(desk, time.time())
    assert desk.post(STOP, {"reason": ""}).status_code == 200
    assert not KillSwitch.objects.exists()
    assert desk.post(STOP, {"reason": "Prices are wrong"}).status_code == 302
    switch = KillSwitch.objects.get()
    assert (switch.scope, switch.workspace, switch.actor) == ("platform", None, staff)
    assert Entry.objects.get(action="trading.kill_switch.thrown").changes["reason"] == "Prices are wrong"
    page = f"/admin/trading/killswitch/{switch.pk}/lift/"
    confirmed_at(desk, 0)
    assert desk.post(page)["Location"].startswith("/settings/confirm/")
    confirmed_at(desk, time.time())
    assert "Lift" in desk.get(page).content.decode()
    desk.post(page)
    switch.refresh_from_db()
    assert switch.lifted_by == staff
    assert Entry.objects.filter(action="trading.kill_switch.lifted", actor_id=staff.pk).count() == 1


def test_a_workspace_lifts_its_own(desk, workspace, user):
    confirmed_at(desk, time.time())
    switch = throw_switch(scope="workspace", reason="Ours", workspace=workspace, actor=user)
    desk.post(f"/admin/trading/killswitch/{switch.pk}/lift/")
    switch.refresh_from_db()
    assert switch.lifted_at is None


def test_staff_without_the_permission_may_not(db):
    person = UserFactory(is_staff=True)
    client = Client()
    client.force_login(person)
    with_second_factor(client, person)
    confirmed_at(client, time.time())
    assert client.post(STOP, {"reason": "x"}).status_code in (302, 403)
    assert not KillSwitch.objects.exists()
