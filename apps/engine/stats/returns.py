"""Figures of a series of returns per period (calendar.py). Undefined is nan here, null in a result."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from apps.engine.honesty import sharpe
from apps.engine.honesty.sharpe import Moments
from apps.engine.stats.calendar import Year
from apps.engine.stats.sums import percentile, plain, total

TAIL = 0.05  # the share of periods that value at risk, expected shortfall and tail ratio look at


class ReturnFigures(NamedTuple):
    """Per period, not annualised."""

    mean: float
    deviation: float  # sample standard deviation
    downside: float  # root mean square of the losses, all periods counted
    skew: float
    kurtosis: float
    omega: float
    value_at_risk: float
    expected_shortfall: float
    tail_ratio: float
    best: float
    worst: float
    positive: float  # share of returns above 0
    beta: float
    alpha: float


@njit(cache=True, error_model="numpy")
def period_returns(values, last_of_period):
    """float64[periods - 1]: simple returns between the closes of successive periods."""
    k = len(last_of_period)
    returns = np.empty(max(k - 1, 0))
    for i in range(1, k):
        returns[i - 1] = values[last_of_period[i]] / values[last_of_period[i - 1]] - 1.0
    return returns


@njit(cache=True, error_model="numpy")
def return_figures(returns, market):
    """All figures of the returns; `market` holds buy-and-hold's over the same periods."""
    n = len(returns)
    nan = np.nan
    if n == 0:
        return ReturnFigures(nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan)
    mean = total(returns) / n
    away = returns - mean
    square = away * away
    second = total(square)
    deviation = math.sqrt(second / (n - 1)) if n > 1 else nan
    skew = kurtosis = nan
    if second > 0.0:
        variance = second / n
        skew = total(square * away) / n / (variance * math.sqrt(variance))
        kurtosis = total(square * square) / n / (variance * variance)
    losses = np.minimum(returns, 0.0)
    lost = -total(losses)
    downside = math.sqrt(total(losses * losses) / n) if n > 1 else nan  # as for the other ratios
    ordered = np.sort(returns)
    low, high = percentile(ordered, TAIL), percentile(ordered, 1.0 - TAIL)
    tail = 0
    while tail < n and ordered[tail] <= low:
        tail += 1
    positive = 0
    for value in returns:
        positive += value > 0.0
    market_mean = total(market) / n
    market_away = market - market_mean
    market_second = total(market_away * market_away)
    beta = total(away * market_away) / market_second if market_second > 0.0 else nan
    return ReturnFigures(
        mean, deviation, downside, skew, kurtosis,
        total(np.maximum(returns, 0.0)) / lost if lost > 0.0 else nan,
        -low,
        -total(ordered[:tail]) / tail,
        abs(high / low),
        ordered[n - 1], ordered[0], positive / n,
        beta, mean - beta * market_mean,
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def month_returns(values, last_of_month, start):
    """float64[months]: the change over each month, the first since `start`."""
    returns = np.empty(len(last_of_month))
    before = start
    for i in range(len(last_of_month)):
        returns[i] = values[last_of_month[i]] / before - 1.0
        before = values[last_of_month[i]]
    return returns


def moments_of(equity: NDArray[np.float64], year: Year) -> Moments:
    """The moments of an equity curve's returns per period, not annualised: what the trial ledger keeps of a run."""
    return sharpe.moments_of(period_returns(plain(equity), year.last_of_period))
