"""The yardstick: EMA cross, fills, fees, equity and trades written by hand as one loop, for this one strategy."""

import numpy as np
from numba import njit


@njit(cache=True)
def ema_cross(opening, close, fast, slow, cash, fee, equity, entry_index, exit_index, pnl):
    """Long when EMA(fast) crosses above EMA(slow), flat when it crosses below, at the next open, with all of equity.

    Writes `equity[n]` and one entry of the other buffers per closed trade; returns how many were closed. The
    averages are seeded with the mean of their first values, as TA-Lib does.
    """
    units = entry_price = entry_fee = 0.0
    fast_weight, slow_weight = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    fast_sum = slow_sum = 0.0
    fast_ma = slow_ma = fast_before = slow_before = np.nan
    buy = sell = False
    trades = 0
    for i in range(close.shape[0]):
        if buy:
            entry_price = opening[i]
            units = cash / (entry_price * (1.0 + fee))
            entry_fee = units * entry_price * fee
            cash = cash - units * entry_price - entry_fee
            entry_index[trades] = i
        elif sell:
            notional = units * opening[i]
            exit_fee = notional * fee
            pnl[trades] = (opening[i] - entry_price) * units - entry_fee - exit_fee
            cash = cash + notional - exit_fee
            exit_index[trades] = i
            trades += 1
            units = 0.0
        price = close[i]
        equity[i] = cash + units * price
        if i < fast:
            fast_sum += price
            if i == fast - 1:
                fast_ma = fast_sum / fast
        else:
            fast_ma = (price - fast_ma) * fast_weight + fast_ma
        if i < slow:
            slow_sum += price
            if i == slow - 1:
                slow_ma = slow_sum / slow
        else:
            slow_ma = (price - slow_ma) * slow_weight + slow_ma
        buy = units == 0.0 and fast_before <= slow_before and fast_ma > slow_ma
        sell = units != 0.0 and fast_before >= slow_before and fast_ma < slow_ma
        fast_before, slow_before = fast_ma, slow_ma
    return trades


@njit(cache=True)
def first_example(close, fast, slow, period, level, fast_out, slow_out, flags, long_bit, exit_bit):
    """The conditions of the language's first example: two averages, Wilder's RSI, their crossings, by hand in one loop.

    Writes the averages (float64[n]) and the condition bits (uint8[n]). A condition is silent until its look-back.
    """
    fast_weight, slow_weight = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    fast_sum = slow_sum = 0.0
    fast_ma = slow_ma = fast_before = slow_before = np.nan
    rise = fall = 0.0
    weight, kept = 1.0 / period, (period - 1.0) / period
    rsi = price_before = np.nan
    for i in range(close.shape[0]):
        price = close[i]
        if i < fast:
            fast_sum += price
            if i == fast - 1:
                fast_ma = fast_sum / fast
        else:
            fast_ma = (price - fast_ma) * fast_weight + fast_ma
        if i < slow:
            slow_sum += price
            if i == slow - 1:
                slow_ma = slow_sum / slow
        else:
            slow_ma = (price - slow_ma) * slow_weight + slow_ma
        if i > 0:
            change = price - price_before
            up = change if change > 0.0 else 0.0
            down = -change if change < 0.0 else 0.0
            if i <= period:
                rise += up
                fall += down
                if i == period:
                    rise /= period
                    fall /= period
            else:
                rise = rise * kept + up * weight
                fall = fall * kept + down * weight
            if i >= period:
                rsi = 100.0 * (rise / (rise + fall))
        price_before = price
        fast_out[i] = fast_ma
        slow_out[i] = slow_ma
        bits = 0
        if fast_before <= slow_before and fast_ma > slow_ma and rsi < level:
            bits |= long_bit
        if fast_before >= slow_before and fast_ma < slow_ma:
            bits |= exit_bit
        flags[i] = bits
        fast_before, slow_before = fast_ma, slow_ma
