"""What trading has cost a workspace, as it was measured."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Workspace
from apps.markets.models.catalogue import Instrument


class MeasuredCost(models.Model):
    """The slippage of a workspace's own orders in an instrument, the newest measurement alone.

    `slippage_bps` is by how many hundredths of a percent they were filled worse than at the price they were decided at
    (negative: better), `error_bps` the standard error of that.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")
    slippage_bps = models.DecimalField(max_digits=9, decimal_places=2)
    error_bps = models.DecimalField(max_digits=9, decimal_places=2)
    orders = models.PositiveIntegerField()
    since = models.DateTimeField(help_text="When the first of them was decided.")
    until = models.DateTimeField(help_text="When the last of them was decided.")
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "instrument"], name="markets_measured_cost_once"),
            models.CheckConstraint(
                condition=models.Q(orders__gt=0, error_bps__gte=0), name="markets_measured_cost_of_orders"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slippage_bps} bps, {self.instrument}"
