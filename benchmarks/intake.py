"""Alerts per second: the intake against one durable insert per request, in turns; then the intake at half of its rate.

Run by `python -m benchmarks.intake [seconds]`. Both servers are one uvicorn process; the client is this one. It uses
the servers of DATABASE_URL and REDIS_URL, or starts this machine's own; a scratch database is made and dropped.
Exit status 1 on any answer but 202, and where less is stored than was accepted.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections import Counter, defaultdict
from itertools import count

from benchmarks.load import Load, run_load
from benchmarks.measure import goal, heading
from benchmarks.servers import databases, scratch_database, server

ROUNDS = 3
CONNECTIONS = (64, 1000)
RATIO = 1.7
SATURATED_MS = 500.0
HALF_MS = 300.0
BARE, OURS = "one insert per request", "intake"
ALERT = {
    "symbol": "BINANCE:BTCUSDT",
    "timeframe": "60",
    "action": "buy",
    "price": 45000.5,
    "bar_time": "2024-01-15T10:00:00Z",
    "strategy": "UT_Bot",
    "id": "NUMBER",
}


def measure(seconds: float, database_url: str) -> bool:
    """Print every run and the ratios; True when each request was answered by 202."""
    from django.db import connection

    from apps.accounts.models import User
    from apps.accounts.services import ensure_personal_workspace
    from apps.signals.models import Alert, AlertSource
    from apps.signals.services import create_source

    user = User.objects.create_user("bench@example.com")
    source, token = create_source(ensure_personal_workspace(user), name="Bench", actor=user)
    AlertSource.objects.update(alerts_per_minute=2_000_000_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('server_version')")
        fsync, version = cursor.fetchone()
    heading("Alerts to the intake")
    print(f"PostgreSQL {version}, fsync {fsync}; {os.cpu_count()} processors; {seconds:g} s a run")
    # no alert is another's repeat: those of each run have a number of their own
    bodies = (json.dumps(ALERT | {"id": f"{number:04}-NUMBER"}).encode() for number in count())
    ways = {
        BARE: ("benchmarks.bare_insert:application", "/"),
        OURS: ("apps.signals.intake:application", f"/hooks/tradingview/{token}/"),
    }
    loads: defaultdict[tuple[str, int], list[Load]] = defaultdict(list)
    at_half: list[Load] = []
    most = max(CONNECTIONS)

    accepted: Counter[str] = Counter()

    def post(name: str, url: str, connections: int, seconds: float, rate: float | None = None) -> Load:
        load = run_load(url, next(bodies), connections=connections, seconds=seconds, rate=rate)
        accepted[name] += load.statuses.get(202, 0)
        return load

    def run(name: str, url: str, connections: int, rate: float | None = None) -> Load:
        load = post(name, url, connections, seconds, rate)
        said = f"{rate:,.0f}/s asked" if rate else ""
        print(f"{name:24} {connections:5} connections {load} {said}", flush=True)
        return load

    for _ in range(ROUNDS):
        for name, (application, path) in ways.items():
            with server(application, {"DATABASE_URL": database_url}) as url:
                post(name, url + path, 8, 0.5)
                for connections in CONNECTIONS:
                    loads[name, connections].append(run(name, url + path, connections))
                if name == OURS:
                    at_half.append(run(name, url + path, most, loads[name, most][-1].per_second / 2))
    for connections in CONNECTIONS:
        ratio = statistics.median(
            ours.per_second / bare.per_second
            for ours, bare in zip(loads[OURS, connections], loads[BARE, connections], strict=True)
        )
        if connections == most:
            goal(f"rate with {most} connections", ratio, RATIO, " times the bare insert's", at_least=True)
        else:
            print(f"ratio at {connections} connections: {ratio:.2f}")
    goal("p99, saturated", statistics.median(load.p99_ms for load in loads[OURS, most]), SATURATED_MS, " ms")
    goal("p99 at half of that rate", statistics.median(load.p99_ms for load in at_half), HALF_MS, " ms")
    stored = Alert.objects.filter(source=source).count()
    print(f"{stored:,} alerts stored, {accepted[OURS]:,} accepted")
    return stored >= accepted[OURS] and all(
        set(load.statuses) == {202} for each in (*loads.values(), at_half) for load in each
    )


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with databases() as environment:
        os.environ.update(environment)
        import django

        django.setup()
        with scratch_database() as database_url:
            return 0 if measure(seconds, database_url) else 1


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    sys.exit(main())
