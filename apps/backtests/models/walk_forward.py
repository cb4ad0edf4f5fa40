"""Choosing settings on one stretch of bars and trying them on the next, again and again."""

from __future__ import annotations

from django.db import models

from apps.backtests.models.job import FormulaQuestion
from apps.markets.models import BarSet


class WalkForward(FormulaQuestion):
    """A walk-forward over one set of bars; finer bars, where there are any, settle what they can.

    `spec`: {"axes": {input: text}, "settings": how many, and the fields of the engine's WalkForwardSpec}; `summary` is
    what the page shows at once, the trades and the equity of the tests joined are Parquet files.
    """

    bar_set = models.ForeignKey(BarSet, on_delete=models.PROTECT, related_name="+")
    finer_bar_set = models.ForeignKey(
        BarSet, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    data_hash = models.CharField(max_length=64)
    spec = models.JSONField()
    summary = models.JSONField(null=True, blank=True)
    trades_path = models.CharField(max_length=200, blank=True)
    equity_path = models.CharField(max_length=200, blank=True)

    class Meta(FormulaQuestion.Meta):
        pass

    def __str__(self) -> str:
        return f"Walk-forward of {self.formula_name} on {self.bar_set}"
