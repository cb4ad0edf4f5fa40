"""Figures of an equity curve: growth and drawdowns. Undefined is nan here, null in a result."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from apps.engine.uncounted import UNCOUNTED

BLOCK = 8  # values that are looked at together


class FallFigures(NamedTuple):
    """What a curve's drawdowns amount to. A drawdown is an unbroken run of values below the highest so far."""

    drawdowns: int
    deepest: float  # fraction of the high
    deepest_amount: float
    mean_depth: float
    ulcer: float  # root mean square depth over all values
    under: int  # values below the high
    longest_start: int  # of the longest drawdown, the first of equals: its values are start..stop-1
    longest_stop: int


class Fall(NamedTuple):
    """One drawdown: its values are start..stop-1, the lowest of them at `trough`."""

    start: int
    trough: int
    stop: int
    peak: float
    low: float
    squares: float  # sum of (peak - value)^2


@njit(cache=True, error_model="numpy", **UNCOUNTED)
def next_fall(values, start, peak):
    """The first drawdown at or after `start`, `peak` being the highest value before; stop is 0 for none."""
    n = len(values)
    i = start
    while i < n and values[i] >= peak:
        peak = values[i]
        i += 1
    if i == n:
        return Fall(n, n, 0, peak, peak, 0.0)
    first = trough = i
    low = values[i]
    even = (peak - low) * (peak - low)  # two sums, so that neither waits for the other
    odd = 0.0
    i += 1
    while i + BLOCK <= n:
        eight = values[i : i + BLOCK]
        bottom = low
        rose = 0
        for k in range(BLOCK):
            rose |= not (eight[k] < peak)
            bottom = min(bottom, eight[k])
        if rose:
            break
        if bottom < low:
            k = 0
            while eight[k] != bottom:
                k += 1
            low, trough = eight[k], i + k
        for k in range(0, BLOCK, 2):
            odd += (peak - eight[k]) * (peak - eight[k])
            even += (peak - eight[k + 1]) * (peak - eight[k + 1])
        i += BLOCK
    while i + 1 < n and values[i] < peak and values[i + 1] < peak:
        one, two = values[i], values[i + 1]
        if one < low:
            low, trough = one, i
        if two < low:
            low, trough = two, i + 1
        odd += (peak - one) * (peak - one)
        even += (peak - two) * (peak - two)
        i += 2
    while i < n and values[i] < peak:
        if values[i] < low:
            low, trough = values[i], i
        odd += (peak - values[i]) * (peak - values[i])
        i += 1
    return Fall(first, trough, i, peak, low, even + odd)


@njit(cache=True, error_model="numpy", **UNCOUNTED)
def fall_figures(values, peak):
    """All drawdowns of a curve that began at `peak`, in one pass."""
    count = under = longest_start = longest_stop = 0
    deepest = deepest_amount = depths = squares = 0.0
    at = 0
    while True:
        fall = next_fall(values, at, peak)
        if fall.stop == 0:
            break
        at, peak = fall.stop, fall.peak
        depth = 1.0 - fall.low / peak
        count += 1
        under += fall.stop - fall.start
        depths += depth
        squares += fall.squares / (peak * peak)
        deepest = max(deepest, depth)
        deepest_amount = max(deepest_amount, peak - fall.low)
        if fall.stop - fall.start > longest_stop - longest_start:
            longest_start, longest_stop = fall.start, fall.stop
    mean = depths / count if count else np.nan
    ulcer = math.sqrt(squares / len(values))
    return FallFigures(count, deepest, deepest_amount, mean, ulcer, under, longest_start, longest_stop)


@njit(cache=True, error_model="numpy")
def falls(values, peak, count):
    """(whole int64[count, 3]: start, trough, stop; real float64[count, 2]: peak, low) of every drawdown, in time."""
    whole = np.empty((count, 3), np.int64)
    real = np.empty((count, 2))
    at = 0
    for row in range(count):
        fall = next_fall(values, at, peak)
        at, peak = fall.stop, fall.peak
        whole[row, 0], whole[row, 1], whole[row, 2] = fall.start, fall.trough, fall.stop
        real[row, 0], real[row, 1] = fall.peak, fall.low
    return whole, real


def cagr(start: float, final: float, years: float) -> float:
    """Compound growth per year; nan where nothing is left or the run has no length."""
    if start <= 0 or final <= 0 or years <= 0:
        return math.nan
    ratio = final / start
    # A ratio may be more, or less above 0, than a number can hold; its logarithm never is.
    growth = math.log(ratio) if 0.0 < ratio < math.inf else math.log(final) - math.log(start)
    exponent = growth / years
    return math.expm1(exponent) if exponent < 700 else math.nan
