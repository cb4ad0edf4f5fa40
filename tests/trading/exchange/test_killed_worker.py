"""A worker is killed while it sends: the next one ends with the order that was meant, and no other."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.db import connection

from apps.trading.choices import OrderStatus
from apps.trading.models import Fill, Order, OrderEvent
from apps.trading.services.rebuilding import differences
from tests.exchange import Fault
from tests.trading.exchange.test_faults import placed, work_until_settled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workers(exchange) -> Iterator[subprocess.Popen[str]]:
    """Forks a worker for each account number written to it."""
    kept = {
        name: getattr(django_settings, name)
        for name in (
            "EXCHANGE_GATEWAYS",
            "EXCHANGE_TIMEOUT_MS",
            "EXCHANGE_PACED",
            "EXCHANGE_RECV_WINDOW_MS",
            "EXCHANGE_CLOCK_MARGIN_MS",
            "EXCHANGE_CIRCUIT",
        )
    }
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.trading.exchange.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DATABASE_URL": url, "EXCHANGE_SETTINGS": json.dumps(kept)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()


def start(workers: subprocess.Popen[str], account) -> int:
    assert workers.stdin is not None
    assert workers.stdout is not None
    print(account.pk, file=workers.stdin, flush=True)
    return int(workers.stdout.readline())


def kill(worker: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)


def test_killed_while_the_exchange_is_silent(exchange, account, workers, order) -> None:
    """Once before the exchange took the order, once after."""
    names = []
    for number, carried_out in enumerate((False, True)):
        wanted = order(number)
        names.append(wanted.client_order_id)
        before = exchange.requests["POST /api/v3/order"]
        exchange.fault(Fault.time_out(60, carried_out=carried_out))
        worker = start(workers, account)
        while exchange.requests["POST /api/v3/order"] == before:
            time.sleep(0.005)
        kill(worker)
        wanted.refresh_from_db()
        assert wanted.status == OrderStatus.SUBMITTING
        work_until_settled(account, waits=False)
        wanted.refresh_from_db()
        assert wanted.status == OrderStatus.FILLED
        assert placed(exchange) == names
    assert Fill.objects.count() == 2


@pytest.fixture
def soon_given_up(hurried, settings) -> None:
    """Who sent an order and was killed is waited for half a second, not for the ten of a real answer."""
    settings.EXCHANGE_TIMEOUT_MS = 500


@pytest.mark.prove
def test_killed_at_any_moment(soon_given_up, exchange, account, workers, order, book) -> None:
    """Fifty times: every other one from its start on, each a little later than the last, up to when everything is
    stored; the others within forty milliseconds of the moment at which the order is about to leave."""
    chance = random.Random(1)
    names, left_at, whole_s = [], Counter[str](), 9.0
    for number in range(3):  # how long one takes that nobody kills
        names.append(order(number).client_order_id)
        began = time.monotonic()
        start(workers, account)
        while Fill.objects.count() <= number:
            time.sleep(0.002)
        whole_s = min(whole_s, time.monotonic() - began)
    for number in range(3, 53):
        wanted = order(number)
        names.append(wanted.client_order_id)
        worker = start(workers, account)
        if number % 2:
            time.sleep(1.3 * whole_s * (number - 3) / 50)
        else:
            while not OrderEvent.objects.filter(order=wanted, kind="submitting").exists():
                time.sleep(0.0005)
            time.sleep(chance.uniform(0, 0.04))
        kill(worker)
        wanted.refresh_from_db()
        left_at[f"{wanted.status}, {'taken' if len(placed(exchange)) == len(names) else 'not taken'}"] += 1
        work_until_settled(account)
        assert placed(exchange) == names
    print(f"killed within {1.3 * whole_s:.2f} s, and left the order: {dict(left_at)}")
    assert set(Order.objects.values_list("status", flat=True)) == {"filled"}
    assert Fill.objects.count() == 53
    assert differences(book) == []
