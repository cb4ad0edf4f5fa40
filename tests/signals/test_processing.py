"""From stored alerts to signals: once each, whoever runs it and whatever breaks."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection, connections
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.journal.models import Entry
from apps.signals.choices import AlertStatus
from apps.signals.models import Alert, AlertSource, Signal
from apps.signals.services import create_source, process_alerts
from apps.signals.statements import INSERT_ALERTS, alert_row, batch_of


def store(source: AlertSource, **fields: object) -> Alert:
    """Store an alert with the statement the intake uses."""
    body = json.dumps({"symbol": "AAPL", "action": "buy"} | fields).encode()
    row, _ = alert_row(source.pk, body, received_at=timezone.now(), headers={}, remote_ip=None)
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ALERTS, [batch_of([row])])
    return Alert.objects.get(uuid=row.uuid)


@pytest.fixture
def alert_source(user: User, workspace: Workspace) -> AlertSource:
    return create_source(workspace, name="My alerts", actor=user)[0]


def test_alert_becomes_a_signal_with_its_journal_entry(alert_source: AlertSource):
    alert = store(
        alert_source,
        symbol="BINANCE:BTCUSDT",
        timeframe="60",
        price="45000.50",
        bar_time="2024-01-15T10:00:00Z",
        seq=3,
        strategy="UT_Bot",
        extra="kept",
    )
    assert process_alerts() == 1
    signal = Signal.objects.get()
    assert signal.workspace == alert_source.workspace
    assert (signal.exchange, signal.symbol, signal.timeframe) == ("BINANCE", "BTCUSDT", "1h")
    assert signal.price == Decimal("45000.5")
    assert signal.bar_time == datetime(2024, 1, 15, 10, tzinfo=UTC)
    assert (signal.seq, signal.strategy, signal.payload["extra"]) == (3, "UT_Bot", "kept")
    assert signal.received_at == alert.received_at
    alert.refresh_from_db()
    assert alert.status == AlertStatus.PROCESSED
    entry = Entry.objects.get(action="signals.signal.received")
    assert (entry.target_id, entry.workspace_id) == (signal.pk, alert_source.workspace.pk)


def test_processing_again_changes_nothing(alert_source: AlertSource):
    store(alert_source)
    process_alerts()
    assert process_alerts() == 0
    assert Signal.objects.count() == 1


def test_a_poisoned_alert_holds_up_nobody_and_is_given_up(alert_source: AlertSource):
    """A row that violates the signal's own table: its symbol got too long after the intake had checked it."""
    bad = store(alert_source, id="bad")
    good = [store(alert_source, id=number) for number in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE signals_signal ADD CONSTRAINT no_bad CHECK (payload->>'id' <> 'bad')")
    assert process_alerts() == 4
    assert set(Signal.objects.values_list("alert", flat=True)) == {alert.pk for alert in good}
    for _ in range(4):
        assert process_alerts() == 1
    bad.refresh_from_db()
    assert (bad.status, bad.attempts, bad.problem["code"]) == ("failed", 5, "processing_failed")
    assert process_alerts() == 0


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_make_each_signal_once(user: User, workspace: Workspace):
    alert_source = create_source(workspace, name="My alerts", actor=user)[0]
    for number in range(100):
        store(alert_source, id=number)

    def work() -> int:
        try:
            done = 0
            while count := process_alerts(batch=7):
                done += count
            return done
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        counts = [future.result() for future in [pool.submit(work) for _ in range(4)]]
    process_alerts()
    assert sum(counts) == 100
    assert Signal.objects.count() == 100
    assert Entry.objects.filter(action="signals.signal.received").count() == 100


def test_an_alert_of_older_rules_goes_to_review(alert_source: AlertSource):
    alert = store(alert_source)
    Alert.objects.filter(pk=alert.pk).update(body=b'{"symbol": "AAPL"}')
    assert process_alerts() == 1
    alert.refresh_from_db()
    assert (alert.status, alert.problem["errors"][0]["field"]) == ("rejected", "action")
    assert Signal.objects.count() == 0
