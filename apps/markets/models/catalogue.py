"""Instruments, and the catalogue of the bars kept for them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.models import User, Workspace
from apps.core.models import BaseModel
from apps.markets.choices import AssetClass


class Instrument(BaseModel):
    """Something with a price. Without a workspace it is shared with everyone, and nobody may change it."""

    workspace = models.ForeignKey(
        Workspace, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    symbol = models.CharField(max_length=40)
    venue = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=120, blank=True)
    asset_class = models.CharField(max_length=10, choices=AssetClass, default=AssetClass.OTHER)
    currency = models.CharField(max_length=10, default="USD")
    timezone = models.CharField(max_length=50, default="UTC")
    # 0 means that there is none; prices and sizes of fills are rounded to them
    tick_size = models.DecimalField(max_digits=24, decimal_places=12, default=0)
    lot_size = models.DecimalField(max_digits=24, decimal_places=12, default=0)
    min_size = models.DecimalField(max_digits=24, decimal_places=12, default=0)
    min_notional = models.DecimalField(max_digits=24, decimal_places=12, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "symbol", "venue"],
                name="markets_instrument_unique",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(tick_size__gte=0, lot_size__gte=0, min_size__gte=0, min_notional__gte=0),
                name="markets_instrument_steps_ge_0",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} on {self.venue}" if self.venue else self.symbol


class BarSet(BaseModel):
    """One catalogued file of bars, which never changes: newer data makes a new set that supersedes this one.

    `content_hash` is that of `Bars`, `path` the name on storage, `timezone` the zone in which days end.
    """

    workspace = models.ForeignKey(
        Workspace, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="bar_sets")
    imported_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    timeframe = models.CharField(max_length=10)
    timeframe_ms = models.BigIntegerField()
    timezone = models.CharField(max_length=50, default="UTC")
    bars = models.PositiveIntegerField()
    first_time = models.DateTimeField()
    last_time = models.DateTimeField()
    content_hash = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    source = models.CharField(max_length=120, blank=True)
    quality = models.JSONField(default=dict)
    is_synthetic = models.BooleanField(default=False)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "instrument", "timeframe"],
                condition=Q(superseded_at=None),
                name="markets_barset_one_current",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(bars__gt=0), name="markets_barset_bars_gt_0"),
        ]

    def __str__(self) -> str:
        synthetic = " · synthetic" if self.is_synthetic else ""
        days = f"{self.first_time:%Y-%m-%d} – {self.last_time:%Y-%m-%d}"
        return f"{self.instrument.symbol} · {self.timeframe} · {days}{synthetic}"
