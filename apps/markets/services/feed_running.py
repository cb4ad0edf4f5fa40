"""Running feeds: one asynchronous task each, in the process that holds its lease."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress

import structlog
from asgiref.sync import sync_to_async
from django.db import Error as DatabaseError
from django.db import close_old_connections, transaction

from apps.core.live import push
from apps.engine.bars import Bars
from apps.markets.choices import FeedState
from apps.markets.errors import FeedBroken, FeedInterrupted
from apps.markets.models import Feed
from apps.markets.providers import open_provider
from apps.markets.providers.base import Position, Provider
from apps.markets.services.feed_setting import end_feed
from apps.markets.services.feeds import append_bars, change_state

log = structlog.get_logger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
TELL_EVERY_S = 0.5


class FeedRun:
    """One feed from now on: what was missed first, then each bar once it has closed.

    A bar that comes with a gap before it waits until the history was asked for what is missing. An error of the
    source stands on the feed until a bar comes, and it is tried again after 1, 2, 4 … 60 seconds.
    """

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.settings = fingerprint(feed)
        self._position = Position(feed.next_number, feed.last_time)
        self._told_s = 0.0

    async def run(self) -> None:
        """Until the source has no more bars, or the task is cancelled."""
        pause_s = FIRST_PAUSE_S
        while True:
            number = self._position.next_number
            try:
                await self._follow()
            except (FeedBroken, FeedInterrupted) as error:
                await sync_to_async(_note)(self.feed.pk, str(error), isinstance(error, FeedBroken))
                if isinstance(error, FeedBroken):
                    pause_s = LONGEST_PAUSE_S
            except DatabaseError as error:  # PostgreSQL is away: what came is fetched again
                log.warning("feed_not_written", feed=str(self.feed.uuid), error=str(error))
                await sync_to_async(close_old_connections)()
            else:
                await sync_to_async(end_feed)(self.feed.pk)
                return
            if self._position.next_number > number:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def catch_up(self) -> None:
        """What is there already, and no more. Raises FeedBroken and FeedInterrupted."""
        provider = open_provider(self.feed)
        try:
            async for bars in provider.history(self._position):
                await self._take(bars)
        finally:
            await provider.close()

    async def _follow(self) -> None:
        provider = open_provider(self.feed)
        try:
            async for bars in provider.history(self._position):
                await self._take(bars)
            async for bars in provider.closed_bars(self._position):
                await self._fill_gap_before(bars, provider)
                await self._take(bars)
        finally:
            with suppress(Exception):  # of closing a connection that is broken
                await provider.close()

    async def _fill_gap_before(self, bars: Bars, provider: Provider) -> None:
        last, first = self._position.last_time, int(bars.time[0])
        if last is not None and first > last + bars.timeframe_ms:
            async for missing in provider.history(self._position, before=first):
                await self._take(missing)

    async def _take(self, bars: Bars) -> None:
        appended = await sync_to_async(append_bars)(self.feed.pk, bars)
        if appended.taken:
            newest = int(bars.time[-1])
            self._position = Position(appended.last_number + 1, newest)
            await self._tell(appended.last_number, newest)

    async def _tell(self, number: int, newest: int) -> None:
        """Pages that watch, not oftener than they refresh."""
        if time.monotonic() - self._told_s < TELL_EVERY_S:
            return
        self._told_s = time.monotonic()
        event = {
            "kind": "bars",
            "feed": str(self.feed.uuid),
            "last_number": number,
            "last_time": newest // 1000,
        }
        for group in self.feed.live_groups:
            await sync_to_async(push)(group, event)


def fingerprint(feed: Feed) -> str:
    """Changes when the feed must be run anew."""
    return json.dumps(
        [feed.settings, feed.started_at.isoformat() if feed.started_at else None], sort_keys=True
    )


def _note(feed_id: int, words: str, is_broken: bool) -> None:
    log.warning("feed_source_failed", feed=feed_id, error=words, broken=is_broken)
    with transaction.atomic():
        feed = Feed.objects.select_for_update(no_key=True).get(pk=feed_id)
        if feed.is_active:
            change_state(feed, FeedState.FAILED if is_broken else FeedState(feed.state), words[:500])
