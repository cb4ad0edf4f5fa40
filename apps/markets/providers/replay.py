"""Stored bars played again, at any speed. What plays at n follows from n alone: a replay goes on where it was."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async

from apps.engine.bars import Bars
from apps.markets.errors import FeedBroken, StoredBarsDamaged
from apps.markets.models import Feed
from apps.markets.providers.base import Position
from apps.markets.selectors.feeds import replayed_set
from apps.markets.selectors.stored import load_bars
from apps.markets.timeframes import WEEK_MS

LARGEST_BATCH = 2_000
SHORTEST_PAUSE_S = 0.05
END_MS = 253_370_764_800_000  # 9999-01-01: dates go no further than that year


def lap_ms(bars: Bars) -> int:
    """By how much a lap's times lie after those of the lap before: the span of the data in whole weeks.

    So hours and weekdays stay what they are.
    """
    span = int(bars.time[-1] - bars.time[0]) + bars.timeframe_ms
    return -(-span // WEEK_MS) * WEEK_MS


def replayed(bars: Bars, position: int, count: int) -> Bars:
    """At most `count` bars from `position` on, counted over all laps, none of them of the next lap.

    Every second lap goes backwards, each bar from its close to its open: so the prices go on where they were, and no
    bot meets a jump that no market ever made.
    """
    lap, first = divmod(position, len(bars))
    last = min(first + count, len(bars))
    part = bars.slice(first, last)
    if lap == 0:
        return part
    columns = {name: getattr(part, name) for name in ("open", "high", "low", "close", "volume")}
    if lap % 2:
        mirrored = bars.slice(len(bars) - last, len(bars) - first)
        columns = {name: getattr(mirrored, name)[::-1].copy() for name in columns}
        columns["open"], columns["close"] = columns["close"], columns["open"]
    return Bars(
        part.time + lap * lap_ms(bars),
        **columns,
        timeframe_ms=part.timeframe_ms,
        timezone=part.timezone,
        symbol=part.symbol,
    )


class Replay:
    """Plays a bar set from `start` on, `bars_per_second`; when it loops, backwards from its end and forwards again."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._start = int(feed.settings["start"])
        self._speed = float(feed.settings["bars_per_second"])
        self._loops = bool(feed.settings["loop"])

    async def history(self, position: Position, *, before: int | None = None) -> AsyncIterator[Bars]:
        """None: a replay misses nothing while nobody runs it."""
        return
        yield

    async def closed_bars(self, position: Position) -> AsyncIterator[Bars]:
        bars = await sync_to_async(self._load)()
        at = self._start + position.next_number
        began, played = time.monotonic(), 0
        while self._loops or at < len(bars):
            due = int((time.monotonic() - began) * self._speed) - played
            if due < 1:
                wait = (played + 1) / self._speed - (time.monotonic() - began)
                await asyncio.sleep(max(wait, SHORTEST_PAUSE_S))
                continue
            if due > max(self._speed, 1):  # more than a second behind: go on from here, without a burst
                began, played = time.monotonic() - 1 / self._speed, 0
                due = 1
            batch = replayed(bars, at, min(due, LARGEST_BATCH))
            if int(batch.time[-1]) >= END_MS:
                return
            yield batch
            at += len(batch)
            played += len(batch)

    async def close(self) -> None:
        """Nothing is open."""

    def _load(self) -> Bars:
        bar_set = replayed_set(self._feed)
        if bar_set is None:
            raise FeedBroken("The bars that it plays are gone")
        try:
            return load_bars(bar_set)
        except StoredBarsDamaged as error:
            raise FeedBroken(error.message) from error
