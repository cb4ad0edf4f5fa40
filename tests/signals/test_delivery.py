"""From POST to signal with the processes of an installation: the one entry point, a real worker, real Redis."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from apps.signals.models import Alert, AlertSource, Signal
from apps.signals.services import process_alerts
from config.celery import app as celery_app
from tests.signals.conftest import ALERT, address_of_database, free_port, start_intake

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until(true: Callable[[], bool], *, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.1)
    return False


def test_a_post_becomes_a_signal_without_waiting_for_the_sweep(
    source: tuple[AlertSource, str], tmp_path: Path
):
    """No beat runs here: the intake itself must have told the worker."""
    database = address_of_database()
    # jobs that other tests queued, in this run or an earlier one, would come first: hundreds, of rows that are gone
    with celery_app.connection_for_write() as broker:
        broker.default_channel.queue_purge("signals")
    log = tmp_path / "worker.txt"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "config", "worker"),
                *("--queues", "signals", "--pool", "solo", "--loglevel", "INFO"),
            ],
            env=os.environ | {"DATABASE_URL": database},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        web = tmp_path / "web.txt"
        running = start_intake(database, web, application="config.asgi:application")
        try:
            # where nobody has compiled the engine's kernels before, the worker does so first
            assert wait_until(lambda: " ready" in log.read_text(), seconds=240), log.read_text()
            assert (
                httpx.get(f"{running.url}/health/live", timeout=30).status_code == 200
            )  # Django's half of the entry point
            response = httpx.post(f"{running.url}/hooks/tradingview/{source[1]}/", json=ALERT, timeout=30)
            assert response.status_code == 202
            assert wait_until(Signal.objects.exists, seconds=60), web.read_text() + log.read_text()
            assert str(Signal.objects.get().alert.uuid) == response.json()["id"]
        finally:
            running.stop()
    finally:
        worker.terminate()
        worker.wait(timeout=30)


def test_a_lost_redis_delays_and_loses_nothing(source: tuple[AlertSource, str], tmp_path: Path):
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    running = start_intake(address_of_database(), tmp_path / "log.txt", REDIS_URL=nobody)
    try:
        for number in range(3):
            began = time.monotonic()
            response = httpx.post(
                f"{running.url}/hooks/tradingview/{source[1]}/", json={**ALERT, "id": number}
            )
            assert response.status_code == 202
            assert time.monotonic() - began < 2
    finally:
        running.stop()
    assert Alert.objects.filter(status="received").count() == 3
    assert process_alerts() == 3  # what the periodic sweep runs
    assert Signal.objects.count() == 3
