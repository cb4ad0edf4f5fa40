"""Figures of an equity curve. Undefined is nan here, null in a result."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def period_returns(equity: Floats, last_of_period: NDArray[np.int64]) -> Floats:
    """Simple returns between the closes of successive periods: float64[periods - 1]."""
    closes = equity[last_of_period]
    return closes[1:] / closes[:-1] - 1.0


def drawdowns(equity: Floats, cash: float) -> Floats:
    """float64[n]: how far each value lies below the highest so far, starting cash included, as a fraction."""
    peak = np.maximum(np.maximum.accumulate(equity), cash)
    return 1.0 - equity / peak


def longest_run(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """First and one-past-last index of the longest run of true values, the first of equals; (0, 0) for none."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    starts, stops = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    longest = int(np.argmax(stops - starts))
    return int(starts[longest]), int(stops[longest])


def cagr(cash: float, final: float, years: float) -> float:
    """Compound growth per year; nan where nothing is left or the run has no length."""
    if final <= 0 or years <= 0:
        return math.nan
    exponent = math.log(final / cash) / years
    return math.expm1(exponent) if exponent < 700 else math.nan


def volatility(returns: Floats, periods_per_year: float) -> float:
    """Sample standard deviation of the returns, per year."""
    if len(returns) < 2:
        return math.nan
    return float(np.std(returns, ddof=1)) * math.sqrt(periods_per_year)


def sharpe(returns: Floats, periods_per_year: float) -> float:
    """Mean over sample standard deviation, per year, without a risk-free rate (Sharpe 1994)."""
    deviation = volatility(returns, periods_per_year)
    if not deviation > 0:
        return math.nan
    return float(np.mean(returns)) * periods_per_year / deviation


def sortino(returns: Floats, periods_per_year: float) -> float:
    """Mean over the root mean square of the losses, all periods counted, per year (Sortino & Price 1994)."""
    if len(returns) < 2:
        return math.nan
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    if not downside > 0:
        return math.nan
    return float(np.mean(returns)) / downside * math.sqrt(periods_per_year)
