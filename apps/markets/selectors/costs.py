"""Reads of what trading has cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.markets.models import Instrument, MeasuredCost
from apps.markets.rules.costs import ENOUGH_ORDERS, assumed_bps


@dataclass(frozen=True, slots=True)
class Slippage:
    """What a backtest assumes in an instrument, and where that comes from, in words."""

    bps: Decimal
    words: str


def measured_costs_of(workspace: Workspace) -> list[MeasuredCost]:
    """By symbol; those of few orders too."""
    found = MeasuredCost.objects.filter(workspace=workspace).select_related("instrument")
    return list(found.order_by("instrument__symbol", "pk"))


def slippage_by_symbol(workspace: Workspace) -> dict[str, Decimal]:
    """What backtests assume where the workspace's own orders were enough to measure it."""
    return {
        cost.instrument.symbol: assumed_bps(cost.slippage_bps)
        for cost in measured_costs_of(workspace)
        if cost.orders >= ENOUGH_ORDERS
    }


def slippage_of(workspace: Workspace, instrument: Instrument) -> Slippage | None:
    """None where it was not measured, or from too few orders."""
    cost = MeasuredCost.objects.filter(
        workspace=workspace, instrument=instrument, orders__gte=ENOUGH_ORDERS
    ).first()
    if cost is None:
        return None
    words = gettext(
        "Measured from {orders} of the workspace's own orders in {symbol} until {until:%Y-%m-%d}: {slippage_bps} ± "
        "{error_bps} bps."
    ).format(
        orders=cost.orders,
        symbol=instrument.symbol,
        until=cost.until,
        slippage_bps=cost.slippage_bps,
        error_bps=cost.error_bps,
    )
    return Slippage(assumed_bps(cost.slippage_bps), words)
