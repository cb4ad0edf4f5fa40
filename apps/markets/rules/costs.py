"""From a measured slippage to the one that a backtest assumes."""

from __future__ import annotations

from decimal import Decimal

ENOUGH_ORDERS = 20  # fewer say little: the error of the mean is then most of it
HIGHEST_BPS = Decimal(1000)  # what a backtest takes


def is_enough(orders: int) -> bool:
    return orders >= ENOUGH_ORDERS


def assumed_bps(measured: Decimal) -> Decimal:
    """Orders that were filled better than decided are no promise for the past: nothing is gained by slippage."""
    return min(max(measured, Decimal(0)), HIGHEST_BPS)
