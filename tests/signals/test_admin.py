"""Staff read everything and change one thing: a source's limit, with its journal entry."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User, Workspace
from apps.journal.models import Entry
from apps.signals.models import Alert, AlertSource, Signal
from apps.signals.services import create_source, process_alerts
from tests.factories import UserFactory, with_second_factor
from tests.signals.test_processing import store


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    person = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(person)
    return with_second_factor(client, person)


@pytest.fixture
def alert_source(user: User, workspace: Workspace) -> AlertSource:
    source = create_source(workspace, name="My alerts", actor=user)[0]
    store(source, note="look here")
    process_alerts()
    return source


@pytest.mark.parametrize("model", ["alertsource", "alert", "signal", "securityevent"])
def test_lists_open(staff: Client, alert_source: AlertSource, model: str):
    assert staff.get(reverse(f"admin:signals_{model}_changelist"), {"q": "My"}).status_code == 200


def test_raw_request_is_shown_and_cannot_be_changed(staff: Client, alert_source: AlertSource):
    alert = Alert.objects.get()
    where = reverse("admin:signals_alert_change", args=[alert.pk])
    assert "look here" in staff.get(where).content.decode()
    assert staff.post(where, {"status": "failed"}).status_code == 403
    assert (
        staff.get(reverse("admin:signals_signal_change", args=[Signal.objects.get().pk])).status_code == 200
    )


def test_a_changed_limit_leaves_an_entry_and_the_token_stays_unseen(staff: Client, alert_source: AlertSource):
    where = reverse("admin:signals_alertsource_change", args=[alert_source.pk])
    assert alert_source.token_hash not in staff.get(where).content.decode()
    assert staff.post(where, {"alerts_per_minute": "60", "name": "Hacked"}).status_code == 302
    alert_source.refresh_from_db()
    assert (alert_source.alerts_per_minute, alert_source.name) == (60, "My alerts")
    entry = Entry.objects.get(action="signals.source.limit_changed")
    assert entry.changes == {"alerts_per_minute": [12000, 60]}
