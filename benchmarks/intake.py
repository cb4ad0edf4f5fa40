"""Alerts per second: the intake against one durable insert per request, in turns, on the database of DATABASE_URL.

Run by `python -m benchmarks.intake [seconds]`. Both servers are one uvicorn process; the client is this one.
A scratch database is made beside the configured one and dropped. Exit status 1 on any answer but 202.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict

import django

from benchmarks.load import run_load
from benchmarks.servers import scratch_database, server

ROUNDS = 2
CONNECTIONS = (64, 1000)
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
    print(f"PostgreSQL {version}, fsync {fsync}; {os.cpu_count()} processors; {seconds:g} s a run")
    body = json.dumps(ALERT).encode()
    ways = {
        "one insert per request": ("benchmarks.bare_insert:application", "/"),
        "intake": ("apps.signals.intake:application", f"/hooks/tradingview/{token}/"),
    }
    rates: defaultdict[tuple[str, int], float] = defaultdict(float)
    clean = True
    for _ in range(ROUNDS):
        for name, (application, path) in ways.items():
            with server(application, {"DATABASE_URL": database_url}) as url:
                run_load(url + path, body, connections=8, seconds=0.5)
                for connections in CONNECTIONS:
                    load = run_load(url + path, body, connections=connections, seconds=seconds)
                    print(f"{name:24} {connections:5} connections {load}", flush=True)
                    clean &= set(load.statuses) == {202}
                    rates[name, connections] += load.per_second
    for connections in CONNECTIONS:
        bare, gathered = (rates[name, connections] for name in ways)
        print(f"ratio at {connections} connections: {gathered / bare:.2f}")
    print(f"{Alert.objects.filter(source=source).count()} alerts stored")
    return clean


def main() -> int:
    django.setup()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with scratch_database() as database_url:
        return 0 if measure(seconds, database_url) else 1


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    sys.exit(main())
