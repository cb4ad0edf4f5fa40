"""A backtest: what was asked, how far it is, and where its result lies."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.models import User, Workspace
from apps.backtests.choices import FINISHED, Status
from apps.core.models import BaseModel
from apps.formulas.models import Formula
from apps.markets.models import BarSet


class Backtest(BaseModel):
    """One run of one formula text over one set of bars.

    `identity` hashes formula, data, range, parameters and engine: what has the same identity has the same bytes.
    Trades, equity and the full result are Parquet and JSON files on storage; only the summary stands here.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    formula = models.ForeignKey(Formula, null=True, on_delete=models.SET_NULL, related_name="backtests")
    bar_set = models.ForeignKey(BarSet, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    formula_name = models.CharField(max_length=120)
    formula_text = models.TextField()
    formula_hash = models.CharField(max_length=64)
    data_hash = models.CharField(max_length=64)
    parameters = models.JSONField()
    start = models.DateField(null=True, blank=True)
    end = models.DateField(null=True, blank=True)
    engine_version = models.CharField(max_length=20)
    identity = models.CharField(max_length=64)

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    bars_total = models.PositiveIntegerField(default=0)
    bars_done = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    result_hash = models.CharField(max_length=64, blank=True)
    metrics = models.JSONField(null=True, blank=True)
    counts = models.JSONField(null=True, blank=True)
    hashes = models.JSONField(null=True, blank=True)
    open_trade = models.JSONField(null=True, blank=True)
    trades_path = models.CharField(max_length=200, blank=True)
    equity_path = models.CharField(max_length=200, blank=True)
    result_path = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="backtests_backtest_recent"),
            models.Index(
                fields=["status", "lease_until"],
                condition=Q(status__in=["queued", "running"]),
                name="backtests_backtest_unfinished",
            ),
        ]
        constraints = [
            # One finished or waiting run per identity: the same question is answered from store.
            models.UniqueConstraint(
                fields=["workspace", "identity"],
                condition=Q(status__in=["queued", "running", "done"]),
                name="backtests_backtest_identity_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.formula_name} on {self.bar_set}"

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def percent(self) -> int:
        return round(100 * self.bars_done / self.bars_total) if self.bars_total else 0

    @property
    def live_group(self) -> str:
        """The Channels group that hears of this run's progress."""
        return f"backtest.{self.uuid}"

    @property
    def meter_key(self) -> str:
        """Names this run's quota reservation."""
        return f"backtest:{self.uuid}"
