"""The intake through a real reverse proxy: whatever fails, a sender hears 503 in time, and never 504."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.db import connection

from apps.accounts.models import User
from apps.signals.models import Alert, AlertSource
from apps.signals.services import set_allowed_networks
from tests.signals.conftest import ALERT, Process, free_port

pytestmark = pytest.mark.django_db(transaction=True)
CADDYFILE = Path(__file__).parents[2] / "deploy" / "proxy" / "Caddyfile"
CADDY = shutil.which("caddy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@contextmanager
def proxy_to(upstream: int, home: Path) -> Iterator[str]:
    """Caddy with the configuration that we ship, before a port of this machine."""
    port = free_port()
    environment = {
        "SITE": f"http://127.0.0.1:{port}",
        "UPSTREAM": f"127.0.0.1:{upstream}",
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "CADDY_ADMIN": f"unix/{home}/admin.sock",
    }
    with (home / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [CADDY, "run", "--adapter", "caddyfile", "--config", str(CADDYFILE)],
            env=os.environ | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (home / "caddy.log").read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_alerts_pass_and_the_callers_address_with_them(
    behind: Process, source: tuple[AlertSource, str], user: User, tmp_path: Path
):
    set_allowed_networks(source[0], ["127.0.0.1"], actor=user)
    with proxy_to(int(behind.url.rsplit(":", 1)[1]), tmp_path) as site:
        where = f"{site}/hooks/tradingview/{source[1]}/"
        # what a caller writes into the header itself is not believed
        assert httpx.post(where, json=ALERT, headers={"x-forwarded-for": "9.9.9.9"}).status_code == 202
        assert httpx.post(where, content=b"hello").status_code == 400
        assert Alert.objects.first().remote_ip == "127.0.0.1"
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE signals_alert IN ACCESS EXCLUSIVE MODE")
            response = httpx.post(where, json={**ALERT, "id": 1}, timeout=10)
            cursor.execute("ROLLBACK")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert response.elapsed < timedelta(seconds=3)


@contextmanager
def broken_upstream(kind: str) -> Iterator[int]:
    """A port behind which nobody listens, somebody never answers, or somebody hangs up."""
    if kind == "nobody":
        yield free_port()
        return
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            try:
                while True:
                    caller, _ = server.accept()
                    if kind == "silent":
                        held.append(caller)
                    else:
                        caller.recv(65_536)
                        caller.close()
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        for caller in held:
            caller.close()


@pytest.mark.parametrize("kind", ["nobody", "silent", "hangs up"])
def test_whatever_is_behind_the_proxy_a_sender_hears_503_in_time(kind: str, tmp_path: Path):
    with broken_upstream(kind) as port, proxy_to(port, tmp_path) as site:
        response = httpx.post(f"{site}/hooks/tradingview/some-token/", json=ALERT, timeout=10)
        other = httpx.get(f"{site}/dashboard/", timeout=10) if kind == "nobody" else None
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert response.json()["code"] == "not_stored"
    assert response.elapsed < timedelta(seconds=3)
    assert other is None or other.status_code == 502  # pages say what happened
