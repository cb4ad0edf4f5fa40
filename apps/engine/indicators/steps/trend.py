"""Steps of the trend followers. Sources: TA-Lib (DMI, ADX, SAR); Pine's reference (Supertrend)."""

import math

from numba import njit

NA = math.nan
EPSILON = 1e-14

Six = tuple[float, float, float, float, float, float]


@njit(cache=True)
def true_range_of(high: float, low: float, previous_close: float) -> float:
    span = high - low
    up = abs(high - previous_close)
    down = abs(low - previous_close)
    if up > span:
        span = up
    if down > span:
        span = down
    return span


@njit(cache=True)
def atr_step(
    state: tuple[float, float, float], high: float, low: float, close: float, n: int
) -> tuple[tuple[float, float, float], float]:
    """Wilder's average true range, seeded with the mean of the first n (TA-Lib: first value at index n).

    State: ranges seen, the close before, the average (their sum until seeded).
    """
    if high != high or low != low or close != close:
        return state, NA
    count, previous, average = state
    if previous != previous:
        return (count, close, average), NA
    span = true_range_of(high, low, previous)
    if count >= n:
        average = (average * (n - 1) + span) / n
        return (count, close, average), average
    count += 1.0
    average += span
    if count == n:
        average /= n
        return (count, close, average), average
    return (count, close, average), NA


@njit(cache=True)
def dmi_step(
    state: tuple[float, float, float, float, float, float, float, float],
    high: float,
    low: float,
    close: float,
    n: int,
) -> tuple[tuple[float, float, float, float, float, float, float, float], tuple[float, float, float]]:
    """Directional movement: +DI, -DI (first at index n) and ADX (first at index 2n - 1), as TA-Lib has them.

    State: changes seen, high, low and close before, smoothed +DM, -DM and TR, ADX (sum of DX until seeded).
    """
    if high != high or low != low or close != close:
        return state, (NA, NA, NA)
    count, last_high, last_low, last_close, plus, minus, ranges, adx = state
    if last_close != last_close:
        return (count, high, low, close, plus, minus, ranges, adx), (NA, NA, NA)
    up = high - last_high
    down = last_low - low
    plus_move = up if up > 0.0 and up > down else 0.0
    minus_move = down if down > 0.0 and up < down else 0.0
    span = true_range_of(high, low, last_close)
    count += 1.0
    if count < n:
        plus += plus_move
        minus += minus_move
        ranges += span
        return (count, high, low, close, plus, minus, ranges, adx), (NA, NA, NA)
    plus = plus - plus / n + plus_move
    minus = minus - minus / n + minus_move
    ranges = ranges - ranges / n + span
    plus_di = 0.0
    minus_di = 0.0
    known = False
    dx = 0.0
    if not -EPSILON < ranges < EPSILON:
        plus_di = 100.0 * (plus / ranges)
        minus_di = 100.0 * (minus / ranges)
        both = plus_di + minus_di
        if not -EPSILON < both < EPSILON:
            known = True
            dx = 100.0 * (abs(minus_di - plus_di) / both)
    result = NA
    if count < 2 * n:
        adx += dx
        if count == 2 * n - 1:
            adx /= n
            result = adx
    else:
        if known:
            adx = (adx * (n - 1) + dx) / n
        result = adx
    if count >= 2 * n:  # the count need not grow for ever
        count = 2.0 * n
    return (count, high, low, close, plus, minus, ranges, adx), (plus_di, minus_di, result)


@njit(cache=True)
def supertrend_step(
    state: Six, middle: float, close: float, atr: float, factor: float
) -> tuple[Six, tuple[float, float]]:
    """Supertrend's line and direction (1 up, -1 down), after the source in Pine's reference manual.

    State: upper and lower band, line, close, whether the range was known, direction: all of the bar before.
    """
    if middle != middle or close != close or atr != atr:
        return state, (NA, NA)
    last_upper, last_lower, last_line, last_close, known, _ = state
    upper = middle + factor * atr
    lower = middle - factor * atr
    if known == 1.0:
        if not (lower > last_lower or last_close < last_lower):
            lower = last_lower
        if not (upper < last_upper or last_close > last_upper):
            upper = last_upper
    if known == 0.0:
        direction = -1.0
    elif last_line == last_upper:
        direction = 1.0 if close > upper else -1.0
    else:
        direction = -1.0 if close < lower else 1.0
    line = lower if direction == 1.0 else upper
    return (upper, lower, line, close, 1.0, direction), (line, direction)


@njit(cache=True)
def sar_step(
    state: tuple[float, float, float, float, float, float],
    high: float,
    low: float,
    start: float,
    increment: float,
    limit: float,
) -> tuple[tuple[float, float, float, float, float, float], float]:
    """Wilder's parabolic stop and reverse, as TA-Lib computes it.

    State: direction (0 before the second bar, 1 long, -1 short), the next stop, extreme point, acceleration,
    high and low of the bar before.
    """
    if high != high or low != low:
        return state, NA
    side, stop, extreme, speed, last_high, last_low = state
    if last_high != last_high:
        return (0.0, stop, extreme, speed, high, low), NA
    if side == 0.0:
        up = high - last_high
        down = last_low - low
        side = -1.0 if down > 0.0 and up < down else 1.0
        speed = min(start, limit)
        if side > 0.0:
            extreme = high
            stop = last_low
        else:
            extreme = low
            stop = last_high
        last_high = high  # TA-Lib lets the first bar stand for the one before it too
        last_low = low
    if side > 0.0:
        if low <= stop:
            stop = max(extreme, last_high, high)
            result = stop
            side = -1.0
            speed = min(start, limit)
            extreme = low
            stop = stop + speed * (extreme - stop)
            stop = max(stop, last_high, high)
        else:
            result = stop
            if high > extreme:
                extreme = high
                speed = min(speed + increment, limit)
            stop = stop + speed * (extreme - stop)
            stop = min(stop, last_low, low)
    else:
        if high >= stop:
            stop = min(extreme, last_low, low)
            result = stop
            side = 1.0
            speed = min(start, limit)
            extreme = high
            stop = stop + speed * (extreme - stop)
            stop = min(stop, last_low, low)
        else:
            result = stop
            if low < extreme:
                extreme = low
                speed = min(speed + increment, limit)
            stop = stop + speed * (extreme - stop)
            stop = max(stop, last_high, high)
    return (side, stop, extreme, speed, high, low), result
