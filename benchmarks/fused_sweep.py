"""The yardstick of a sweep: EMA cross, fills, fees, equity and the main figures by hand, for this one strategy."""

import numpy as np
from numba import njit

FIGURES = ("final_equity", "max_drawdown", "sharpe", "trades", "winning_trades", "fees")


@njit(cache=True)
def averages(close, length, out):
    """EMA seeded with the mean of its first values."""
    weight = 2.0 / (length + 1.0)
    total, average = 0.0, np.nan
    for i in range(close.shape[0]):
        if i < length:
            total += close[i]
            if i == length - 1:
                average = total / length
        else:
            average = (close[i] - average) * weight + average
        out[i] = average


@njit(cache=True)
def cell(opening, close, fast, slow, last_of_day, per_year, cash, fee, equity, figures):
    """One pair of averages (float64[n] each): long above, flat below, at the next open, with all of equity.

    Writes `equity[n]` and the FIGURES. `last_of_day` are the numbers of the days' last bars, rising.
    """
    units = entry_price = entry_fee = paid = 0.0
    buy = sell = False
    trades = won = 0
    peak, deepest = cash, 0.0
    day, days, before = 0, 0, np.nan
    mean = spread = 0.0
    for i in range(close.shape[0]):
        if buy:
            entry_price = opening[i]
            units = cash / (entry_price * (1.0 + fee))
            entry_fee = units * entry_price * fee
            paid += entry_fee
            cash = cash - units * entry_price - entry_fee
        elif sell:
            exit_fee = units * opening[i] * fee
            paid += exit_fee
            cash = cash + units * opening[i] - exit_fee
            trades += 1
            won += (opening[i] - entry_price) * units - entry_fee - exit_fee > 0.0
            units = 0.0
        value = cash + units * close[i]
        equity[i] = value
        peak = max(peak, value)
        deepest = max(deepest, 1.0 - value / peak)
        if i == last_of_day[day]:
            if day:
                change = value / before - 1.0
                days += 1
                apart = change - mean
                mean += apart / days
                spread += apart * (change - mean)
            before = value
            day += 1
        buy = sell = False
        if i:
            buy = units == 0.0 and fast[i - 1] <= slow[i - 1] and fast[i] > slow[i]
            sell = units != 0.0 and fast[i - 1] >= slow[i - 1] and fast[i] < slow[i]
    deviation = np.sqrt(spread / (days - 1)) if days > 1 else np.nan
    sharpe = mean / deviation * np.sqrt(per_year)
    figures[0], figures[1], figures[2] = equity[-1], deepest, sharpe
    figures[3], figures[4], figures[5] = trades, won, paid


@njit(cache=True)
def ema_grid(opening, close, fasts, slows, last_of_day, per_year, cash, fee, figures):
    """All pairs of `fasts` and `slows` (int64): a row of `figures` (float64[pairs, 6]) each, slow running fastest."""
    n = close.shape[0]
    slow_averages = np.empty((len(slows), n))
    for s in range(len(slows)):
        averages(close, slows[s], slow_averages[s])
    fast_average, equity = np.empty(n), np.empty(n)
    for f in range(len(fasts)):
        averages(close, fasts[f], fast_average)
        for s in range(len(slows)):
            row = figures[f * len(slows) + s]
            cell(
                opening, close, fast_average, slow_averages[s], last_of_day, per_year, cash, fee, equity, row
            )
