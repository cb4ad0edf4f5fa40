"""The yardsticks: strategies with fills, fees, equity and trades, and conditions, each written by hand as one loop."""

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
def ema_cross_with_stops(
    opening, high, low, close, fast, slow, stop, target, cash, fee, equity, entry_index, exit_index, pnl
):
    """`ema_cross` with a stop and a target, as fractions of the entry price. The open comes before the rest of its
    bar, and the stop before the target where the bar did not open beyond it; a stopped bar may be asked for again.
    """
    units = entry_price = entry_fee = lower = upper = 0.0
    fast_weight, slow_weight = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    fast_sum = slow_sum = 0.0
    fast_ma = slow_ma = fast_before = slow_before = np.nan
    buy = sell = False
    trades = 0
    for i in range(close.shape[0]):
        leave = np.nan
        if buy:
            entry_price = opening[i]
            units = cash / (entry_price * (1.0 + fee))
            entry_fee = units * entry_price * fee
            cash = cash - units * entry_price - entry_fee
            entry_index[trades] = i
            lower, upper = entry_price * (1.0 - stop), entry_price * (1.0 + target)
        elif sell:
            leave = opening[i]
        if units != 0.0 and not sell:
            if opening[i] <= lower or opening[i] >= upper:
                leave = opening[i]
            elif low[i] <= lower:
                leave = lower
            elif high[i] >= upper:
                leave = upper
        if leave == leave:
            notional = units * leave
            exit_fee = notional * fee
            pnl[trades] = (leave - entry_price) * units - entry_fee - exit_fee
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


@njit(cache=True)
def ut_bot(
    opening, high, low, close, key, atr_period, ema_period, cash, fee,
    loss_out, prior_out, line_out, average_out, equity, entry_index, exit_index, pnl,
):  # fmt: skip
    """The UT Bot, long and short with reversal, by hand in one loop: Wilder's ATR, the line, the average, crossings,
    then fills at the next open with all of equity, fees, equity and trades.

    Writes the series and `equity` (float64[n]) and one entry of the other buffers per closed trade; returns how many
    were closed. A reversal closes and opens at the same open, and pays a fee for each.
    """
    weight = 2.0 / (ema_period + 1.0)
    line = average = line_before = average_before = close_before = np.nan
    atr_sum = average_sum = 0.0
    atr = np.nan
    units = entry_price = entry_fee = 0.0
    buy = sell = False
    trades = 0
    for i in range(close.shape[0]):
        if buy or sell:
            price = opening[i]
            if units != 0.0:
                notional = units * price
                exit_fee = abs(notional) * fee
                pnl[trades] = (price - entry_price) * units - entry_fee - exit_fee
                cash = cash + notional - exit_fee
                exit_index[trades] = i
                trades += 1
            entry_price = price
            units = cash / (price * (1.0 + fee))
            if sell:
                units = -units
            entry_fee = abs(units) * price * fee
            cash = cash - units * price - entry_fee
            entry_index[trades] = i
        price = close[i]
        equity[i] = cash + units * price
        if i > 0:
            span = max(high[i] - low[i], abs(high[i] - close_before), abs(low[i] - close_before))
            if i > atr_period:
                atr = (atr * (atr_period - 1.0) + span) / atr_period
            else:
                atr_sum += span
                if i == atr_period:
                    atr = atr_sum / atr_period
        loss = key * atr
        prior = line if line == line else 0.0
        if price > prior and close_before > prior:
            line = max(prior, price - loss) if loss == loss else np.nan
        elif price < prior and close_before < prior:
            line = min(prior, price + loss) if loss == loss else np.nan
        elif price > prior:
            line = price - loss
        else:
            line = price + loss
        if i < ema_period:
            average_sum += price
            if i == ema_period - 1:
                average = average_sum / ema_period
        else:
            average = (price - average) * weight + average
        loss_out[i], prior_out[i], line_out[i], average_out[i] = loss, prior, line, average
        buy = units <= 0.0 and average_before <= line_before and average > line and price > line
        sell = units >= 0.0 and line_before <= average_before and line > average and price < line
        line_before, average_before, close_before = line, average, price
    return trades
