"""Signals with alarms, and messages that go out for real to loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.billing.choices import BucketSource
from apps.billing.services.credits import grant_credits, verify_credits
from apps.signals.models import Alarm, AlertSource, Signal
from apps.signals.services import create_alarm, create_source, match_signals, process_alerts
from apps.signals.statements import INSERT_ALERTS, alert_row, batch_of
from tests.notifications.conftest import live, provider  # noqa: F401

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def going_out(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("live")


@pytest.fixture
def source(db: None, user: User, workspace: Workspace) -> AlertSource:
    return create_source(workspace, name="My alerts", actor=user)[0]


@pytest.fixture
def credits(workspace: Workspace) -> Iterator[None]:
    """100 credits in the user's workspace; at the end the ledger is whole."""
    give(workspace, 100)
    yield
    assert verify_credits().faults == []


def give(workspace: Workspace, amount: int) -> None:
    key = f"test:{workspace.pk}:{amount}"
    grant_credits(workspace, amount, key=key, source=BucketSource.PURCHASED, actor=None)


@pytest.fixture
def alarm(user: User, workspace: Workspace) -> Callable[..., Alarm]:
    """Make an alarm, as old as the hills."""

    def make(*, person: User = user, in_workspace: Workspace = workspace, **values: Any) -> Alarm:
        made = create_alarm(in_workspace, {"name": "Mine", **values}, person=person)
        Alarm.objects.filter(pk=made.pk).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
        return made

    return make


def store_alert(
    source: AlertSource, body: bytes, *, at: datetime | None = None, is_test: bool = False
) -> None:
    """As the intake stores it."""
    at = at or timezone.now()
    row, refusal = alert_row(source.pk, body, received_at=at, headers={}, remote_ip=None, is_test=is_test)
    assert refusal is None, refusal
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ALERTS, [batch_of([row])])


@pytest.fixture
def receive(source: AlertSource) -> Callable[..., Signal]:
    """A signal of the source, matched with its alarms."""

    import json

    def take(at: datetime | None = None, *, is_test: bool = False, **fields: Any) -> Signal:
        body = {"symbol": "BTCUSDT", "action": "buy", "timeframe": "60", "price": "45000.5", **fields}
        body.setdefault("id", f"{Signal.objects.count()}")
        store_alert(source, json.dumps(body).encode(), at=at, is_test=is_test)
        process_alerts()
        while match_signals():
            pass
        return Signal.objects.latest("id")

    return take
