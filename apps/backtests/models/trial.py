"""The trial ledger: every variant ever tried of a formula, so that luck can be told from skill."""

from __future__ import annotations

from django.db import models

from apps.backtests.choices import TriedBy


class Trial(models.Model):
    """One distinct combination of formula, inputs, costs and data that was run.

    Rows are only ever inserted: a database trigger refuses the rest, and no foreign key could take one away. `lineage`
    is the formula's uuid (of a text that was never kept, one derived from workspace and text). Moments are those of
    the run's returns per period, `sharpe` not annualised and null where there is no spread.
    """

    lineage = models.UUIDField()
    workspace = models.UUIDField()
    formula_hash = models.CharField(max_length=64)
    data_hash = models.CharField(max_length=64)
    parameters_hash = models.CharField(max_length=64)
    engine_version = models.CharField(max_length=20)
    source = models.CharField(max_length=20, choices=TriedBy)
    sharpe = models.FloatField(null=True)
    skew = models.FloatField(null=True)
    kurtosis = models.FloatField(null=True)
    periods = models.PositiveIntegerField(default=0)
    total_return = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lineage", "formula_hash", "data_hash", "parameters_hash"],
                name="backtests_trial_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} of {self.lineage}"
