"""All metrics of one run, by name. Definitions and sources: docs/metrics.md."""

from __future__ import annotations

import math

import numpy as np

from apps.engine.bars import Bars
from apps.engine.sim.run import SimResult
from apps.engine.stats.calendar import DAY_MS, Year
from apps.engine.stats.equity import FallFigures, cagr, fall_figures
from apps.engine.stats.market import market_of
from apps.engine.stats.returns import month_returns, period_returns, return_figures
from apps.engine.stats.sums import plain
from apps.engine.stats.trades import TradeFigures, trade_figures

Metrics = dict[str, float | int | None]


def metrics_of(result: SimResult, bars: Bars, cash: float, year: Year | None = None) -> Metrics:
    """The metrics of a run over `bars` (at least one) that began with `cash`; what is undefined is None.

    `year` is the calendar of the run's bars where it is at hand; without it that of `bars` is found once and kept.
    """
    n = len(result.equity)
    market = market_of(bars, n, year)
    year = market.year
    per_year = year.periods_per_year
    equity = plain(result.equity)
    returns = return_figures(period_returns(equity, year.last_of_period), market.returns)
    months = month_returns(equity, year.last_of_month, float(cash))
    falls = fall_figures(equity, float(cash))
    rows = result.trades
    trades = trade_figures(
        rows.side, rows.size, rows.entry_price, rows.exit_price, rows.entry_index, rows.exit_index,
        rows.carry, rows.pnl,
    )  # fmt: skip
    held, traded, carry = trades.bars_held, trades.traded, trades.carry
    if result.open_trade is not None:
        held += n - result.open_trade.entry_index
        traded += result.open_trade.size * result.open_trade.entry_price
        carry += result.open_trade.carry
    final = float(equity[-1])
    growth = cagr(cash, final, year.years)
    scale = math.sqrt(per_year)
    count = len(rows)
    figures: dict[str, float | int] = {
        "final_equity": final,
        "net_profit": final - cash,
        "total_return": final / cash - 1.0,
        "cagr": growth,
        "volatility": returns.deviation * scale,
        "sharpe": _ratio(returns.mean, returns.deviation) * scale,
        "sortino": _ratio(returns.mean, returns.downside) * scale,
        "calmar": _ratio(growth, falls.deepest),
        "omega": returns.omega,
        "skew": returns.skew,
        "kurtosis": returns.kurtosis,
        "value_at_risk": returns.value_at_risk,
        "expected_shortfall": returns.expected_shortfall,
        "tail_ratio": returns.tail_ratio,
        "best_day": returns.best,
        "worst_day": returns.worst,
        "positive_days": returns.positive,
        "best_month": float(np.max(months)),
        "worst_month": float(np.min(months)),
        "positive_months": int(np.count_nonzero(months > 0)) / len(months),
        **_falls(falls, result, bars, final - cash),
        "buy_and_hold": market.total_return,
        "buy_and_hold_cagr": market.cagr,
        "buy_and_hold_volatility": market.volatility,
        "buy_and_hold_sharpe": market.sharpe,
        "buy_and_hold_max_drawdown": market.max_drawdown,
        "alpha": returns.alpha * per_year,
        "beta": returns.beta,
        **_trades(trades, count),
        "trades_per_year": count / year.years,
        "exposure": held / n,
        "turnover": traded / cash,
        "fees": result.fees,
        "borrow": carry,
        "periods_per_year": per_year,
        "years": year.years,
    }
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}


def _falls(falls: FallFigures, result: SimResult, bars: Bars, profit: float) -> dict[str, float | int]:
    return {
        "max_drawdown": falls.deepest,
        "max_drawdown_amount": falls.deepest_amount,
        "avg_drawdown": falls.mean_depth,
        "max_drawdown_duration_bars": falls.longest_stop - falls.longest_start,
        "max_drawdown_duration_days": days_between(
            result.time, falls.longest_start, falls.longest_stop, bars.timeframe_ms
        ),
        "time_under_water": falls.under / len(result.equity),
        "ulcer_index": falls.ulcer,
        "recovery_factor": _ratio(profit, falls.deepest_amount),
    }


def _trades(trades: TradeFigures, count: int) -> dict[str, float | int]:
    win_rate = _ratio(trades.won, count)
    expectancy = _ratio(trades.pnl, count)
    average_win, average_loss = _ratio(trades.gained, trades.won), _ratio(trades.given, trades.lost)
    payoff = _ratio(average_win, -average_loss)
    return {
        "trades": count,
        "winning_trades": trades.won,
        "losing_trades": trades.lost,
        "win_rate": win_rate,
        "gross_profit": trades.gained,
        "gross_loss": trades.given,
        "profit_factor": _ratio(trades.gained, -trades.given),
        "expectancy": expectancy,
        "avg_win": average_win,
        "avg_loss": average_loss,
        "payoff_ratio": payoff,
        "kelly": win_rate - _ratio(1.0 - win_rate, payoff),
        "largest_win": trades.largest_win,
        "largest_loss": trades.largest_loss,
        "avg_trade": trades.mean_return,
        "best_trade": trades.best_return,
        "worst_trade": trades.worst_return,
        "avg_bars_held": _ratio(trades.bars_held, count),
        "avg_bars_won": _ratio(trades.bars_won, trades.won),
        "avg_bars_lost": _ratio(trades.bars_lost, trades.lost),
        "max_consecutive_wins": trades.most_wins,
        "max_consecutive_losses": trades.most_losses,
        "sqn": math.sqrt(count) * _ratio(expectancy, trades.deviation),
        "long_trades": trades.longs,
        "long_win_rate": _ratio(trades.longs_won, trades.longs),
        "long_pnl": trades.long_pnl,
        "short_trades": trades.shorts,
        "short_win_rate": _ratio(trades.shorts_won, trades.shorts),
        "short_pnl": trades.short_pnl,
    }


def _ratio(over: float, under: float) -> float:
    """over / under; nan unless `under` is positive."""
    return over / under if under > 0 else math.nan


def days_between(time: np.ndarray, start: int, stop: int, timeframe_ms: int) -> float:
    """Length of bars start..stop-1 in days, from the opening of the first to the close of the last."""
    if stop == start:
        return 0.0
    return (int(time[stop - 1]) - int(time[start]) + timeframe_ms) / DAY_MS
