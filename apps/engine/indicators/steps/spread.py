"""Steps of spread, range and extremes over a window. Source: TA-Lib; Pine's reference for the rest."""

import math

import numpy as np
from numba import njit

NA = math.nan


@njit(cache=True)
def variance_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], float]:
    """Population variance of the last n values: mean square distance from their mean.

    Computed afresh for each bar: running sums of squares lose the small variances of large prices. State: values
    held (at most n-1), place of the next.
    """
    if x != x:
        return (0.0, 0.0), NA
    count, place = state
    p = int(place)
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    if count < n - 1:
        return (count + 1.0, float(p)), NA
    total = 0.0
    for i in range(n):
        total += memory[at + i]
    mean = total / n
    squares = 0.0
    for i in range(n):
        distance = memory[at + i] - mean
        squares += distance * distance
    return (count, float(p)), squares / n


@njit(cache=True)
def stdev_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], float]:
    """Population standard deviation: the root of `variance_step`."""
    state, variance = variance_step(state, memory, at, x, n)
    if variance != variance:
        return state, NA
    return state, math.sqrt(variance)


@njit(cache=True)
def true_range_step(state: tuple[float], high: float, low: float, close: float) -> tuple[tuple[float], float]:
    """The largest of high - low and the distances of both from the close before; na on the first bar."""
    (previous,) = state
    after = close if close == close else previous
    if high != high or low != low or previous != previous:
        return (after,), NA
    span = high - low
    up = abs(high - previous)
    down = abs(low - previous)
    if up > span:
        span = up
    if down > span:
        span = down
    return (after,), span


@njit(cache=True)
def highest_step(
    state: tuple[float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """The highest of the last n values and how many bars ago it was, as 0, -1, -2 ... (the latest, if tied).

    A queue of falling candidates: values in memory[at : at+n], their numbers in the n places after.
    State: values seen, head of the queue, its length.
    """
    if x != x:
        return (0.0, 0.0, 0.0), (NA, NA)
    seen = state[0] + 1.0
    head = int(state[1])
    size = int(state[2])
    if size > 0 and memory[at + n + head] <= seen - n:
        head += 1
        if head == n:
            head = 0
        size -= 1
    while size > 0:
        tail = head + size - 1
        if tail >= n:
            tail -= n
        if memory[at + tail] > x:
            break
        size -= 1
    tail = head + size
    if tail >= n:
        tail -= n
    memory[at + tail] = x
    memory[at + n + tail] = seen
    size += 1
    after = (seen, float(head), float(size))
    if seen < n:
        return after, (NA, NA)
    return after, (memory[at + head], memory[at + n + head] - seen)


@njit(cache=True)
def lowest_step(
    state: tuple[float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """The lowest of the last n values and how many bars ago it was: `highest_step` mirrored."""
    after, (value, bars) = highest_step(state, memory, at, -x, n)
    return after, (-value, bars)


@njit(cache=True)
def median_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], float]:
    """Middle of the last n values, or mean of the middle two. Values by age, then the same n sorted."""
    if x != x:
        return (0.0, 0.0), NA
    count, place = state
    p = int(place)
    held = int(count)
    sorted_at = at + n
    if held == n:  # take the oldest out of the sorted half
        oldest = memory[at + p]
        i = 0
        while memory[sorted_at + i] != oldest:
            i += 1
        while i < held - 1:
            memory[sorted_at + i] = memory[sorted_at + i + 1]
            i += 1
        held -= 1
    i = held
    while i > 0 and memory[sorted_at + i - 1] > x:
        memory[sorted_at + i] = memory[sorted_at + i - 1]
        i -= 1
    memory[sorted_at + i] = x
    held += 1
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    after = (float(held), float(p))
    if held < n:
        return after, NA
    if n % 2 == 1:
        return after, memory[sorted_at + n // 2]
    return after, (memory[sorted_at + n // 2 - 1] + memory[sorted_at + n // 2]) / 2.0


@njit(cache=True)
def percentrank_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], float]:
    """Percent of the n values before x that are not above it (Pine)."""
    if x != x:
        return (0.0, 0.0), NA
    count, place = state
    p = int(place)
    result = NA
    if count == n:
        below = 0
        for i in range(n):
            if memory[at + i] <= x:
                below += 1
        result = 100.0 * below / n
    else:
        count += 1.0
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    return (count, float(p)), result


@njit(cache=True)
def linreg_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Least-squares line over the last n values: its value at the newest, and its slope per bar (TA-Lib)."""
    if x != x:
        return (0.0, 0.0), (NA, NA)
    count, place = state
    p = int(place)
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    if count < n - 1:
        return (count + 1.0, float(p)), (NA, NA)
    total = 0.0
    for i in range(n):
        total += memory[at + i]
    mean = total / n
    middle = (n - 1) * 0.5
    spread = 0.0
    shared = 0.0
    q = p  # the oldest
    for i in range(n):
        distance = i - middle
        spread += distance * distance
        shared += distance * (memory[at + q] - mean)
        q += 1
        if q == n:
            q = 0
    slope = shared / spread
    return (count, float(p)), (mean + slope * middle, slope)


@njit(cache=True)
def correlation_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, y: float, n: int
) -> tuple[tuple[float, float], float]:
    """Pearson's correlation over the last n pairs; 0 where either never varies (TA-Lib's CORREL).

    State: pairs held (at most n-1), place of the next. Memory: n values of x, then n of y.
    """
    if x != x or y != y:
        return (0.0, 0.0), NA
    count, place = state
    p = int(place)
    memory[at + p] = x
    memory[at + n + p] = y
    p += 1
    if p == n:
        p = 0
    if count < n - 1:
        return (count + 1.0, float(p)), NA
    mean_x = 0.0
    mean_y = 0.0
    for i in range(n):
        mean_x += memory[at + i]
        mean_y += memory[at + n + i]
    mean_x /= n
    mean_y /= n
    sxx = 0.0
    syy = 0.0
    sxy = 0.0
    for i in range(n):
        dx = memory[at + i] - mean_x
        dy = memory[at + n + i] - mean_y
        sxx += dx * dx
        syy += dy * dy
        sxy += dx * dy
    spread = sxx * syy
    if spread == 0.0:
        return (count, float(p)), 0.0
    return (count, float(p)), sxy / math.sqrt(spread)
