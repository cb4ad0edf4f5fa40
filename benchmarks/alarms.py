"""One signal that 10,000 alarms take, from matching to queued messages, against a bare INSERT … SELECT of its rows."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

ALARMS = 10_000
FEW = 10
ROUNDS = 5

# What a signal with its alarms leaves behind. `{0}` is its id.
WRITTEN = {
    "billing_ledgertransaction": "key IN (SELECT key FROM signals_firing WHERE signal_id = {0})",
    "billing_ledgerentry": "transaction_id IN (SELECT t.id FROM billing_ledgertransaction AS t"
    " JOIN signals_firing AS f USING (key) WHERE f.signal_id = {0})",
    "notifications_notice": "key IN (SELECT key FROM signals_firing WHERE signal_id = {0})",
    "notifications_delivery": "notice_id IN (SELECT n.id FROM notifications_notice AS n"
    " JOIN signals_firing AS f USING (key) WHERE f.signal_id = {0})",
    "signals_firing": "signal_id = {0}",
}


class Crowd:
    """A workspace in which each of many members has an alarm by inbox and e-mail on one source."""

    def __init__(self, name: str, alarms: int) -> None:
        from allauth.account.models import EmailAddress

        from apps.accounts.models import Membership, User
        from apps.accounts.services import ensure_personal_workspace
        from apps.billing.choices import BucketSource
        from apps.billing.services.credits import grant_credits
        from apps.signals.models import Alarm
        from apps.signals.services import create_source

        owner = User.objects.create_user(f"{name}@bench.example")
        workspace = ensure_personal_workspace(owner)
        people = User.objects.bulk_create(User(email=f"{name}{n}@bench.example") for n in range(alarms))
        EmailAddress.objects.bulk_create(
            EmailAddress(user=one, email=one.email, verified=True, primary=True) for one in people
        )
        Membership.objects.bulk_create(
            Membership(workspace=workspace, user=one, role="viewer") for one in people
        )
        self.source, _ = create_source(workspace, name="Bench", actor=owner)
        Alarm.objects.bulk_create(
            Alarm(workspace=workspace, person=one, name="Bench", source=self.source, channels=["email"])
            for one in people
        )
        Alarm.objects.update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
        grant_credits(workspace, 10**9, key=name, source=BucketSource.PURCHASED, actor=None)
        self.alarms = alarms
        self.number = 0

    def receive(self) -> int:
        """Store an alert and make a signal of it; returns the signal's id."""
        from django.db import connection
        from django.utils import timezone

        from apps.signals.models import Signal
        from apps.signals.services import process_alerts
        from apps.signals.statements import INSERT_ALERTS, alert_row, batch_of

        self.number += 1
        body = {"symbol": "BTCUSDT", "action": "buy", "price": 45000.5, "id": str(self.number)}
        row, _ = alert_row(
            self.source.pk,
            json.dumps(body).encode(),
            received_at=timezone.now(),
            headers={},
            remote_ip=None,
            is_test=False,
        )
        with connection.cursor() as cursor:
            cursor.execute(INSERT_ALERTS, [batch_of([row])])
        process_alerts()
        return int(Signal.objects.latest("id").pk)


def statements_of(crowd: Crowd) -> int:
    """How many statements it takes to match one signal."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from apps.signals.services import match_signals

    crowd.receive()
    with CaptureQueriesContext(connection) as captured:
        match_signals()
    return len(captured)


def measure_alarms(alarms: int = ALARMS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Median seconds of matching and of the bare insert, rows per signal, statements with few and with all alarms.

    Each way is one transaction that commits. Needs a migrated database of its own (`benchmarks.servers`).
    """
    from django.db import connection, transaction

    from apps.signals.models import Firing
    from apps.signals.services import match_signals
    from benchmarks.measure import medians

    few, many = Crowd("few", FEW), Crowd("many", alarms)
    statements = (statements_of(few), statements_of(many))
    with connection.cursor() as cursor:
        for table in WRITTEN:
            cursor.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING INDEXES)")
            cursor.execute(f"CREATE TEMPORARY TABLE stage_{table} (LIKE {table})")
        cursor.execute("VACUUM ANALYZE")

    def prepare() -> float:
        """The next signal; what the one before wrote is laid ready for the bare insert."""
        with transaction.atomic(), connection.cursor() as cursor:
            for table, where in WRITTEN.items():
                cursor.execute(f"TRUNCATE stage_{table}")
                cursor.execute(
                    f"INSERT INTO stage_{table} SELECT * FROM {table} WHERE {where.format(last)}"  # noqa: S608
                )
        return 0.0

    last = int(Firing.objects.latest("id").signal_id)
    rows = 0

    def bare() -> None:
        nonlocal rows
        rows = 0
        with transaction.atomic(), connection.cursor() as cursor:
            for table in WRITTEN:
                cursor.execute(f"INSERT INTO bench_{table} SELECT * FROM stage_{table}")  # noqa: S608
                rows += cursor.rowcount

    def receive() -> float:
        nonlocal last
        prepare()
        last = many.receive()
        return 0.0

    def match() -> None:
        match_signals()

    took = medians({"receive": receive, "match_signals": match, "bare INSERT … SELECT": bare}, rounds)
    fired = Firing.objects.filter(signal=last, state="queued").count()
    return {"seconds": took, "rows": rows, "fired": fired, "statements": statements}


def measure() -> None:
    """Print the times and the goals. Starts servers if none are configured; works in a scratch database."""
    from benchmarks.measure import goal, heading
    from benchmarks.servers import databases, scratch_database

    heading(f"One signal, {ALARMS:,} alarms: matched, credits held, messages queued")
    with databases() as environment:
        os.environ.update(environment)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        import django

        django.setup()
        with scratch_database():
            found = measure_alarms()
    took = found["seconds"]
    print(f"{found['fired']:,} alarms fired, {found['rows']:,} rows")
    for name in ("match_signals", "bare INSERT … SELECT"):
        print(f"{name:22}  {1e3 * took[name]:7.0f} ms")
    few, many = found["statements"]
    print(f"statements: {few} with {FEW} alarms, {many} with {ALARMS:,}")
    goal("statements more with all alarms than with few", many - few, 0)
    ratio = took["match_signals"] / took["bare INSERT … SELECT"]
    goal("match_signals against the bare insert", ratio, 3, " times its time")
    goal("match_signals", took["match_signals"], 1, " s")


if __name__ == "__main__":
    measure()
