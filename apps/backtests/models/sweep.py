"""One formula over many settings and markets: the question, its markets, and the chunks workers take."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone

from apps.backtests.models.job import FormulaQuestion, Job
from apps.markets.models import BarSet


class Sweep(FormulaQuestion):
    """A grid or a random search over a formula's inputs, on one or several markets.

    `spec`: {"axes": {input: text}, "mode": "grid" | "random", "count", "seed", "metric", "settings": how many}. Its
    work is done in chunks; the one that ends last puts the cells together: `cells_path`, Parquet, a row per market
    and setting. `parameters` are the costs, the same on every market; `work_total` counts the cells.
    """

    spec = models.JSONField()
    cells_path = models.CharField(max_length=200, blank=True)
    summary = models.JSONField(null=True, blank=True)

    class Meta(FormulaQuestion.Meta):
        pass

    def __str__(self) -> str:
        return f"Sweep of {self.formula_name}"

    def standing(self) -> tuple[int, int, float]:
        """Cells done over all chunks, cells in all, and seconds since the first chunk began."""
        done = self.chunks.aggregate(done=Sum("work_done"))["done"] or 0
        began = type(self).objects.filter(pk=self.pk).values_list("started_at", flat=True).first()
        return done, self.work_total, (timezone.now() - began).total_seconds() if began else 0.0


class SweepMarket(models.Model):
    """One of the markets a sweep runs on, in the order they were chosen.

    `instrument`: its steps and smallest sizes when the sweep was asked for (tick, lot, min_size, min_notional).
    """

    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="markets")
    bar_set = models.ForeignKey(BarSet, on_delete=models.PROTECT, related_name="+")
    finer_bar_set = models.ForeignKey(
        BarSet, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    instrument = models.JSONField(default=dict)
    order = models.PositiveIntegerField()

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["sweep", "order"], name="backtests_sweepmarket_order_unique"),
            models.UniqueConstraint(fields=["sweep", "bar_set"], name="backtests_sweepmarket_bars_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.sweep} on {self.bar_set}"


class SweepChunk(Job):
    """Cells first..last-1 of a sweep on one of its markets. A lost worker's chunk starts again; the others stand."""

    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="chunks")
    market = models.ForeignKey(SweepMarket, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    cells_path = models.CharField(max_length=200, blank=True)

    class Meta(Job.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["sweep", "number"], name="backtests_sweepchunk_number_unique"),
            models.CheckConstraint(
                condition=Q(last__gt=models.F("first")), name="backtests_sweepchunk_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"Chunk {self.number} of {self.sweep}"
