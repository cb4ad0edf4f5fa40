"""All metrics of one run, by name. Definitions and sources: docs/metrics.md."""

from __future__ import annotations

import math

import numpy as np

from apps.engine.bars import Bars
from apps.engine.sim.run import SimResult
from apps.engine.stats import equity as of_equity
from apps.engine.stats.calendar import DAY_MS, year_of
from apps.engine.stats.trades import trade_figures

Metrics = dict[str, float | int | None]


def metrics_of(result: SimResult, bars: Bars, cash: float) -> Metrics:
    """The metrics of a run over `bars` (at least one) that began with `cash`; what is undefined is None."""
    equity = result.equity
    n = len(equity)
    year = year_of(result.time, bars.timeframe_ms, bars.timezone)
    returns = of_equity.period_returns(equity, year.last_of_period)
    below = of_equity.drawdowns(equity, cash)
    under_from, under_to = of_equity.longest_run(below > 0)
    final = float(equity[-1])
    growth = of_equity.cagr(cash, final, year.years)
    deepest = max(0.0, float(np.max(below)))
    trades = result.trades
    held = int(np.sum(trades.bars_held))
    traded = float(np.sum(trades.size * trades.entry_price) + np.sum(trades.size * trades.exit_price))
    if result.open_trade is not None:
        held += n - result.open_trade.entry_index
        traded += result.open_trade.size * result.open_trade.entry_price
    figures: dict[str, float | int] = {
        "final_equity": final,
        "total_return": final / cash - 1.0,
        "buy_and_hold": float(bars.close[n - 1] / bars.close[0] - 1.0),
        "cagr": growth,
        "volatility": of_equity.volatility(returns, year.periods_per_year),
        "sharpe": of_equity.sharpe(returns, year.periods_per_year),
        "sortino": of_equity.sortino(returns, year.periods_per_year),
        "calmar": growth / deepest if deepest > 0 else math.nan,
        "max_drawdown": deepest,
        "max_drawdown_duration_bars": under_to - under_from,
        "max_drawdown_duration_days": _days(result, bars, under_from, under_to),
        **trade_figures(trades.pnl, trades.returns, trades.bars_held),
        "exposure": held / n,
        "turnover": traded / cash,
        "fees": result.fees,
        "periods_per_year": year.periods_per_year,
        "years": year.years,
    }
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}


def _days(result: SimResult, bars: Bars, start: int, stop: int) -> float:
    """Length of bars start..stop-1, from the opening of the first to the close of the last."""
    if stop == start:
        return 0.0
    return (int(result.time[stop - 1]) - int(result.time[start]) + bars.timeframe_ms) / DAY_MS
