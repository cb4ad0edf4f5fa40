"""How well a feed is: what its pages and the API show beside its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import F, Q
from django.db.models.expressions import Window
from django.db.models.functions import Lag

from apps.markets.models import Feed, LiveBar

RATE_OVER = 100  # bars
GAPS_IN = 2_000  # of the newest bars


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """`last_bar_at` is when the newest bar opened. `lag_s`: seconds from a bar's close until it was received, None for
    a replay. `per_second`: bars a second over the last hundred. `next_at`: when the next is due; None when inactive."""

    feed: Feed
    last_bar_at: datetime | None
    lag_s: float | None
    per_second: float | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeedGap:
    """Between two neighbouring bars: when the first closed, when the second opened, and how many are missing."""

    after: datetime
    before: datetime
    missing: int


def health_of(feeds: Sequence[Feed]) -> list[FeedHealth]:
    """Of each feed; one query for all."""
    marks = {feed.pk: max(0, feed.last_number - RATE_OVER) for feed in feeds if feed.next_number > 1}
    received: dict[int, tuple[int, datetime]] = {}
    if marks:
        wanted = reduce(or_, (Q(feed=pk, number=number) for pk, number in marks.items()))
        rows = LiveBar.objects.filter(wanted).values_list("feed_id", "number", "received_at")
        received = {pk: (number, at) for pk, number, at in rows}
    return [_health(feed, received.get(feed.pk)) for feed in feeds]


def gaps_of(feed: Feed, *, most: int = 20) -> list[FeedGap]:
    """Where the newest bars leave some out, newest first."""
    steps = (
        LiveBar.objects.filter(feed=feed, number__gt=feed.last_number - GAPS_IN)
        .annotate(previous=Window(Lag("time"), order_by="number"))
        .filter(time__gt=F("previous") + feed.timeframe_ms)
        .order_by("-number")
        .values_list("previous", "time")
    )
    length = feed.timeframe_ms
    return [
        FeedGap(moment(previous + length), moment(time), (time - previous) // length - 1)
        for previous, time in steps[:most]
    ]


def moment(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, tz=UTC)


def _health(feed: Feed, mark: tuple[int, datetime] | None) -> FeedHealth:
    lag_s = per_second = next_at = None
    received, length = feed.last_received_at, feed.timeframe_ms
    if feed.last_time is not None and received is not None:
        closed = moment(feed.last_time + length)
        if feed.speed is None:
            lag_s = max((received - closed).total_seconds(), 0.0)
            next_at = closed + timedelta(milliseconds=length)
        else:
            next_at = received + timedelta(seconds=1 / feed.speed)
        if mark is not None and (took := (received - mark[1]).total_seconds()) > 0:
            per_second = (feed.last_number - mark[0]) / took
    return FeedHealth(
        feed=feed,
        last_bar_at=None if feed.last_time is None else moment(feed.last_time),
        lag_s=lag_s,
        per_second=per_second,
        next_at=next_at if feed.is_active else None,
    )
