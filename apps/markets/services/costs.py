"""Keeping what trading has cost: measured by whoever trades, used by whoever looks back."""

from __future__ import annotations

from collections.abc import Sequence

from apps.markets.models import MeasuredCost

KEPT = ("slippage_bps", "error_bps", "orders", "since", "until", "measured_at")


def store_measured_costs(costs: Sequence[MeasuredCost]) -> None:
    """Each in the place of the workspace's former measurement of the instrument."""
    MeasuredCost.objects.bulk_create(
        sorted(costs, key=lambda cost: (cost.workspace_id, cost.instrument_id)),
        update_conflicts=True,
        unique_fields=["workspace", "instrument"],
        update_fields=KEPT,
    )
