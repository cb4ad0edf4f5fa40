"""Bars that come by a feed: writing them, and telling those who wait for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection, transaction
from django.utils import timezone as clock

from apps.core.hooks import Hook
from apps.core.live import push_on_commit
from apps.engine.bars import Bars
from apps.markets.choices import FeedProvider, FeedState
from apps.markets.models import Feed, LiveBar
from apps.markets.rules.feeds import bounds_s, state_by_age, waiting_s

# Sent after the commit with feed_id and last_number, the number of the feed's newest bar.
bars_closed = Hook("markets.bars_closed")
# Sent after the commit with feed_id and state, one of FeedState.
feed_state_changed = Hook("markets.feed_state_changed")

_INSERT = """
    INSERT INTO markets_livebar (feed_id, number, time, open, high, low, close, volume, received_at, is_late)
    SELECT %s, %s + at - 1, time, open, high, low, close, volume, %s, is_late
    FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::float8[], %s::float8[], %s::float8[], %s::boolean[])
        WITH ORDINALITY AS bar (time, open, high, low, close, volume, is_late, at)
"""


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of bars that were brought: how many were taken, known already, or too late to be taken."""

    taken: int
    known: int
    dropped: int
    last_number: int


def append_bars(feed_id: int, bars: Bars, *, received_at: datetime | None = None) -> Appended:
    """Number and write closed bars, oldest first, in one statement; announce them after the commit.

    Bars that are there already change nothing, so that a second runner or a repeated batch does no harm. A bar older
    than the newest one that is not there is counted as dropped: what stands behind a bar was decided without it.
    Nothing is written to a feed that is not active.
    """
    received_at = received_at or clock.now()
    with transaction.atomic():
        feed = Feed.objects.select_for_update(no_key=True).get(pk=feed_id)
        if not feed.is_active or not len(bars):
            return Appended(0, 0, 0, feed.last_number)
        old = 0 if feed.last_time is None else int(np.searchsorted(bars.time, feed.last_time, side="right"))
        known = _known(feed, bars.slice(0, old))
        fresh = bars.slice(old, len(bars))
        if len(fresh):
            _insert(feed, fresh, received_at)
            feed.next_number += len(fresh)
            feed.last_time = int(fresh.time[-1])
            feed.last_received_at = received_at
            change_state(feed, state_at(feed, received_at, has_new=True))
            bars_closed.send_on_commit(feed_id=feed.pk, last_number=feed.last_number)
        feed.dropped += old - known
        if len(fresh) or old != known:
            feed.save(update_fields=["next_number", "last_time", "last_received_at", "dropped", "updated_at"])
        return Appended(len(fresh), known, old - known, feed.last_number)


def change_state(feed: Feed, state: FeedState, error: str = "") -> None:
    """Give a feed whose row is locked another state and error; a state that is new is announced after the commit."""
    is_new = state != feed.state
    if not is_new and error == feed.error:
        return
    feed.state, feed.error = state, error
    if is_new:
        feed.state_at = clock.now()
        feed_state_changed.send_on_commit(feed_id=feed.pk, state=str(state))
    feed.save(update_fields=["state", "error", "state_at", "updated_at"])
    for group in feed.live_groups:
        push_on_commit(group, {"kind": "state", "feed": str(feed.uuid), "state": str(state)})


def state_at(feed: Feed, now: datetime, *, has_new: bool = False) -> FeedState:
    """The state of an active feed by the age of its last bar; one that failed needs a new bar to be well again."""
    started = feed.started_at or feed.created_at
    received = feed.last_received_at
    waiting = waiting_s(
        speed=feed.speed,
        timeframe_ms=feed.timeframe_ms,
        last_time=feed.last_time,
        last_received_s=received.timestamp() if received else None,
        started_s=started.timestamp(),
        now_s=now.timestamp(),
    )
    late, stale = bounds_s(
        speed=feed.speed,
        timeframe_ms=feed.timeframe_ms,
        late_after=feed.late_after,
        stale_after=feed.stale_after,
    )
    if feed.state == FeedState.FAILED and not has_new:
        return FeedState.FAILED
    has_bars = received is not None and received >= started
    return state_by_age(has_bars=has_bars, waiting=waiting, late=late, stale=stale)


def _known(feed: Feed, bars: Bars) -> int:
    if not len(bars):
        return 0
    return LiveBar.objects.filter(feed=feed, time__in=bars.time.tolist()).count()


def _insert(feed: Feed, bars: Bars, received_at: datetime) -> None:
    if feed.provider == FeedProvider.REPLAY:  # of the past, and yet in time
        late = [False] * len(bars)
    else:
        due_ms = bars.time + feed.timeframe_ms * feed.late_after
        late = (received_at.timestamp() * 1000 > due_ms).tolist()
    columns = [getattr(bars, name).tolist() for name in ("time", "open", "high", "low", "close", "volume")]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [feed.pk, feed.next_number, received_at, *columns, late])
