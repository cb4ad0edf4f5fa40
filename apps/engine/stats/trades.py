"""Figures of a list of closed trades, in the order of their exits. Undefined is nan here, null in a result."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from apps.engine.stats.sums import total


class TradeFigures(NamedTuple):
    """Counts, sums and extremes; means and ratios follow from them (metrics.py)."""

    won: int
    lost: int
    gained: float  # sum of the pnl of winning trades
    given: float  # sum of the pnl of losing trades, negative
    pnl: float
    deviation: float  # sample standard deviation of pnl
    largest_win: float
    largest_loss: float
    mean_return: float
    best_return: float
    worst_return: float
    bars_held: int
    bars_won: int
    bars_lost: int
    most_wins: int  # in a row
    most_losses: int
    longs: int
    longs_won: int
    long_pnl: float
    shorts: int
    shorts_won: int
    short_pnl: float
    traded: float  # value of all fills
    carry: float


@njit(cache=True, error_model="numpy")
def trade_figures(side, size, entry_price, exit_price, entry_index, exit_index, carry, pnl):
    """All figures of k trades, in one pass and a few sums."""
    k = len(pnl)
    nan = np.nan
    won = lost = held = held_won = held_lost = 0
    wins = losses = most_wins = most_losses = 0
    longs = longs_won = shorts = shorts_won = 0
    largest_win = largest_loss = best = worst = nan
    returns = np.empty(k)
    for i in range(k):
        returns[i] = pnl[i] / (size[i] * entry_price[i])
        bars = exit_index[i] - entry_index[i]
        held += bars
        if i == 0 or returns[i] > best:
            best = returns[i]
        if i == 0 or returns[i] < worst:
            worst = returns[i]
        wins = wins + 1 if pnl[i] > 0.0 else 0
        losses = losses + 1 if pnl[i] < 0.0 else 0
        most_wins = max(most_wins, wins)
        most_losses = max(most_losses, losses)
        if pnl[i] > 0.0:
            won += 1
            held_won += bars
            if not pnl[i] <= largest_win:
                largest_win = pnl[i]
        elif pnl[i] < 0.0:
            lost += 1
            held_lost += bars
            if not pnl[i] >= largest_loss:
                largest_loss = pnl[i]
        if side[i] > 0:
            longs += 1
            longs_won += pnl[i] > 0.0
        else:
            shorts += 1
            shorts_won += pnl[i] > 0.0
    all_pnl = total(pnl)
    deviation = math.sqrt(total((pnl - all_pnl / k) ** 2) / (k - 1)) if k > 1 else nan
    return TradeFigures(
        won, lost, total(np.maximum(pnl, 0.0)), total(np.minimum(pnl, 0.0)), all_pnl, deviation,
        largest_win, largest_loss,
        total(returns) / k if k else nan, best, worst,
        held, held_won, held_lost, most_wins, most_losses,
        longs, longs_won, total(np.where(side > 0, pnl, 0.0)),
        shorts, shorts_won, total(np.where(side < 0, pnl, 0.0)),
        total(size * entry_price) + total(size * exit_price), total(carry),
    )  # fmt: skip
