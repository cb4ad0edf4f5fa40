"""A real intake process on loopback, and sources to post to."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.db import connection

from apps.accounts.models import User, Workspace
from apps.signals.models import AlertSource
from apps.signals.services import create_source
from deploy.local.ports import is_free

ALERT = {"symbol": "BINANCE:BTCUSDT", "timeframe": "60", "action": "buy", "price": "45000.50"}


@dataclass
class Process:
    """A server under test, its address and what it printed."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def stop(self) -> None:
        """Ask it to end, and see that it did so in order: writing what it had, closing its connections."""
        self.process.terminate()
        self.wait_for_end()

    def wait_for_end(self) -> None:
        self.process.wait(timeout=20)
        assert "Application shutdown complete" in self.log.read_text(), self.log.read_text()


_asked = itertools.count(7 * os.getpid())


def free_port() -> int:
    """A port that nobody else takes before the server starts: below those that systems hand out by themselves, and of
    2,000 that other test processes of this run leave alone."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return next(port for number in _asked if is_free(port := 20_000 + 2_000 * (worker % 6) + number % 2_000))


def start_intake(
    database_url: str,
    log: Path,
    *,
    application: str = "apps.signals.intake:application",
    **environment: str,
) -> Process:
    """The intake as a process of its own under uvicorn, as on a many-machine installation; or another server."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", application),
                *("--host", "127.0.0.1", "--port", str(port), "--timeout-graceful-shutdown", "5"),
            ],
            env=os.environ | {"DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    for _ in range(1200):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return Process(process, f"http://127.0.0.1:{port}", log)
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"the intake did not start:\n{log.read_text()}")


def address_of_database() -> str:
    """The address of the database the tests run on."""
    parts = connection.settings_dict
    login = f"{parts['USER']}:{parts['PASSWORD']}@" if parts["USER"] else ""
    return f"postgresql://{login}{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"


@pytest.fixture(scope="module")
def intake(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    running = start_intake(address_of_database(), tmp_path_factory.mktemp("intake") / "log.txt")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def behind(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One behind a proxy on this machine: it is believed when it says who called."""
    log = tmp_path_factory.mktemp("behind") / "log.txt"
    running = start_intake(address_of_database(), log, TRUSTED_PROXIES="127.0.0.1")
    yield running
    running.stop()


@pytest.fixture
def source(transactional_db: None, user: User, workspace: Workspace) -> tuple[AlertSource, str]:
    """A source, committed so that the intake process sees it, and its token."""
    return create_source(workspace, name="My alerts", actor=user)


@pytest.fixture
def post(intake: Process, source: tuple[AlertSource, str]) -> Callable[..., httpx.Response]:
    """Post a body to the source's address."""

    def send(body: object, *, token: str = source[1], **kwargs: object) -> httpx.Response:
        where = f"{intake.url}/hooks/tradingview/{token}/"
        if isinstance(body, bytes):
            return httpx.post(where, content=body, timeout=30, **kwargs)
        return httpx.post(where, json=body, timeout=30, **kwargs)

    return send
