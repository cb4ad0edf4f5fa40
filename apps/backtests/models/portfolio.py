"""Several formulas, or one on several markets, from one cash account."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q

from apps.backtests.models.job import Question
from apps.formulas.models import Formula
from apps.markets.models import BarSet


class PortfolioRun(Question):
    """A portfolio over a union calendar. `parameters` holds cash, costs and the rebalancing.

    `summary`: the legs' figures and how their profits correlate; what each leg brought and held, day by day, is the
    Parquet file `daily_path`.
    """

    name = models.CharField(max_length=120)
    start: models.DateField[date | None, Any] = models.DateField(null=True, blank=True)
    end: models.DateField[date | None, Any] = models.DateField(null=True, blank=True)
    metrics = models.JSONField(null=True, blank=True)
    counts = models.JSONField(null=True, blank=True)
    summary = models.JSONField(null=True, blank=True)
    trades_path = models.CharField(max_length=200, blank=True)
    equity_path = models.CharField(max_length=200, blank=True)
    daily_path = models.CharField(max_length=200, blank=True)

    class Meta(Question.Meta):
        pass

    def __str__(self) -> str:
        return self.name


class PortfolioLeg(models.Model):
    """One formula on one market, with its share of the account.

    `instrument`: its steps and smallest sizes when the portfolio was asked for (tick, lot, min_size, min_notional).
    """

    run = models.ForeignKey(PortfolioRun, on_delete=models.CASCADE, related_name="legs")
    order = models.PositiveIntegerField()
    bar_set = models.ForeignKey(BarSet, on_delete=models.PROTECT, related_name="+")
    finer_bar_set = models.ForeignKey(
        BarSet, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    instrument = models.JSONField(default=dict)
    formula = models.ForeignKey(Formula, null=True, on_delete=models.SET_NULL, related_name="+")
    formula_name = models.CharField(max_length=120)
    formula_text = models.TextField()
    formula_hash = models.CharField(max_length=64)
    lineage = models.UUIDField()
    settings = models.JSONField(default=dict)
    weight = models.FloatField()  # a fraction of equity: the float the engine takes

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["run", "order"], name="backtests_portfolioleg_order_unique"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="backtests_portfolioleg_weight_gt_0"),
        ]

    def __str__(self) -> str:
        return f"{self.formula_name} on {self.bar_set}"
