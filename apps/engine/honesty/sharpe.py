"""The Sharpe ratio as an estimate: its moments, how sure it is, and how much of it the number of trials explains.

Everything is per period, never annualised, and kurtosis is not excess (3 for the normal law). A figure that is not
defined is None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.honesty.errors import HonestyError

NORMAL = NormalDist()
EULER_GAMMA = 0.5772156649015329
CONFIDENCE = 0.95
# The variance of a Sharpe ratio's estimate is a square, (1 - skew x sharpe / 2)², for returns of two values only and
# larger for all others; below this it is rounding.
NO_VARIANCE = 1e-12

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """What the statistics need to know of `periods` returns."""

    sharpe: float | None  # mean / sample standard deviation
    skew: float | None  # third central moment / second^1.5, over the population
    kurtosis: float | None  # fourth central moment / second², over the population
    periods: int

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Moments:
        """From a mapping with these four names; others in it are ignored."""
        return cls(values["sharpe"], values["skew"], values["kurtosis"], int(values["periods"]))

    def as_dict(self) -> dict[str, float | int | None]:
        """The four values by name."""
        return asdict(self)


@dataclass(frozen=True)
class Trials:
    """How many variants were tried, the judged one included, and how far their Sharpe ratios lay apart."""

    count: int
    sharpe_variance: float | None = (
        None  # sample variance over the trials, per period; None where it is not known
    )

    def __post_init__(self) -> None:
        if self.count < 1:
            raise HonestyError(
                f"{self.count} trials: the judged variant counts as one, so at least 1 is right"
            )
        variance = self.sharpe_variance
        if variance is not None and not (math.isfinite(variance) and variance >= 0):
            raise HonestyError(
                f"the variance of the trials' Sharpe ratios is {variance}: it must be 0 or more"
            )

    @classmethod
    def annualised(cls, count: int, sharpe_variance: float | None, periods_per_year: float) -> Trials:
        """From the variance of annualised Sharpe ratios."""
        per_period = None if sharpe_variance is None else sharpe_variance / periods_per_year
        return cls(count, per_period)


def moments_of(returns: Floats) -> Moments:
    """Moments of float64[T] returns. All None for fewer than two of them, where they do not differ, and where their
    fourth powers are more than a number can hold."""
    n = len(returns)
    if n < 2 or float(returns.max()) == float(returns.min()):
        return Moments(None, None, None, n)
    mean = _mean(returns)
    away = returns - mean
    with np.errstate(over="ignore", invalid="ignore"):
        squares = away * away
        second = _mean(squares)
        fourth = _mean(squares * squares)
        third = _mean(squares * away)
    if second * second == 0.0 or not math.isfinite(fourth):  # a spread too small for a double, or too large
        return Moments(None, None, None, n)
    skew = third / second**1.5
    kurtosis = fourth / (second * second)
    return Moments(mean / math.sqrt(second * n / (n - 1)), skew, kurtosis, n)


def _mean(values: Floats) -> float:
    """As `np.mean`, which looks at more than we ask and takes three times as long for a year of days."""
    return float(np.add.reduce(values)) / len(values)


def estimator_variance(moments: Moments) -> float | None:
    """1 - skew x sharpe + (kurtosis - 1) / 4 x sharpe²: over T - 1, the variance of the estimated Sharpe ratio.

    Mertens 2002, as Bailey & López de Prado 2012 use it. None where a moment is missing or the value is not positive,
    which moments of real returns reach only for two distinct values.
    """
    sharpe, skew, kurtosis = moments.sharpe, moments.skew, moments.kurtosis
    if sharpe is None or skew is None or kurtosis is None:
        return None
    variance = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    return variance if variance > NO_VARIANCE else None


def probabilistic_sharpe(moments: Moments, benchmark: float = 0.0) -> float | None:
    """Probability that the true Sharpe ratio is above the benchmark (Bailey & López de Prado 2012).

    None for fewer than two returns and where `estimator_variance` is.
    """
    variance = estimator_variance(moments)
    if variance is None or moments.sharpe is None or moments.periods < 2:
        return None
    return NORMAL.cdf((moments.sharpe - benchmark) * math.sqrt(moments.periods - 1) / math.sqrt(variance))


def min_track_record(
    moments: Moments, benchmark: float = 0.0, confidence: float = CONFIDENCE
) -> float | None:
    """Returns needed, moments as they are, to be that confident of a Sharpe ratio above the benchmark (same source).

    None where no length is enough: the Sharpe ratio is not above the benchmark.
    """
    variance = estimator_variance(moments)
    if variance is None or moments.sharpe is None or moments.sharpe <= benchmark:
        return None
    ratio = NORMAL.inv_cdf(confidence) / (moments.sharpe - benchmark)
    return _finite(1.0 + variance * ratio * ratio)


def expected_max(count: int) -> float:
    """Expected largest of `count` draws of a standard normal variable; 0 for one draw.

    The approximation of Bailey, Borwein, López de Prado & Zhu 2014 for more: within 0.05 from two draws on.
    """
    if count == 1:
        return 0.0
    # The quantile of 1 - p is minus that of p, which stays exact for a large count.
    return -(
        (1.0 - EULER_GAMMA) * NORMAL.inv_cdf(1.0 / count)
        + EULER_GAMMA * NORMAL.inv_cdf(1.0 / (count * math.e))
    )


def expected_max_sharpe(trials: Trials, periods: int) -> float | None:
    """The Sharpe ratio that the best of the trials is expected to show when none has an edge.

    Where the spread of the trials is unknown, it is that of estimates from `periods` returns without an edge,
    1 / (periods - 1); None for fewer than two.
    """
    if trials.count == 1:
        return 0.0
    variance = trials.sharpe_variance
    if variance is None:
        if periods < 2:
            return None
        variance = 1.0 / (periods - 1)
    return math.sqrt(variance) * expected_max(trials.count)


def deflated_sharpe(moments: Moments, trials: Trials) -> float | None:
    """Probability that the true Sharpe ratio is above the best that chance would show (Bailey & López de Prado 2014).

    For one trial this is the probabilistic Sharpe ratio against 0.
    """
    best_by_chance = expected_max_sharpe(trials, moments.periods)
    return None if best_by_chance is None else probabilistic_sharpe(moments, best_by_chance)


def min_backtest_years(count: int, annual_sharpe: float) -> float | None:
    """Years up to which the best of `count` variants without an edge is expected to show that annual Sharpe ratio.

    MinBTL of Bailey, Borwein, López de Prado & Zhu 2014, before its upper bound. None for a ratio that is not positive.
    """
    if annual_sharpe <= 0:
        return None
    ratio = expected_max(count) / annual_sharpe
    return _finite(ratio * ratio)


def _finite(value: float) -> float | None:
    """None for a length beyond any number: an edge of next to nothing."""
    return value if math.isfinite(value) else None
