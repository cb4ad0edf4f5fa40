"""Figures of a list of closed trades, in the order of their exits. Undefined is nan here, null in a result."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from apps.engine.stats.sums import added
from apps.engine.uncounted import UNCOUNTED


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


@njit(cache=True, error_model="numpy", **UNCOUNTED)
def trade_figures(side, size, entry_price, exit_price, entry_index, exit_index, carry, pnl):
    """All figures of k trades, in one pass and a short one for the deviation.

    Each sum is taken in the order of the trades, as `sums.total` does; where what would be added is 0, nothing is.
    """
    k = len(pnl)
    nan = np.nan
    won = lost = held = held_won = held_lost = 0
    wins = losses = most_wins = most_losses = 0
    longs = longs_won = shorts = shorts_won = 0
    largest_win = largest_loss = best = worst = nan
    gained = given = all_pnl = long_pnl = short_pnl = returns = entered = left = paid = (0.0, 0.0)
    for i in range(k):
        profit = pnl[i]
        entry = size[i] * entry_price[i]
        rate = profit / entry
        bars = exit_index[i] - entry_index[i]
        held += bars
        if i == 0 or rate > best:
            best = rate
        if i == 0 or rate < worst:
            worst = rate
        wins = wins + 1 if profit > 0.0 else 0
        losses = losses + 1 if profit < 0.0 else 0
        most_wins = max(most_wins, wins)
        most_losses = max(most_losses, losses)
        if profit > 0.0:
            won += 1
            held_won += bars
            gained = added(gained[0], gained[1], profit)
            if not profit <= largest_win:
                largest_win = profit
        elif profit < 0.0:
            lost += 1
            held_lost += bars
            given = added(given[0], given[1], profit)
            if not profit >= largest_loss:
                largest_loss = profit
        if side[i] > 0:
            longs += 1
            longs_won += profit > 0.0
            long_pnl = added(long_pnl[0], long_pnl[1], profit)
        else:
            shorts += 1
            shorts_won += profit > 0.0
            short_pnl = added(short_pnl[0], short_pnl[1], profit)
        all_pnl = added(all_pnl[0], all_pnl[1], profit)
        returns = added(returns[0], returns[1], rate)
        entered = added(entered[0], entered[1], entry)
        left = added(left[0], left[1], size[i] * exit_price[i])
        if carry[i] != 0.0:
            paid = added(paid[0], paid[1], carry[i])
    whole = all_pnl[0] + all_pnl[1]
    deviation = nan
    if k > 1:
        mean = whole / k
        squares = (0.0, 0.0)
        for i in range(k):
            squares = added(squares[0], squares[1], (pnl[i] - mean) * (pnl[i] - mean))
        deviation = math.sqrt((squares[0] + squares[1]) / (k - 1))
    return TradeFigures(
        won, lost, gained[0] + gained[1], given[0] + given[1], whole, deviation, largest_win, largest_loss,
        (returns[0] + returns[1]) / k if k else nan, best, worst,
        held, held_won, held_lost, most_wins, most_losses,
        longs, longs_won, long_pnl[0] + long_pnl[1],
        shorts, shorts_won, short_pnl[0] + short_pnl[1],
        (entered[0] + entered[1]) + (left[0] + left[1]), paid[0] + paid[1],
    )  # fmt: skip
