"""Buy-and-hold over the bars of a run: what the market did by itself, without costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.stats.calendar import Year, year_of
from apps.engine.stats.equity import cagr, fall_figures
from apps.engine.stats.returns import period_returns, return_figures
from apps.engine.stats.sums import plain


@dataclass(frozen=True)
class Market:
    """From the first close to the last; ratios as of a run. Undefined is nan."""

    year: Year
    returns: NDArray[np.float64]  # per period
    total_return: float
    cagr: float
    volatility: float
    sharpe: float
    max_drawdown: float


_known: WeakKeyDictionary[Bars, Market] = WeakKeyDictionary()


def market_of(bars: Bars, count: int, year: Year | None = None) -> Market:
    """Buy-and-hold over the first `count` bars (at least one), whose calendar is `year` where it is at hand.

    That of all bars is kept as long as they are: a sweep asks for it once per cell.
    """
    if count == len(bars):
        known = _known.get(bars)
        if known is None:
            known = _known[bars] = _market(bars, count, year)
        return known
    return _market(bars, count, year)


def _market(bars: Bars, count: int, year: Year | None) -> Market:
    year = year or year_of(bars.time[:count], bars.timeframe_ms, bars.timezone)
    close = plain(bars.close[:count])
    first, last = float(close[0]), float(close[-1])
    returns = period_returns(close, year.last_of_period)
    figures = return_figures(returns, returns)
    scale = math.sqrt(year.periods_per_year)
    return Market(
        year=year,
        returns=returns,
        total_return=last / first - 1.0 if first else math.nan,
        cagr=cagr(first, last, year.years),
        volatility=figures.deviation * scale,
        sharpe=figures.mean / figures.deviation * scale if figures.deviation > 0 else math.nan,
        max_drawdown=fall_figures(close, first).deepest,
    )
