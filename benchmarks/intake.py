"""Alerts per second: the intake against one durable insert per request, in turns, on the database of DATABASE_URL.

Run by `python -m benchmarks.intake [seconds]`. Both servers are one uvicorn process; the client is this one.
A scratch database is made beside the configured one and dropped. Exit status 1 on any answer but 202.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import django

from benchmarks.load import run_load

ROUNDS = 2
# uvloop 0.23 accepts one connection per turn of its loop, so under load new connections wait for seconds
LOOP = ("--loop", "asyncio")
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


@contextmanager
def server(application: str, database_url: str) -> Iterator[str]:
    """The application under uvicorn on a free port; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", application, "--port", str(port), *LOOP, "--no-access-log",
         "--log-level", "warning", "--backlog", "4096"],
        env=os.environ | {"DATABASE_URL": database_url, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def measure(seconds: float) -> bool:
    """Print every run and the ratios; True when each request was answered by 202."""
    from django.db import connection

    from apps.accounts.models import User
    from apps.accounts.services import ensure_personal_workspace
    from apps.signals.models import Alert, AlertSource
    from apps.signals.services import create_source

    user = User.objects.create_user("bench@example.com")
    source, token = create_source(ensure_personal_workspace(user), name="Bench", actor=user)
    AlertSource.objects.update(alerts_per_minute=2_000_000_000)
    parts = connection.settings_dict
    login = f"{parts['USER']}:{parts['PASSWORD']}@" if parts["USER"] else ""
    database_url = f"postgresql://{login}{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"
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
            with server(application, database_url) as url:
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
    from django.db import connection

    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    configured = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        return 0 if measure(seconds) else 1
    finally:
        connection.creation.destroy_test_db(configured, verbosity=0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    sys.exit(main())
