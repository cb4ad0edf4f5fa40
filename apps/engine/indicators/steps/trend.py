"""Steps of the trend followers. Sources: TA-Lib (DMI, ADX, SAR); Pine's reference (Supertrend)."""

from numba import njit

from apps.engine.indicators.steps.spread import true_range_of
from apps.engine.indicators.steps.windows import EPSILON, NA, missing

Six = tuple[float, float, float, float, float, float]


@njit(cache=True)
def dmi_step(
    state: tuple[float, float, float, float, float, float, float, float],
    high: float,
    low: float,
    close: float,
    n: int,
) -> tuple[tuple[float, float, float, float, float, float, float, float], tuple[float, float, float]]:
    """Directional movement: +DI, -DI and ADX, 0 to 100. Source: Wilder 1978; TA-Lib PLUS_DI, MINUS_DI, ADX.

    +DM is high - high before where that is positive and above low before - low, else 0; -DM mirrored; both and
    the true range smoothed as s - s / n + new. +DI = 100 +DM / TR, -DI = 100 -DM / TR, DX = 100 |+DI - -DI| /
    (+DI + -DI), ADX Wilder's average of DX. First values: index n for both DI, index 2n - 1 for ADX. State:
    changes seen, high, low and close before, smoothed +DM, -DM and TR, ADX (sum of DX until seeded).
    """
    if missing(high) or missing(low) or missing(close):
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
    """Supertrend's line and direction (1 up, -1 down). Source: ta.supertrend in Pine's reference manual.

    Bands: middle +- factor * atr, the upper one only falling and the lower one only rising while the close
    stays within; the line is the lower band in an uptrend, else the upper, and turns as the close passes it.
    First values: with the atr. State: upper and lower band, line, close, whether the range was known,
    direction: all of the bar before.
    """
    if missing(middle) or missing(close) or missing(atr):
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
    """Wilder's parabolic stop and reverse: stop + speed * (extreme - stop), the speed growing by `increment` up
    to `limit` with each new extreme, the side changing once the price meets the stop. Source: Wilder 1978;
    TA-Lib SAR.

    First value: the second bar. State: direction (0 before the second bar, 1 long, -1 short), the next stop,
    extreme point, acceleration, high and low of the bar before.
    """
    if missing(high) or missing(low):
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
