"""Live feeds, and the closed bars that came by them."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Workspace
from apps.core.models import BaseModel
from apps.markets.choices import FeedProvider, FeedState
from apps.markets.models.catalogue import Instrument


class Feed(BaseModel):
    """A source of closed bars of one instrument and timeframe. Without a workspace it is shared with everyone.

    `settings` are those of the provider, checked by `rules.feeds`. `next_number` is the number the next bar gets;
    bars are written by whoever holds this row's lock. `worker` runs the feed until `lease_until`, and then anyone may.
    `late_after` and `stale_after` are counts of timeframes without a bar. `last_time` is the opening time of the
    newest bar in epoch milliseconds. `dropped` counts bars that came after a newer one and were not taken.
    """

    workspace = models.ForeignKey(
        Workspace, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="feeds")
    provider = models.CharField(max_length=10, choices=FeedProvider)
    timeframe = models.CharField(max_length=10)
    timeframe_ms = models.BigIntegerField()
    settings = models.JSONField(default=dict)
    late_after = models.FloatField(default=2.0)
    stale_after = models.FloatField(default=3.0)
    is_active = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=FeedState, default=FeedState.IDLE)
    state_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    next_number = models.BigIntegerField(default=0)
    last_time = models.BigIntegerField(null=True)
    last_received_at = models.DateTimeField(null=True)
    dropped = models.BigIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "instrument", "timeframe", "provider"],
                name="markets_feed_unique",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(timeframe_ms__gt=0), name="markets_feed_timeframe_gt_0"),
            models.CheckConstraint(
                condition=Q(late_after__gt=1, stale_after__gt=F("late_after")),
                name="markets_feed_late_then_stale",
            ),
            models.CheckConstraint(
                condition=Q(next_number__gte=0, dropped__gte=0), name="markets_feed_counts_ge_0"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument.symbol} · {self.timeframe} · {self.get_provider_display()}"

    @property
    def last_number(self) -> int:
        """Number of the newest bar; -1 before the first."""
        return self.next_number - 1

    @property
    def speed(self) -> float | None:
        """Bars a second of a replay; None for a feed in real time."""
        return float(self.settings["bars_per_second"]) if self.provider == FeedProvider.REPLAY else None

    @property
    def live_groups(self) -> list[str]:
        """Of connections that watch it, and of those that watch the list it stands in."""
        return [f"feed.{self.pk}", feeds_group(self.workspace_id)]


def feeds_group(workspace_id: int | None) -> str:
    """The group of connections that watch a workspace's feeds; None: the shared ones."""
    return f"feeds.{workspace_id or 'shared'}"


class LiveBar(models.Model):
    """A closed bar as it came. Bars of a feed are numbered 0, 1, 2 …, and their times rise with their numbers.

    `time` is the bar's opening time in epoch milliseconds, as in `Bars`. `is_late`: it came so late after it had
    closed that the feed was late by then, for instance when a gap was filled afterwards.
    """

    pk = models.CompositePrimaryKey("feed_id", "number")
    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="live_bars", db_index=False)
    number = models.BigIntegerField()
    time = models.BigIntegerField()
    open = models.FloatField()
    high = models.FloatField()
    low = models.FloatField()
    close = models.FloatField()
    volume = models.FloatField()
    received_at = models.DateTimeField()
    is_late = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["feed", "time"], name="markets_livebar_time_unique"),
            models.CheckConstraint(condition=Q(number__gte=0), name="markets_livebar_number_ge_0"),
            models.CheckConstraint(condition=Q(low__lte=F("high"), low__gt=0), name="markets_livebar_prices"),
        ]
        indexes = [BrinIndex(fields=["received_at"], name="markets_livebar_received", autosummarize=True)]

    def __str__(self) -> str:
        return f"bar {self.number} of feed {self.feed_id}"
