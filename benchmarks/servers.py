"""What the benchmarks of the web run on: the two databases, a scratch copy of the schema, and uvicorn."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# uvloop 0.23 accepts one connection per turn of its loop, so under load new connections wait for seconds
LOOP = ("--loop", "asyncio")
START_SECONDS = 60.0


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """The environment with DATABASE_URL and REDIS_URL: the given ones, or this machine's own, started if need be."""
    from deploy.local.servers import child_environment, local_servers

    servers = local_servers()
    were_running = servers.running()
    servers.start()
    try:
        yield child_environment(servers.given, servers.addresses(redis_database=15), "config.settings.dev")
    finally:
        if not were_running:
            servers.stop()


@contextmanager
def scratch_database() -> Iterator[str]:
    """A migrated database beside the configured one, dropped afterwards; yields its address. Django is set up."""
    from django.db import connection, connections

    configured = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        parts = connection.settings_dict
        login = f"{parts['USER']}:{parts['PASSWORD']}@" if parts["USER"] else ""
        yield f"postgresql://{login}{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"
    finally:
        with connection.cursor() as cursor:  # a server that was just stopped may still stand in a query
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connections.close_all()
        connection.creation.destroy_test_db(configured, verbosity=0)


@contextmanager
def server(application: str, environment: Mapping[str, str]) -> Iterator[str]:
    """The application under one uvicorn process, as the Procfile starts it, on a free port; yields its address."""
    with server_process(application, environment) as (url, _):
        yield url


@contextmanager
def server_process(application: str, environment: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """As `server`; yields the address and the process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", application, "--port", str(port), *LOOP, "--no-access-log",
         "--no-proxy-headers", "--log-level", "warning", "--backlog", "4096"],
        env={**os.environ, **environment, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"{application} ended with status {process.returncode} before it answered")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)
