"""Choosing settings on one stretch of bars and trying them on the next, again and again."""

from __future__ import annotations

from django.db import models

from apps.backtests.models.job import FormulaQuestion
from apps.markets.models import BarSet


class WalkForward(FormulaQuestion):
    """A walk-forward over one set of bars.

    `spec`: {"axes": {input: text}, "folds", "mode", "purge_bars", "embargo_bars", "metric" ...}; `summary` is what
    the page shows at once, the equity a Parquet file.
    """

    bar_set = models.ForeignKey(BarSet, on_delete=models.PROTECT, related_name="+")
    data_hash = models.CharField(max_length=64)
    spec = models.JSONField()
    summary = models.JSONField(null=True, blank=True)
    equity_path = models.CharField(max_length=200, blank=True)

    class Meta(FormulaQuestion.Meta):
        pass

    def __str__(self) -> str:
        return f"Walk-forward of {self.formula_name} on {self.bar_set}"
