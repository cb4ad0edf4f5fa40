"""Figures of a list of closed trades. Undefined is nan here, null in a result."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from apps.engine.stats.equity import longest_run

Floats = NDArray[np.float64]


def profit_factor(pnl: Floats) -> float:
    """All that was won over all that was lost; nan without a loss."""
    lost = -float(np.sum(pnl[pnl < 0]))
    return float(np.sum(pnl[pnl > 0])) / lost if lost > 0 else math.nan


def sqn(pnl: Floats) -> float:
    """System quality number (Tharp 2008): root of the number of trades x mean / sample deviation of pnl."""
    if len(pnl) < 2:
        return math.nan
    deviation = float(np.std(pnl, ddof=1))
    return math.sqrt(len(pnl)) * float(np.mean(pnl)) / deviation if deviation > 0 else math.nan


def trade_figures(pnl: Floats, returns: Floats, bars_held: NDArray[np.int64]) -> dict[str, float | int]:
    """Counts, averages and extremes of k closed trades, in the order of their exits."""
    won, lost = pnl > 0, pnl < 0
    first_win, after_wins = longest_run(won)
    first_loss, after_losses = longest_run(lost)
    return {
        "trades": len(pnl),
        "winning_trades": int(np.count_nonzero(won)),
        "losing_trades": int(np.count_nonzero(lost)),
        "win_rate": _mean(won.astype(np.float64)),
        "profit_factor": profit_factor(pnl),
        "expectancy": _mean(pnl),
        "avg_win": _mean(pnl[won]),
        "avg_loss": _mean(pnl[lost]),
        "avg_trade": _mean(returns),
        "best_trade": float(np.max(returns)) if len(returns) else math.nan,
        "worst_trade": float(np.min(returns)) if len(returns) else math.nan,
        "avg_bars_held": _mean(bars_held.astype(np.float64)),
        "max_consecutive_wins": after_wins - first_win,
        "max_consecutive_losses": after_losses - first_loss,
        "sqn": sqn(pnl),
    }


def _mean(values: Floats) -> float:
    return float(np.mean(values)) if len(values) else math.nan
