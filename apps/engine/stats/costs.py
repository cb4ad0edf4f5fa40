"""From what a run would have earned without costs to what it earned, and how much slippage it could have borne."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from apps.engine.bars import Bars
from apps.engine.sim import kernel
from apps.engine.sim.run import SimResult
from apps.engine.sim.spec import SimParams
from apps.engine.stats.sums import total
from apps.engine.stats.tables import finite, mean
from apps.engine.stats.unslipped import Unslipped, entry_before_slippage


def cost_table(result: SimResult, bars: Bars, params: SimParams, prices: Unslipped) -> dict[str, Any]:
    """The waterfall over all trades, the open one marked to the last close included, and the break-even costs.

    Amounts in quote currency. gross - slippage - fees - borrow = net, but for rounding.
    """
    trades, size = result.trades, result.trades.size
    gross = total(trades.side * (prices.exit - prices.entry) * size)
    moved = total(trades.side * (trades.exit_price - trades.entry_price) * size)
    fees = total(trades.entry_fee) + total(trades.exit_fee)
    carry = total(trades.carry)
    slips = trades.reason != kernel.BY_TARGET
    market_notional = total(size * prices.entry) + total(np.where(slips, size * prices.exit, 0.0))
    notional = total(size * trades.entry_price) + total(size * trades.exit_price)
    break_even = {
        "break_even_slippage_bps": _share(gross - fees - carry, market_notional, 10_000.0),
        "break_even_fee": _share(moved - carry, notional, 1.0),
    }
    held = result.open_trade
    if held is not None:
        before = entry_before_slippage(bars, held.entry_index, params)
        gross += held.side * (held.mark_price - before) * held.size
        moved += held.side * (held.mark_price - held.entry_price) * held.size
        fees += held.entry_fee
        carry += held.carry
    return {
        "gross": gross,
        "slippage": gross - moved,
        "fees": fees,
        "borrow": carry,
        "net": float(result.equity[-1]) - params.cash,
        **break_even,
    }


def risk_table(result: SimResult, prices: Unslipped) -> dict[str, Any]:
    """Results in R, the money a trade would have lost at its first stop, costs not counted (Tharp 1998)."""
    trades = result.trades
    risk = trades.size * np.abs(trades.entry_price - prices.stop)
    stopped = ~np.isnan(prices.stop)
    multiples = trades.pnl[stopped] / risk[stopped]
    won = multiples > 0
    return {
        "trades_with_stop": len(multiples),
        "expectancy_r": mean(multiples),
        "avg_win_r": mean(multiples[won]),
        "avg_loss_r": mean(multiples[multiples < 0]),
    }


def _share(amount: float, of: float, scale: float) -> float | None:
    return finite(amount / of * scale) if of > 0 and math.isfinite(of) else None
