"""One run of one formula over one set of bars."""

from __future__ import annotations

from django.db import models

from apps.backtests.models.job import FormulaQuestion
from apps.markets.models import BarSet


class Backtest(FormulaQuestion):
    """One run of one formula text over one set of bars; finer bars, where there are any, settle what they can.

    Trades, equity and the full result are Parquet and JSON files on storage; only the summary stands here.
    """

    bar_set = models.ForeignKey(BarSet, on_delete=models.PROTECT, related_name="+")
    finer_bar_set = models.ForeignKey(
        BarSet, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    data_hash = models.CharField(max_length=64)
    slippage_from = models.CharField(
        max_length=200, blank=True, help_text="Where its slippage comes from, when nobody gave one."
    )
    metrics = models.JSONField(null=True, blank=True)
    counts = models.JSONField(null=True, blank=True)
    report = models.JSONField(null=True, blank=True)
    honesty = models.JSONField(null=True, blank=True)
    open_trade = models.JSONField(null=True, blank=True)
    trades_path = models.CharField(max_length=200, blank=True)
    equity_path = models.CharField(max_length=200, blank=True)

    class Meta(FormulaQuestion.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.formula_name} on {self.bar_set}"

    @property
    def bars_total(self) -> int:
        return self.work_total
