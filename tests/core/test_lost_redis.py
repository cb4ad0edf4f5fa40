"""Without Redis the product goes on: what is asked for is stored, and done when Redis is back."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from apps.accounts.services import create_api_key
from apps.backtests.choices import Status
from apps.backtests.models import Backtest
from apps.backtests.services import run_backtest
from tests.factories import CROSS
from tests.signals.conftest import address_of_database, free_port, start_intake


@pytest.mark.django_db(transaction=True)
def test_a_backtest_is_accepted_and_runs_later(workspace, user, bar_set, tmp_path: Path):
    _, secret = create_api_key(workspace, name="notebook", actor=user)
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    web = start_intake(
        address_of_database(), tmp_path / "log.txt", application="config.asgi:application", REDIS_URL=nobody
    )
    try:
        answer = httpx.post(
            f"{web.url}/api/v1/backtests/",
            json={"text": CROSS, "symbol": "WAVE"},
            headers={"Authorization": f"Bearer {secret}"},
            timeout=30,
        )
        assert httpx.get(f"{web.url}/accounts/login/", timeout=30).status_code == 200
        assert httpx.get(f"{web.url}/health/ready", timeout=30).json()["checks"]["redis"] == "unreachable"
    finally:
        web.process.kill()
        web.process.wait()
    assert answer.status_code == 202, answer.text
    waiting = Backtest.objects.get()
    assert waiting.status == Status.QUEUED
    run_backtest(waiting.pk)  # what the sweep queues; `resume_backtests` has its own test
    waiting.refresh_from_db()
    assert waiting.status == Status.DONE
