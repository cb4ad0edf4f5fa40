"""Functions TA-Lib lacks, against slow readings of their sources (Pine's reference manual where not said otherwise)."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from tests.engine.indicators.test_against_talib import random_bars

NA = math.nan
Column = np.ndarray


def value(expression: str, bars: Bars) -> Column:
    program = compile_formula(f"x = {expression}\nlong when close > 0")
    return program.evaluate(bars).series["x"]


def windows(x: Column, n: int, f: Callable[[Column], float]) -> Column:
    """f of each window of n values; na where one of them is."""
    out = np.full(len(x), NA)
    for i in range(n - 1, len(x)):
        part = x[i - n + 1 : i + 1]
        if not np.isnan(part).any():
            out[i] = f(part)
    return out


def shifted(x: Column, n: int) -> Column:
    return np.concatenate([np.full(n, NA), x[:-n]])


def ema(x: Column, n: int) -> Column:
    out = np.full(len(x), NA)
    known = np.flatnonzero(~np.isnan(x))
    average = NA
    for count, i in enumerate(known, start=1):
        if count == n:
            average = x[known[:n]].mean()
        elif count > n:
            average += (x[i] - average) * 2 / (n + 1)
        out[i] = average
    return out


def rma(x: Column, n: int) -> Column:
    out = np.full(len(x), NA)
    for i in range(n - 1, len(x)):
        out[i] = x[:n].mean() if i == n - 1 else x[i] / n + (1 - 1 / n) * out[i - 1]
    return out


def wma(x: Column, n: int) -> Column:
    return windows(x, n, lambda w: float(w @ np.arange(1, n + 1)) / (n * (n + 1) / 2))


def true_range(b: Bars) -> Column:
    last = shifted(b.close, 1)
    out = np.maximum(b.high - b.low, np.maximum(abs(b.high - last), abs(b.low - last)))
    return out


def atr(b: Bars, n: int) -> Column:
    out = np.full(len(b), NA)
    out[1:] = rma(true_range(b)[1:], n)
    return out


def alma(x: Column, n: int, offset: float, sigma: float) -> Column:
    weights = np.exp(-((np.arange(n) - offset * (n - 1)) ** 2) / (2 * (n / sigma) ** 2))
    return windows(x, n, lambda w: float(w @ weights / weights.sum()))


def supertrend(b: Bars, factor: float, n: int) -> tuple[Column, Column]:
    middle, spread = (b.high + b.low) / 2, atr(b, n)
    line, direction = np.full(len(b), NA), np.full(len(b), NA)
    upper, lower = middle + factor * spread, middle - factor * spread
    for i in range(n, len(b)):
        last_upper = upper[i - 1] if i > n else 0.0
        last_lower = lower[i - 1] if i > n else 0.0
        if not (lower[i] > last_lower or b.close[i - 1] < last_lower):
            lower[i] = last_lower
        if not (upper[i] < last_upper or b.close[i - 1] > last_upper):
            upper[i] = last_upper
        if i == n:
            falling = True
        elif line[i - 1] == last_upper:
            falling = not b.close[i] > upper[i]
        else:
            falling = bool(b.close[i] < lower[i])
        line[i], direction[i] = (upper[i], -1) if falling else (lower[i], 1)
    return line, direction


def vwap(b: Bars) -> Column:
    typical = (b.high + b.low + b.close) / 3
    day = b.time // 86_400_000
    out = np.empty(len(b))
    for i in range(len(b)):
        today = (day == day[i]) & (np.arange(len(b)) <= i)
        out[i] = (typical[today] * b.volume[today]).sum() / b.volume[today].sum()
    return out


def pivothigh(x: Column, left: int, right: int) -> Column:
    out = np.full(len(x), NA)
    for i in range(left + right, len(x)):
        top = x[i - right]
        if (x[i - right - left : i - right] <= top).all() and (x[i - right + 1 : i + 1] < top).all():
            out[i] = top
    return out


def percentrank(x: Column, n: int) -> Column:
    return windows(x, n + 1, lambda w: 100.0 * float((w[:-1] <= w[-1]).sum()) / n)


def bars_back(x: Column, n: int, f: Callable[[Column], float]) -> Column:
    return windows(x, n, lambda w: float(np.flatnonzero(w == f(w))[-1] - (n - 1)))


def tsi(x: Column, short: int, long: int) -> Column:
    move = x - shifted(x, 1)
    return ema(ema(move, long), short) / ema(ema(abs(move), long), short)


def valuewhen(condition: Column, x: Column, k: int) -> Column:
    out = np.full(len(x), NA)
    for i in range(len(x)):
        held = np.flatnonzero(condition[: i + 1])
        if len(held) > k:
            out[i] = x[held[-1 - k]]
    return out


def barssince(condition: Column) -> Column:
    out = np.full(len(condition), NA)
    for i in range(len(condition)):
        held = np.flatnonzero(condition[: i + 1])
        if len(held):
            out[i] = i - held[-1]
    return out


def middle(b: Bars, n: int) -> Column:
    return (windows(b.high, n, np.max) + windows(b.low, n, np.min)) / 2


CASES: dict[str, Callable[[Bars, int], Column]] = {
    "rma(close, {n})": lambda b, n: rma(b.close, n),
    "hma(close, {n} + 2)": lambda b, n: wma(
        2 * wma(b.close, (n + 2) // 2) - wma(b.close, n + 2), math.isqrt(n + 2)
    ),
    "vwma(close, {n})": lambda b, n: windows(b.close * b.volume, n, np.sum) / windows(b.volume, n, np.sum),
    "alma(close, {n}, 0.85, 6)": lambda b, n: alma(b.close, n, 0.85, 6),
    "vwap": lambda b, n: vwap(b),
    "kc(close, {n}, 1.5).upper": lambda b, n: ema(b.close, n) + 1.5 * ema(true_range(b), n),
    "kc(close, {n}, 1.5).middle": lambda b, n: ema(b.close, n),
    "kc(close, {n}, 1.5).lower": lambda b, n: ema(b.close, n) - 1.5 * ema(true_range(b), n),
    "donchian({n}).upper": lambda b, n: windows(b.high, n, np.max),
    "donchian({n}).middle": middle,
    "donchian({n}).lower": lambda b, n: windows(b.low, n, np.min),
    "bbw(close, {n}, 2)": lambda b, n: 100 * 4 * windows(b.close, n, np.std) / windows(b.close, n, np.mean),
    "highestbars(high, {n})": lambda b, n: bars_back(b.high, n, np.max),
    "lowestbars(low, {n})": lambda b, n: bars_back(b.low, n, np.min),
    "median(close, {n})": lambda b, n: windows(b.close, n, lambda w: float(np.median(w))),
    "percentrank(close, {n})": lambda b, n: percentrank(b.close, n),
    "tsi(close, {n}, 25)": lambda b, n: tsi(b.close, n, 25),
    "awesome": lambda b, n: (
        windows((b.high + b.low) / 2, 5, np.mean) - windows((b.high + b.low) / 2, 34, np.mean)
    ),
    "supertrend(3, {n}).line": lambda b, n: supertrend(b, 3, n)[0],
    "supertrend(1, {n}).direction": lambda b, n: supertrend(b, 1, n)[1],
    "ichimoku({n}, 26, 52).conversion": middle,
    "ichimoku({n}, 26, 52).base": lambda b, n: middle(b, 26),
    "ichimoku({n}, 26, 52).span_a": lambda b, n: (middle(b, n) + middle(b, 26)) / 2,
    "ichimoku({n}, 26, 52).span_b": lambda b, n: middle(b, 52),
    "cum(volume)": lambda b, n: np.cumsum(b.volume),
    "zscore(close, {n} + 2)": lambda b, n: (
        (b.close - windows(b.close, n + 2, np.mean)) / windows(b.close, n + 2, np.std)
    ),
    "pivothigh(high, {n}, 2)": lambda b, n: pivothigh(b.high, n, 2),
    "pivotlow(low, 2, {n})": lambda b, n: -pivothigh(-b.low, 2, n),
    "barssince(close > open and close > close[{n}])": lambda b, n: barssince(
        (b.close > b.open) & (b.close > shifted(b.close, n))
    ),
    "valuewhen(close > open, high, {n})": lambda b, n: valuewhen(b.close > b.open, b.high, n),
    "rising(close, {n})": lambda b, n: np.nan_to_num(
        windows(b.close, n + 1, lambda w: float((w[:-1] < w[-1]).all()))
    ),
    "falling(close, {n})": lambda b, n: np.nan_to_num(
        windows(b.close, n + 1, lambda w: float((w[:-1] > w[-1]).all()))
    ),
    "close[{n}]": lambda b, n: shifted(b.close, n),
}


@pytest.mark.parametrize("length", [1, 2, 5, 14])
@pytest.mark.parametrize("expression", CASES)
def test_value_is_the_sources(expression: str, length: int) -> None:
    bars = random_bars(400, seed=length)
    rounded = Bars(
        bars.time,
        *(np.round(getattr(bars, c), 1) for c in ("open", "high", "low", "close", "volume")),
        bars.timeframe_ms,
    )
    for some in (bars, rounded):  # rounded prices tie
        np.testing.assert_allclose(
            value(expression.format(n=length), some), CASES[expression](some, length), rtol=1e-9, atol=1e-9
        )


def test_a_window_that_holds_an_na_is_na_and_smoothing_passes_over_it() -> None:
    x = np.array([1.0, 2.0, 3.0, NA, 5.0, 6.0, 7.0, 8.0])
    bars = Bars(np.arange(8), x, x, x, x, x, 1)
    # by hand: the mean of 2 is na on the hole and on the bar after it
    np.testing.assert_array_equal(value("sma(close, 2)", bars), [NA, 1.5, 2.5, NA, NA, 5.5, 6.5, 7.5])
    # by hand: seeded with (1 + 2) / 2, then + 2/3 of the distance; the hole leaves 2.5 in place
    np.testing.assert_allclose(value("ema(close, 2)", bars)[:5], [NA, 1.5, 2.5, NA, 2.5 + 2.5 * 2 / 3])
    np.testing.assert_array_equal(value("fixnan(close)", bars), [1, 2, 3, 3, 5, 6, 7, 8])
    np.testing.assert_array_equal(value("cum(close)", bars), [1, 3, 6, NA, 11, 17, 24, 32])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7 % 3 + bar_index * 0", 1),
        ("-7 % 3 + bar_index * 0", -1),
        ("7 % -3 + bar_index * 0", 1),
        ("1 / 2 + bar_index * 0", 0.5),
        ("bar_index / 0", NA),
        ("0 / (bar_index * 0)", NA),
        ("max(close, na)", NA),
        ("min(na, close)", NA),
        ("nz(close / 0, 5)", 5),
        ("nz(close / 0)", 0),
        ("na != close ? 1 : 0", 0),
        ("na == na ? 1 : 0", 0),
        ("not (na > close) ? 1 : 0", 1),
        ("na(close / 0) ? 1 : 0", 1),
        ("sqrt(0 - close)", NA),
        ("log(close * 0)", NA),
        ("pow(0 - close, 0.5)", NA),
        ("pow(2, 10) + close * 0", 1024),
        ("exp(close * 1000)", NA),
        ("round(2.5 + close * 0)", 3),
        ("round(-2.5 + close * 0)", -2),
        ("round(2.345 + close * 0, 1)", 2.3),
        ("floor(0 - 1.5 + close * 0)", -2),
        ("ceil(1.2 + close * 0)", 2),
        ("sign(0 - close)", -1),
        ("avg(1, 2, 6) + close * 0", 3),
        ("2 + 3 * 4 - 1 + close * 0", 13),
        ("(close > 0 ? close > 0 ? 1 : 2 : 3)", 1),
        ("3% * 100 + close * 0", 3),
        ("10 - 4 - 3 + close * 0", 3),
        ("true or false and false ? 1 : 0", 1),
        ("1 < 2 == 3 > 2 ? 1 : 0", 1),
    ],
)
def test_arithmetic_by_hand(expression: str, expected: float) -> None:
    bars = random_bars(5, 1)
    np.testing.assert_allclose(value(expression, bars)[-1], expected)
