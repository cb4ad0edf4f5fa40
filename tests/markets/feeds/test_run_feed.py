"""`run_feed` as processes: one that is killed costs no bar, and memory stays what it is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.engine.bars import Bars
from apps.markets.models import BarSet, Feed, LiveBar
from apps.markets.providers.replay import replayed
from apps.markets.selectors import bars_of_feed, load_bars
from benchmarks.feeds import resident_mb, run_feed

pytestmark = [pytest.mark.prove, pytest.mark.django_db(transaction=True)]


def address() -> str:
    parts = connection.settings_dict
    login = f"{parts['USER']}:{parts['PASSWORD']}@" if parts["USER"] else ""
    return f"postgresql://{login}{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"


@pytest.fixture
def start(settings: Any, tmp_path: Path) -> Iterator[Callable[[], int]]:
    """Starts a process more; returns its id."""
    settings.MEDIA_ROOT = tmp_path / "media"
    running = []

    def begin() -> int:
        environment = {"VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
        running.append(run_feed(DATABASE_URL=address(), **environment))
        return running[-1].pid

    yield begin
    for process in running:
        process.kill()
        process.wait(60)


def wait_for(number: int, feed: Feed, *, seconds: float = 240) -> Feed:
    give_up = time.monotonic() + seconds
    while True:
        now = Feed.objects.get(pk=feed.pk)
        if now.next_number >= number:
            return now
        assert time.monotonic() < give_up, (
            f"bar {now.last_number}, {now.state}, worker {now.worker}, {now.error}"
        )
        time.sleep(0.05)


def expected(stored: Bars, start: int, count: int) -> list[float]:
    closes: list[float] = []
    while len(closes) < count:
        closes += replayed(stored, start + len(closes), count - len(closes)).close.tolist()
    return closes


def holder(feed: Feed) -> int:
    return int(Feed.objects.get(pk=feed.pk).worker.split(":")[1])


def test_a_killed_runner_costs_no_bar(replay: Feed, bar_set: BarSet, start: Callable[[], int]):
    """Three runners; whoever holds the feed is killed, thrice."""
    replay.settings |= {"bars_per_second": 200.0}
    replay.save()
    wanted = 50
    for _ in range(2):
        start()
    for _ in range(3):
        start()
        came = wait_for(wanted, replay)
        os.kill(holder(replay), signal.SIGKILL)
        wanted = came.next_number + 300
    last = wait_for(wanted, replay).last_number
    numbers = list(
        LiveBar.objects.filter(number__lte=last).order_by("number").values_list("number", flat=True)
    )
    assert numbers == list(range(last + 1))
    closes = bars_of_feed(replay, limit=last + 1).bars.close.tolist()
    assert closes == expected(load_bars(bar_set), 100, last + 1)


def test_memory_is_flat_over_as_many_bars_as_an_hour_of_the_fastest_ticks(
    replay: Feed, start: Callable[[], int]
):
    """50 bars a second for an hour are 180,000."""
    replay.settings |= {"bars_per_second": 10_000.0}
    replay.save()
    process = start()
    wait_for(20_000, replay)
    before = resident_mb(process)
    wait_for(200_000, replay, seconds=300)
    assert resident_mb(process) - before < 8
