"""Sources: their secret is told once, every change leaves an entry, and the test button is the real door."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.journal.models import Entry
from apps.signals.errors import SourceInactive
from apps.signals.models import Alert, AlertSource, Signal
from apps.signals.services import (
    create_source,
    process_alerts,
    rename_source,
    rotate_token,
    send_test_alert,
    set_source_active,
)


@pytest.fixture
def made(user: User, workspace: Workspace) -> tuple[AlertSource, str]:
    return create_source(workspace, name="My alerts", actor=user)


def test_token_is_kept_as_its_hash_only(made: tuple[AlertSource, str]):
    source, token = made
    assert len(token) >= 22  # 128 bits need 22 characters of base64
    assert source.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert source.token_prefix == token[:6]
    entry = Entry.objects.get(action="signals.source.created")
    assert token not in str(entry.changes)


def test_rotation_keeps_the_present_token_for_the_overlap(made: tuple[AlertSource, str], user: User):
    source, old = made
    new = rotate_token(source, actor=user, overlap=timedelta(hours=1))
    source.refresh_from_db()
    assert new != old
    assert source.token_hash == hashlib.sha256(new.encode()).hexdigest()
    assert source.previous_token_hash == hashlib.sha256(old.encode()).hexdigest()
    left = source.previous_token_expires_at - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert Entry.objects.filter(action="signals.source.token_rotated").count() == 1


def test_changes_are_recorded_once(made: tuple[AlertSource, str], user: User):
    source, _ = made
    set_source_active(source, active=False, actor=user)
    set_source_active(source, active=False, actor=user)
    rename_source(source, name="Other", actor=user)
    rename_source(source, name="Other", actor=user)
    actions = Entry.objects.filter(target_type="signals.alertsource").order_by("id")
    assert [entry.action for entry in actions] == [
        "signals.source.created",
        "signals.source.deactivated",
        "signals.source.renamed",
    ]


def test_test_button_stores_an_alert_that_becomes_a_marked_signal(made: tuple[AlertSource, str], user: User):
    first = send_test_alert(made[0], actor=user)
    second = send_test_alert(made[0], actor=user)
    assert {alert.uuid for alert in Alert.objects.all()} == {first, second}
    assert process_alerts() == 2
    assert all(signal.is_test for signal in Signal.objects.all())


def test_a_source_that_is_off_cannot_be_tested(made: tuple[AlertSource, str], user: User):
    source = set_source_active(made[0], active=False, actor=user)
    with pytest.raises(SourceInactive):
        send_test_alert(source, actor=user)
    assert Alert.objects.count() == 0
