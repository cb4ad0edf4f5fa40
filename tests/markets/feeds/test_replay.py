"""A replay plays what is stored, bar for bar, from number to number, whoever runs it and however often it is stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage

from apps.engine.bars import Bars
from apps.markets.choices import FeedState
from apps.markets.models import BarSet, Feed, LiveBar
from apps.markets.providers.replay import END_MS, lap_ms, replayed
from apps.markets.selectors import bars_of_feed, load_bars
from apps.markets.services.feed_running import FeedRun
from apps.markets.timeframes import DAY_MS, WEEK_MS

WEEK = 7 * DAY_MS


def days(n: int) -> Bars:
    close = np.arange(1.0, n + 1)
    time = 1_000 * WEEK_MS + np.arange(n, dtype=np.int64) * DAY_MS
    return Bars(time, close, close, close, close, close, timeframe_ms=DAY_MS, symbol="D")


async def until(feed: Feed, enough: Callable[[Feed], bool], *, seconds: float = 60) -> Feed:
    """Run the feed until `enough` of its row, then stop as a process does."""
    task = asyncio.create_task(FeedRun(feed).run())
    try:
        give_up = time.monotonic() + seconds
        while True:
            now = await sync_to_async(Feed.objects.select_related("instrument", "workspace").get)(pk=feed.pk)
            if enough(now):
                return now
            if task.done():
                task.result()
            assert time.monotonic() < give_up, f"bar {now.last_number}, {now.state}, {now.error}"
            await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_laps_keep_hours_and_weekdays():
    bars = days(10)
    assert lap_ms(bars) == 2 * WEEK
    second = replayed(bars, 12, 5)
    assert second.close.tolist() == [8, 7, 6, 5, 4]  # backwards: from where the first lap ended
    assert second.time.tolist() == (bars.time[2:7] + 2 * WEEK).tolist()
    assert replayed(bars, 8, 5).close.tolist() == [9, 10]  # no batch goes over the end of a lap
    assert replayed(bars, 18, 5).close.tolist() == [2, 1]
    assert replayed(bars, 20, 3).close.tolist() == [1, 2, 3]
    assert lap_ms(days(7)) == WEEK
    assert lap_ms(days(8)) == 2 * WEEK


def test_any_batches_make_the_same_series():
    bars = days(10)

    def played(size: int) -> list[tuple[int, float]]:
        rows: list[tuple[int, float]] = []
        while len(rows) < 47:
            part = replayed(bars, 3 + len(rows), min(size, 47 - len(rows)))
            rows += zip(part.time.tolist(), part.close.tolist(), strict=True)
        return rows

    assert played(1) == played(4) == played(50)
    times = [at for at, _ in played(1)]
    assert times == sorted(set(times))


@pytest.mark.django_db(transaction=True)
async def test_a_replay_stopped_and_gone_on_with_is_the_one_that_never_stopped(replay: Feed, bar_set: BarSet):
    replay = await until(replay, lambda feed: feed.next_number >= 40)
    replay = await until(replay, lambda feed: feed.next_number >= 90)
    replay = await until(replay, lambda feed: feed.next_number >= 700)  # into the second lap

    def read() -> tuple[Bars, Bars]:
        return load_bars(bar_set), bars_of_feed(replay).bars

    stored, came = await sync_to_async(read)()
    shift = lap_ms(stored)
    assert came.close[:300].tobytes() == stored.close[100:].tobytes()
    assert came.close[300:700].tolist() == stored.open[::-1].tolist()
    assert came.open[300] == came.close[299]  # no jump between the laps
    assert came.high[300:700].tolist() == stored.high[::-1].tolist()
    assert came.volume[300:700].tolist() == stored.volume[::-1].tolist()
    assert came.time[300:700].tolist() == (stored.time + shift).tolist()
    assert replay.state == "running"


@pytest.mark.django_db(transaction=True)
async def test_without_a_loop_it_ends(replay: Feed):
    replay.settings |= {"loop": False, "start": 380}
    await sync_to_async(replay.save)()
    ended = await until(replay, lambda feed: feed.state == "ended")
    assert (ended.is_active, ended.next_number) == (False, 20)


@pytest.mark.django_db(transaction=True)
async def test_speed_is_bars_a_second(replay: Feed):
    replay.settings |= {"bars_per_second": 50.0}
    await sync_to_async(replay.save)()
    began = time.monotonic()
    feed = await until(replay, lambda feed: feed.next_number >= 50)
    # also where this machine looked late
    assert 50 <= feed.next_number <= 50.0 * (time.monotonic() - began) + 2.5


@pytest.mark.django_db(transaction=True)
async def test_stored_bars_that_are_damaged_fail_the_feed_in_words(replay: Feed, bar_set: BarSet):
    default_storage.delete(bar_set.path)
    failed = await until(replay, lambda feed: feed.state == "failed")
    assert "cannot be read; import the data again" in failed.error
    assert await sync_to_async(LiveBar.objects.count)() == 0


@pytest.mark.django_db(transaction=True)
async def test_laps_end_where_dates_do(replay: Feed, bar_set: BarSet):
    bars = await sync_to_async(load_bars)(bar_set)
    laps = (END_MS - int(bars.time[0])) // lap_ms(bars)
    replay.settings["start"] = laps * len(bars) - 5
    await replay.asave()
    replay = await until(replay, lambda feed: feed.state == FeedState.ENDED)
    assert replay.last_number >= 4
    last = await LiveBar.objects.aget(feed=replay, number=replay.last_number)
    assert END_MS - bars.timeframe_ms * len(bars) <= last.time < END_MS
    assert last.time // 1_000 < datetime(9999, 1, 1, tzinfo=UTC).timestamp()
