"""The contract's rules on na, and slow readings of the sources, from which the references are put together.

Three kinds: `windows` (a window that holds an na is na), `smooth` (an na gives na and is passed over) and
`history` (the value so many bars ago, whatever it is).
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

NA = float("nan")
Column = np.ndarray


def windows(f: Callable[..., Column], n: int, *columns: Column) -> Column:
    """f of the last n values of each column, as a matrix with a row per bar and the newest value last."""
    size = len(columns[0])
    out = np.full(size, NA)
    if n > size:
        return out
    parts = [sliding_window_view(column, n) for column in columns]
    for start in range(0, size - n + 1, 2_000):  # long windows of many bars fill the memory
        some = [part[start : start + 2_000] for part in parts]
        values = np.asarray(f(*some), np.float64).copy()
        for part in some:
            values[np.isnan(part).any(axis=1)] = NA
        out[n - 1 + start : n - 1 + start + len(values)] = values
    return out


def smooth(f: Callable[..., Column], *columns: Column) -> Column:
    """f of the bars on which every column is known, as if there were no others."""
    known = ~np.isnan(np.array(columns)).any(axis=0)
    out = np.full(len(known), NA)
    if known.any():
        out[known] = f(*(column[known] for column in columns))
    return out


def history(x: Column, n: int) -> Column:
    return np.concatenate([np.full(min(n, len(x)), NA), x[: max(len(x) - n, 0)]])


def divided(a: Column, b: Column, where_zero: float = NA) -> Column:
    """a / b, `where_zero` where b is 0 and both are known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out = a / b
    out[(b == 0) & ~np.isnan(a)] = where_zero
    return out


def seeded(x: Column, n: int, step: Callable[[float, float], float]) -> Column:
    """The mean of the first n values, then step(before, value)."""
    out = np.full(len(x), NA)
    if len(x) >= n:
        out[n - 1] = x[:n].mean()
        for i in range(n, len(x)):
            out[i] = step(out[i - 1], x[i])
    return out


def sma(x: Column, n: int) -> Column:
    return windows(lambda w: w.mean(axis=1), n, x)


def total(x: Column, n: int) -> Column:
    return windows(lambda w: w.sum(axis=1), n, x)


def highest(x: Column, n: int) -> Column:
    return windows(lambda w: w.max(axis=1), n, x)


def lowest(x: Column, n: int) -> Column:
    return windows(lambda w: w.min(axis=1), n, x)


def bars_since_highest(x: Column, n: int) -> Column:
    return windows(lambda w: np.argmax(w[:, ::-1], axis=1).astype(float), n, x)


def stdev(x: Column, n: int) -> Column:
    """Of distances from the newest value, so that equal values have a deviation of exactly 0."""
    return windows(lambda w: (w - w[:, -1:]).std(axis=1), n, x)


def ema(x: Column, n: int) -> Column:
    return smooth(lambda v: seeded(v, n, lambda last, now: last + (now - last) * 2 / (n + 1)), x)


def rma(x: Column, n: int) -> Column:
    return smooth(lambda v: seeded(v, n, lambda last, now: now / n + (1 - 1 / n) * last), x)


def wma(x: Column, n: int) -> Column:
    return windows(lambda w: w @ np.arange(1.0, n + 1) / (n * (n + 1) / 2), n, x)


def alma(x: Column, n: int, offset: float, sigma: float) -> Column:
    weights = np.exp(-((np.arange(n) - offset * (n - 1)) ** 2) / (2 * (n / sigma) ** 2))
    return windows(lambda w: w @ weights / weights.sum(), n, x)


def line(x: Column, n: int) -> tuple[Column, Column]:
    """End and slope of the least-squares line."""
    distance = np.arange(n) - (n - 1) / 2

    def slope(w: Column) -> Column:
        return (w - w[:, -1:]) @ distance / (distance @ distance)

    slopes = windows(slope, n, x)
    return sma(x, n) + slopes * (n - 1) / 2, slopes


def correlation(x: Column, y: Column, n: int) -> Column:
    def f(a: Column, b: Column) -> Column:
        a = a - a[:, -1:]
        b = b - b[:, -1:]
        a = a - a.mean(axis=1, keepdims=True)
        b = b - b.mean(axis=1, keepdims=True)
        spread = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
        return divided((a * b).sum(axis=1), spread, 0.0)

    return windows(f, n, x, y)


def true_range(high: Column, low: Column, close: Column) -> Column:
    last = history(close, 1)
    return np.maximum(high - low, np.maximum(abs(high - last), abs(low - last)))


def atr(high: Column, low: Column, close: Column, n: int) -> Column:
    """Wilder's, of the ranges from the second bar on."""

    def f(h: Column, low_: Column, c: Column) -> Column:
        return np.concatenate([[NA], rma(true_range(h, low_, c)[1:], n)])

    return smooth(f, high, low, close)


def kama(x: Column, n: int) -> Column:
    def f(v: Column) -> Column:
        out = np.full(len(v), NA)
        for i in range(n, len(v)):
            moved = v[i] - v[i - n]
            path = abs(np.diff(v[i - n : i + 1])).sum()
            efficiency = 1.0 if path <= moved or path < 1e-14 else abs(moved) / path
            speed = efficiency * (2 / 3 - 2 / 31) + 2 / 31
            before = v[i - 1] if i == n else out[i - 1]
            out[i] = before + speed**2 * (v[i] - before)
        return out

    return smooth(f, x)


def moves(x: Column, n: int) -> tuple[Column, Column]:
    """Wilder's averages of the rises and the falls."""
    change = np.diff(x)
    rise, fall = (rma(np.where(sign * change > 0, abs(change), 0.0), n) for sign in (1, -1))
    return np.concatenate([[NA], rise]), np.concatenate([[NA], fall])


def rsi(x: Column, n: int) -> Column:
    def f(v: Column) -> Column:
        rise, fall = moves(v, n)
        return divided(100 * rise, rise + fall, 0.0)

    return smooth(f, x)


def cmo(x: Column, n: int) -> Column:
    def f(v: Column) -> Column:
        rise, fall = moves(v, n)
        return divided(100 * (rise - fall), rise + fall, 0.0)

    return smooth(f, x)


def dmi(high: Column, low: Column, close: Column, n: int) -> tuple[Column, Column, Column]:
    """Wilder 1978 as TA-Lib does it: sums of the first n - 1 moves, then s - s / n + new."""

    def f(h: Column, low_: Column, c: Column) -> Column:
        size = len(h)
        out = np.full((3, size), NA)
        up, down = np.diff(h), -np.diff(low_)
        plus_moves = np.where((up > down) & (up > 0), up, 0.0)
        minus_moves = np.where((down > up) & (down > 0), down, 0.0)
        ranges = true_range(h, low_, c)[1:]
        sums = np.array([m[: n - 1].sum() for m in (plus_moves, minus_moves, ranges)])
        directions: list[float] = []
        adx = NA
        for i in range(n - 1, size - 1):
            sums = sums - sums / n + np.array([plus_moves[i], minus_moves[i], ranges[i]])
            plus = 100 * sums[0] / sums[2] if sums[2] > 0 else 0.0
            minus = 100 * sums[1] / sums[2] if sums[2] > 0 else 0.0
            known = plus + minus > 0
            dx = 100 * abs(plus - minus) / (plus + minus) if known else 0.0
            if len(directions) < n:
                directions.append(dx)
                adx = sum(directions) / n if len(directions) == n else NA
            elif known:
                adx = (adx * (n - 1) + dx) / n
            out[:, i + 1] = plus, minus, adx
        return out

    results = [smooth(lambda *v, k=k: f(*v)[k], high, low, close) for k in range(3)]
    return results[0], results[1], results[2]


def sar(high: Column, low: Column, start: float, step: float, limit: float) -> Column:
    """Wilder 1978: the rules of his book, in which the stop never lies within the last two bars."""

    def f(h: Column, low_: Column) -> Column:
        out = np.full(len(h), NA)
        if len(h) < 2:
            return out
        down = low_[0] - low_[1]
        long = not (down > 0 and down > h[1] - h[0])
        extreme, stop = (h[1], low_[0]) if long else (low_[1], h[0])
        speed = min(start, limit)
        for i in range(1, len(h)):
            before = max(i - 1, 1)  # TA-Lib begins as if the second bar stood before itself
            if low_[i] <= stop if long else h[i] >= stop:
                turn = max(extreme, h[before], h[i]) if long else min(extreme, low_[before], low_[i])
                out[i] = turn
                long = not long
                speed = min(start, limit)
                extreme = h[i] if long else low_[i]
                stop = turn + speed * (extreme - turn)
            else:
                out[i] = stop
                if h[i] > extreme if long else low_[i] < extreme:
                    extreme = h[i] if long else low_[i]
                    speed = min(speed + step, limit)
                stop = stop + speed * (extreme - stop)
            stop = min(stop, low_[before], low_[i]) if long else max(stop, h[before], h[i])
        return out

    return smooth(f, high, low)


def supertrend(high: Column, low: Column, close: Column, factor: float, n: int) -> tuple[Column, Column]:
    """The source given for ta.supertrend in Pine's reference manual, with the atr of this page."""

    def f(h: Column, low_: Column, c: Column) -> Column:
        size = len(h)
        out = np.full((2, size), NA)
        spread = atr(h, low_, c, n)
        upper, lower = (h + low_) / 2 + factor * spread, (h + low_) / 2 - factor * spread
        for i in range(n, size):
            last_upper = upper[i - 1] if i > n else 0.0
            last_lower = lower[i - 1] if i > n else 0.0
            if not (lower[i] > last_lower or c[i - 1] < last_lower):
                lower[i] = last_lower
            if not (upper[i] < last_upper or c[i - 1] > last_upper):
                upper[i] = last_upper
            if i == n:
                falling = True
            elif out[0, i - 1] == last_upper:
                falling = not c[i] > upper[i]
            else:
                falling = bool(c[i] < lower[i])
            out[:, i] = (upper[i], -1) if falling else (lower[i], 1)
        return out

    results = [smooth(lambda *v, k=k: f(*v)[k], high, low, close) for k in range(2)]
    return results[0], results[1]


def mfi(typical: Column, volume: Column, n: int) -> Column:
    def f(p: Column, v: Column) -> Column:
        flow, change = (p * v)[:, 1:], np.diff(p, axis=1)
        rising = np.where(change > 0, flow, 0).sum(axis=1)
        falling = np.where(change < 0, flow, 0).sum(axis=1)
        return divided(100 * rising, rising + falling, 0.0)

    return windows(f, n + 1, typical, volume)


def cci(typical: Column, n: int) -> Column:
    def f(w: Column) -> Column:
        w = w - w[:, -1:]
        mean = w.mean(axis=1, keepdims=True)
        return divided(-mean[:, 0], 0.015 * abs(w - mean).mean(axis=1), 0.0)

    return windows(f, n, typical)


def vwap(price: Column, volume: Column, day: Column) -> Column:
    out = np.full(len(price), NA)
    known = ~np.isnan(price * volume)
    for i in np.flatnonzero(known):
        today = (day == day[i]) & known & (np.arange(len(day)) <= i)
        if volume[today].sum() > 0:
            out[i] = (price[today] * volume[today]).sum() / volume[today].sum()
    return out


def pivot(x: Column, left: int, right: int) -> Column:
    def f(w: Column) -> Column:
        top = w[:, left]
        held = (w[:, :left] <= top[:, None]).all(axis=1) & (w[:, left + 1 :] < top[:, None]).all(axis=1)
        return np.where(held, top, NA)

    return windows(f, left + right + 1, x)


def valuewhen(condition: Column, x: Column, k: int) -> Column:
    out = np.full(len(x), NA)
    held: list[float] = []
    for i in range(len(x)):
        if condition[i]:
            held.append(x[i])
        if len(held) > k:
            out[i] = held[-1 - k]
    return out


def bars_since(condition: Column) -> Column:
    return valuewhen(condition, np.arange(len(condition), dtype=float), 0) * -1 + np.arange(len(condition))


def obv(close: Column, volume: Column) -> Column:
    return smooth(lambda c, v: np.cumsum(np.concatenate([v[:1], np.sign(np.diff(c)) * v[1:]])), close, volume)


def ad(high: Column, low: Column, close: Column, volume: Column) -> Column:
    def f(h: Column, low_: Column, c: Column, v: Column) -> Column:
        return np.cumsum(divided((c - low_) - (h - c), h - low_, 0.0) * v)

    return smooth(f, high, low, close, volume)


def adosc(x: Column, fast: int, slow: int) -> Column:
    """Both averages start at the first value, unseeded, as in TA-Lib."""

    def f(v: Column) -> Column:
        averages = [v[:1].repeat(len(v)), v[:1].repeat(len(v))]
        for average, n in zip(averages, (fast, slow), strict=True):
            for i in range(1, len(v)):
                average[i] = v[i] * 2 / (n + 1) + average[i - 1] * (1 - 2 / (n + 1))
        out = averages[0] - averages[1]
        out[: max(fast, slow) - 1] = NA
        return out

    return smooth(f, x)


def skipping_ema(x: Column, n: int, skip: int) -> Column:
    """An average that begins after `skip` values: the fast one of MACD, which starts with the slow."""
    return smooth(lambda v: np.concatenate([np.full(min(skip, len(v)), NA), ema(v[skip:], n)]), x)


def fixed(x: Column) -> Column:
    out = x.copy()
    for i in range(1, len(x)):
        out[i] = out[i - 1] if np.isnan(x[i]) else x[i]
    return out


def gated(x: Column, other: Column) -> Column:
    return np.where(np.isnan(other), NA, x)
