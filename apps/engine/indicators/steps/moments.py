"""Steps of the second moments over a window: variance, deviation, least-squares line, correlation.

One scheme for all. The values' distances from an anchor near their mean are summed, and the sums are carried from bar
to bar. The anchor and the sums are taken afresh from the window each time its ring comes round, and as soon as the
spread is so small beside the largest sum of squares since then that rounding could reach its tenth digit: for
instance when an outlier leaves the window. So the cost per bar does not grow with the window, the values agree
with those of two passes over each window, and a window of one value repeated has a spread of exactly 0.
"""

import math

import numpy as np
from numba import njit

from apps.engine.indicators.steps.windows import (
    LARGEST_SQUARED,
    NA,
    center_of,
    distance_from,
    shared_distance_from,
    weighted_distance_from,
)

# A bar rounds a sum of squares by at most about 10 units in the last place of the largest sum so far; n bars, n times
# as much. Where that could exceed 1e-10 of the spread, the sums are taken afresh.
ROUNDING = 10 * 1.1e-16 / 1e-10

Moments = tuple[float, float, float, float, float, float]
Line = tuple[float, float, float, float, float, float, float]
Pairs = tuple[float, float, float, float, float, float, float, float, float, float, float]


@njit(cache=True, forceinline=True)
def variance_step(state: Moments, memory: np.ndarray, at: int, x: float, n: int) -> tuple[Moments, float]:
    """Population variance of the last n values: sum of (x - mean)^2 / n. Source: TA-Lib VAR.

    First value: n - 1 bars after the first of x. State: values held (at most n - 1), place of the next, anchor,
    sum of the distances from it, sum of their squares, the largest such sum since the anchor was set.
    """
    if not abs(x) <= LARGEST_SQUARED:
        return (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), NA
    count, place, anchor, total, squares, peak = state
    p = int(place)
    oldest = memory[at + p]
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    if count < n - 1:
        return (count + 1.0, float(p), 0.0, 0.0, 0.0, 0.0), NA
    spread = 0.0
    afresh = p == 0
    if not afresh:
        new = x - anchor
        old = oldest - anchor
        total += new - old
        squares += (new - old) * (new + old)
        spread = squares - total * total / n
        peak = max(peak, squares)
        afresh = spread < peak * (n * ROUNDING)
    if afresh:
        anchor = center_of(memory, at, n, x)
        total = distance_from(memory, at, n, anchor)
        squares = shared_distance_from(memory, at, at, n, anchor, anchor)
        spread = max(squares - total * total / n, 0.0)
        peak = squares
    return (count, float(p), anchor, total, squares, peak), spread / n


@njit(cache=True, forceinline=True)
def stdev_step(state: Moments, memory: np.ndarray, at: int, x: float, n: int) -> tuple[Moments, float]:
    """Population standard deviation: the root of `variance_step`. Source: TA-Lib STDDEV. First value: n - 1 bars
    after the first of x.
    """
    state, variance = variance_step(state, memory, at, x, n)
    if variance != variance:
        return state, NA
    return state, math.sqrt(variance)


@njit(cache=True, forceinline=True)
def linreg_step(
    state: Line, memory: np.ndarray, at: int, x: float, n: int
) -> tuple[Line, tuple[float, float]]:
    """Least-squares line over the last n values: its value at the newest, and its slope per bar.

    With i from 0 for the oldest: slope = sum of (i - m) (x_i - mean) / sum of (i - m)^2, where m = (n - 1) / 2;
    the value is mean + slope * m. Source: TA-Lib LINEARREG and LINEARREG_SLOPE. First values: n - 1 bars after
    the first of x. State: that of `variance_step`, then the sum of (i - m) times the distance from the anchor.
    """
    if not abs(x) <= LARGEST_SQUARED:
        return (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (NA, NA)
    count, place, anchor, total, squares, peak, shared = state
    p = int(place)
    oldest = memory[at + p]
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    if count < n - 1:
        return (count + 1.0, float(p), 0.0, 0.0, 0.0, 0.0, 0.0), (NA, NA)
    middle = (n - 1) * 0.5
    afresh = p == 0
    if not afresh:
        new = x - anchor
        old = oldest - anchor
        shared += middle * (old + new) - (total - old)  # those that stay move one place to the left
        total += new - old
        squares += (new - old) * (new + old)
        peak = max(peak, squares)
        afresh = squares - total * total / n < peak * (n * ROUNDING)
    if afresh:
        anchor = center_of(memory, at, n, x)
        total = distance_from(memory, at, n, anchor)
        squares = shared_distance_from(memory, at, at, n, anchor, anchor)
        peak = squares
        # the ring from its oldest value to its end, then from its start to the newest
        shared = weighted_distance_from(memory, at + p, n - p, anchor, -middle)
        shared += weighted_distance_from(memory, at, p, anchor, n - p - middle)
    slope = shared / (n * (float(n) * n - 1.0) / 12.0)
    value = anchor + (total / n + slope * middle)
    return (count, float(p), anchor, total, squares, peak, shared), (value, slope)


@njit(cache=True, forceinline=True)
def correlation_step(
    state: Pairs, memory: np.ndarray, at: int, x: float, y: float, n: int
) -> tuple[Pairs, float]:
    """Pearson's correlation over the last n pairs, -1 to 1; 0 where either never varies. Source: TA-Lib CORREL.

    sum of (x - mean x)(y - mean y) / root of (sum of (x - mean x)^2 * sum of (y - mean y)^2). First value: n -
    1 bars after the first pair. State: pairs held (at most n - 1), place of the next; then of x and of y: both
    anchors, both sums of distances, both sums of squares; the sum of products; both peaks. Memory: n values of
    x, then n of y.
    """
    if not (abs(x) <= LARGEST_SQUARED and abs(y) <= LARGEST_SQUARED):
        return (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), NA
    count, place, anchor_x, anchor_y, sum_x, sum_y, xx, yy, xy, peak_x, peak_y = state
    p = int(place)
    oldest_x = memory[at + p]
    oldest_y = memory[at + n + p]
    memory[at + p] = x
    memory[at + n + p] = y
    p += 1
    if p == n:
        p = 0
    if count < n - 1:
        return (count + 1.0, float(p), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), NA
    spread_x = 0.0
    spread_y = 0.0
    afresh = p == 0
    if not afresh:
        new_x = x - anchor_x
        old_x = oldest_x - anchor_x
        new_y = y - anchor_y
        old_y = oldest_y - anchor_y
        sum_x += new_x - old_x
        sum_y += new_y - old_y
        xx += (new_x - old_x) * (new_x + old_x)
        yy += (new_y - old_y) * (new_y + old_y)
        xy += new_x * new_y - old_x * old_y
        peak_x = max(peak_x, xx)
        peak_y = max(peak_y, yy)
        spread_x = xx - sum_x * sum_x / n
        spread_y = yy - sum_y * sum_y / n
        afresh = spread_x < peak_x * (n * ROUNDING) or spread_y < peak_y * (n * ROUNDING)
    if afresh:
        anchor_x = center_of(memory, at, n, x)
        anchor_y = center_of(memory, at + n, n, y)
        sum_x = distance_from(memory, at, n, anchor_x)
        sum_y = distance_from(memory, at + n, n, anchor_y)
        xx = shared_distance_from(memory, at, at, n, anchor_x, anchor_x)
        yy = shared_distance_from(memory, at + n, at + n, n, anchor_y, anchor_y)
        xy = shared_distance_from(memory, at, at + n, n, anchor_x, anchor_y)
        peak_x = xx
        peak_y = yy
        spread_x = xx - sum_x * sum_x / n
        spread_y = yy - sum_y * sum_y / n
    after = (count, float(p), anchor_x, anchor_y, sum_x, sum_y, xx, yy, xy, peak_x, peak_y)
    if not (spread_x > 0.0 and spread_y > 0.0):
        return after, 0.0
    result = (xy - sum_x * sum_y / n) / (math.sqrt(spread_x) * math.sqrt(spread_y))
    return after, min(max(result, -1.0), 1.0)
