"""What the market did after a signal."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.markets.models import BarSet
from apps.signals.choices import Unmeasured
from apps.signals.models.intake import Signal


class SignalOutcome(models.Model):
    """Of one signal at one horizon: what it would have made by then, or why that cannot be said.

    `change` is the return in the signal's direction as a share of the entry price; `best` and `worst` are the largest
    excursions for and against it (MFE, MAE) among the whole bars between, None where there are none. Written by SQL.
    """

    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="outcomes")
    horizon_s = models.PositiveIntegerField()
    reason = models.CharField(
        max_length=20, choices=Unmeasured, blank=True, help_text="Why it was not measured."
    )
    entry_price = models.FloatField(null=True)
    exit_price = models.FloatField(null=True)
    exit_at = models.DateTimeField(
        null=True, help_text="The close that was taken, at or shortly before the horizon."
    )
    change = models.FloatField(null=True)
    best = models.FloatField(null=True)
    worst = models.FloatField(null=True)
    bar_set = models.ForeignKey(BarSet, null=True, on_delete=models.SET_NULL, related_name="+")
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signal", "horizon_s"], name="signals_outcome_once"),
            models.CheckConstraint(
                condition=(Q(reason="") & Q(change__isnull=False)) | (~Q(reason="") & Q(change=None)),
                name="signals_outcome_or_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["measured_at"], name="signals_outcome_missing", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.horizon_s} s after signal {self.signal_id}: {self.change if self.reason == '' else self.reason}"
