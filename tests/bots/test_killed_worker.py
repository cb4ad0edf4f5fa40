"""Real workers: killed at any moment, or two at once on the same bars; what they leave is what one alone leaves."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction

from apps.bots.models import Bot, Cohort
from apps.bots.services.crew import forget_crews
from apps.engine.bars import Bars
from apps.markets.models import Feed
from tests.bots.conftest import bring, run_all, wave
from tests.bots.test_restart import outcome

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = 60


@pytest.fixture
def workers(db: None) -> Iterator[subprocess.Popen[str]]:
    """Forks a worker for each cohort number written to it."""
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bots.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "ERROR"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()


def start(workers: subprocess.Popen[str], cohort: int) -> int:
    assert workers.stdin is not None
    assert workers.stdout is not None
    print(cohort, file=workers.stdin, flush=True)
    return int(workers.stdout.readline())


def kill(worker: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)


def wait_for(worker: int) -> None:
    """Until the process is gone."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.002)
    raise AssertionError(f"worker {worker} still runs after a minute")


def finish(workers: subprocess.Popen[str], cohort: int) -> float:
    """Let workers come until nothing is left; the seconds of the last one, 0 where none was needed.

    One that finds the row held, perhaps by a dead one's connection that the server has not missed yet, goes away.
    """
    give_up = time.monotonic() + 60
    newest = Feed.objects.get().last_number
    took = 0.0
    while Cohort.objects.get(pk=cohort).last_number < newest:
        assert time.monotonic() < give_up
        began = time.monotonic()
        wait_for(start(workers, cohort))
        took = time.monotonic() - began
    return took


@pytest.fixture
def race(feed: Feed, new_bot: Callable[..., Bot]) -> Callable[[Bars], tuple[int, dict[str, object]]]:
    """Three bots that have joined after 60 bars: their cohort, and what one worker that nobody disturbs leaves of all."""

    def begin(bars: Bars) -> tuple[int, dict[str, object]]:
        with transaction.atomic():
            bring(feed, bars.slice(0, BEFORE))
            for number, fast in enumerate((2, 3, 5)):
                new_bot(f"Bot {number}", inputs={"fast": fast, "slow": fast + 4})
            run_all()
            undone = transaction.savepoint()
            bring(feed, bars.slice(BEFORE, len(bars)))
            run_all()
            found = outcome()
            transaction.savepoint_rollback(undone)
        forget_crews()
        return Cohort.objects.get().pk, found

    return begin


@pytest.mark.parametrize("bars", [90, pytest.param(560, marks=pytest.mark.prove)])
def test_killed_at_every_bar(workers, feed, race, bars) -> None:
    """Each worker at another moment: from before it has the row to after it has committed."""
    every = wave(bars)
    cohort, expected = race(every)
    left, took = 0, 0.1
    for at in range(BEFORE, bars):
        bring(feed, every.slice(at, at + 1))
        worker = start(workers, cohort)
        time.sleep(took * (at * 7 % 20) / 20)
        kill(worker)
        wait_for(worker)
        left += Cohort.objects.get(pk=cohort).last_number < at
        took = finish(workers, cohort) or took
    assert left > 3  # bars that the killed one did not finish
    assert expected["fills"]
    assert outcome() == expected


def test_two_workers_at_once(workers, feed, race) -> None:
    """Messages that come twice and late: two workers race for every bar, and one for bars that are done."""
    every = wave(90)
    cohort, expected = race(every)
    for at in range(BEFORE, 90, 3):
        bring(feed, every.slice(at, at + 3))
        pair = [start(workers, cohort) for _ in range(2)]
        for worker in pair:
            wait_for(worker)
        finish(workers, cohort)
        wait_for(start(workers, cohort))
    assert expected["fills"]
    assert outcome() == expected
