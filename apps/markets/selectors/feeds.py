"""Reads of feeds and the bars that came by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Q, QuerySet

from apps.accounts.models import Workspace
from apps.engine.bars import Bars
from apps.markets.choices import FeedProvider
from apps.markets.models import BarSet, Feed, LiveBar
from apps.markets.selectors.stored import load_bars

_COLUMNS = ("time", "open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class NumberedBars:
    """Bars of a feed: the one at index i has the number `first_number + i`."""

    first_number: int
    bars: Bars

    @property
    def last_number(self) -> int:
        return self.first_number + len(self.bars) - 1


def visible_feeds(workspace: Workspace) -> QuerySet[Feed]:
    """The workspace's own and the shared ones, by symbol and timeframe."""
    return (
        Feed.objects.filter(Q(workspace=workspace) | Q(workspace=None))
        .select_related("instrument")
        .order_by("instrument__symbol", "timeframe_ms", "provider", "id")
    )


def bars_of_feed(feed: Feed | int, *, after_number: int = -1, limit: int = 10_000) -> NumberedBars:
    """The oldest `limit` bars numbered above `after_number`, in order; there may be none.

    The first is `after_number + 1`, unless bars as old as that are no longer kept.
    """
    feed = _feed(feed)
    rows = LiveBar.objects.filter(feed=feed, number__gt=after_number).order_by("number")
    columns = list(rows.values_list("number", *_COLUMNS)[:limit])
    first = columns[0][0] if columns else after_number + 1
    return NumberedBars(first, _bars(feed, [row[1:] for row in columns]))


def last_bars_of_feed(feed: Feed, limit: int) -> NumberedBars:
    """The newest `limit` bars, oldest first."""
    return bars_of_feed(feed, after_number=feed.last_number - limit, limit=limit)


def warm_up_bars(feed: Feed | int, *, before_number: int, n: int) -> Bars:
    """The last `n` bars before the one numbered `before_number`, fewer where there are no more.

    Bars that came by the feed, and before its first one the stored bars of the same instrument and timeframe: of a
    replay those of its bar set that it starts behind. Raises StoredBarsDamaged when these cannot be read.
    """
    feed = _feed(feed)
    rows = LiveBar.objects.filter(feed=feed, number__lt=before_number).order_by("-number")
    found = list(rows.values_list(*_COLUMNS)[:n])[::-1]
    live = _bars(feed, found)
    missing = n - len(live)
    if missing <= 0 or len(live) < min(before_number, n):
        return live  # enough, or older ones are no longer kept: then nothing older joins on
    stored = _stored_before(feed)
    if stored is None:
        return live
    tail = stored.slice(max(0, len(stored) - missing), len(stored))
    columns = {name: np.concatenate([getattr(tail, name), getattr(live, name)]) for name in _COLUMNS}
    return Bars(**columns, timeframe_ms=feed.timeframe_ms, timezone=live.timezone, symbol=live.symbol)


def replayed_set(feed: Feed) -> BarSet | None:
    """The bars a replay plays: its own workspace's or shared, superseded or not."""
    return (
        BarSet.objects.filter(
            Q(workspace=feed.workspace_id) | Q(workspace=None), uuid=feed.settings["bar_set"]
        )
        .select_related("instrument")
        .first()
    )


def _feed(feed: Feed | int) -> Feed:
    return Feed.objects.select_related("instrument").get(pk=feed) if isinstance(feed, int) else feed


def _bars(feed: Feed, rows: Sequence[tuple[Any, ...]]) -> Bars:
    columns = (
        dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(_COLUMNS, ())
    )
    return Bars(
        **{name: np.array(columns[name], np.int64 if name == "time" else np.float64) for name in _COLUMNS},
        timeframe_ms=feed.timeframe_ms,
        timezone=feed.instrument.timezone,
        symbol=feed.instrument.symbol,
    )


def _stored_before(feed: Feed) -> Bars | None:
    """Stored bars older than the feed's first."""
    if feed.provider == FeedProvider.REPLAY:
        bar_set = replayed_set(feed)
        return load_bars(bar_set).slice(0, int(feed.settings.get("start", 0))) if bar_set else None
    own_first = (
        BarSet.objects.filter(
            Q(workspace=feed.workspace_id) | Q(workspace=None),
            instrument=feed.instrument_id,
            timeframe_ms=feed.timeframe_ms,
            superseded_at=None,
        )
        .select_related("instrument")
        .order_by("workspace_id")
    )
    bar_set = own_first.first()
    if bar_set is None:
        return None
    bars = load_bars(bar_set)
    first = LiveBar.objects.filter(feed=feed, number=0).values_list("time", flat=True).first()
    return bars if first is None else bars.slice(0, int(np.searchsorted(bars.time, first)))
