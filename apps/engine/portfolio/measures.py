"""What a portfolio's run says: the metrics of its one curve, and what each leg brought to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.portfolio.run import PortfolioSimulation
from apps.engine.sim.rules import new_account
from apps.engine.sim.trades import SimResult, Trades
from apps.engine.stats.metrics import Metrics, metrics_of


def portfolio_metrics(found: PortfolioSimulation, cash: float, timeframe_ms: int, timezone: str) -> Metrics:
    """The metrics of docs/metrics.md; `buy_and_hold` holds the legs at their weights, `exposure` is the part of the
    closes with any position, `avg_bars_held` counts each leg's own bars."""
    trades = found.trades
    points = len(found.equity)
    held = found.hold
    market = Bars(found.time, held, held, held, held, np.zeros(points), timeframe_ms, timezone)
    result = SimResult(
        trades=Trades(
            side=trades.side,
            entry_index=np.searchsorted(found.time, trades.entry_time).astype(np.int64),
            exit_index=np.searchsorted(found.time, trades.exit_time).astype(np.int64),
            entry_price=trades.entry_price,
            exit_price=trades.exit_price,
            size=trades.size,
            entry_fee=trades.entry_fee,
            exit_fee=trades.exit_fee,
            carry=trades.carry,
            pnl=trades.pnl,
            reason=trades.reason,
            bars=market,
            at_close=False,
        ),
        open_trade=None,
        equity=found.equity,
        time=found.time,
        cash=found.cash,
        fees=found.fees,
        counts=found.counts,
        account=new_account(cash),
    )
    traded = float(np.sum(trades.size * trades.entry_price) + np.sum(trades.size * trades.exit_price))
    for trade in found.open_trades.values():
        traded += trade.size * trade.entry_price
    own: Metrics = {
        "exposure": int(np.count_nonzero(found.gross)) / points,
        "turnover": traded / cash,
        "avg_bars_held": float(np.mean(trades.bars_held.astype(np.float64))) if len(trades) else None,
    }
    return metrics_of(result, market, cash) | own


def leg_figures(found: PortfolioSimulation, cash: float) -> list[dict[str, Any]]:
    """Of each leg: profit (all fees, open position marked), that over the starting cash, how long and how large it
    stood in the market, trades and counts."""
    figures = []
    points = len(found.equity)
    for k, leg in enumerate(found.legs):
        own = found.trades.leg == k
        profit = float(found.contributions[-1, k])
        figures.append(
            {
                "profit": profit,
                "contribution": profit / cash,
                "exposure": int(leg["held_points"]) / points,
                "average_share": float(leg["share_sum"]) / points,
                "trades": int(np.count_nonzero(own)),
                "winning_trades": int(np.count_nonzero(found.trades.pnl[own] > 0)),
                "fees": float(leg["fees"]),
                "counts": found.leg_counts[k],
            }
        )
    return figures


def correlation(contributions: NDArray[np.float64]) -> list[list[float | None]]:
    """Pearson's correlation of the legs' profits per period, from float64[s, n] of profits so far; None where a leg
    has none that varies."""
    changes = np.diff(contributions, axis=0)
    legs = contributions.shape[1]
    if len(changes) < 2:
        return [[None] * legs for _ in range(legs)]
    centred = changes - changes.mean(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):  # beyond what a number can hold: undefined
        spread: Sequence[float] = np.sqrt((centred**2).sum(axis=0)).tolist()
        products = (centred.T @ centred).tolist()
    return [
        [
            _bounded(products[i][j] / spread[i] / spread[j]) if spread[i] > 0 and spread[j] > 0 else None
            for j in range(legs)
        ]
        for i in range(legs)
    ]


def _bounded(value: float) -> float | None:
    return max(-1.0, min(1.0, value)) if math.isfinite(value) else None
