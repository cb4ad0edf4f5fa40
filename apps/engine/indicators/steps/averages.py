"""Steps of the averages. Sources: TA-Lib (EMA, SMA, WMA, KAMA), Pine reference (RMA, ALMA)."""

import math

import numpy as np
from numba import njit

from apps.engine.indicators.steps.windows import (
    EPSILON,
    NA,
    missing,
    product_of,
    total_of,
)

Six = tuple[float, float, float, float, float, float]


@njit(cache=True, forceinline=True)
def sum_step(state: Six, memory: np.ndarray, at: int, x: float, n: int) -> tuple[Six, float]:
    """Sum of the last n values; exactly n * x where all of them are x. Source: TA-Lib SUM.

    First value: n - 1 bars after the first of x. State: values in the sum (at most n - 1), place of the next,
    their sum, the sum of those since the ring came round, the value before and how often it came in a row.
    """
    if missing(x):
        return (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), NA
    count, place, total, since, last, run = state
    p = int(place)
    memory[at + p] = x
    p += 1
    total += x
    since += x
    run = run + 1.0 if x == last else 1.0
    if p == n:
        p = 0
        total = since
        since = 0.0
    if run >= n:
        total = x * n
    if count < n - 1:
        return (count + 1.0, float(p), total, since, x, run), NA
    return (count, float(p), total - memory[at + p], since, x, run), total


@njit(cache=True, forceinline=True)
def sma_step(state: Six, memory: np.ndarray, at: int, x: float, n: int) -> tuple[Six, float]:
    """Mean of the last n values: `sum_step` / n. Source: TA-Lib SMA. First value: n - 1 bars after the first of x."""
    state, total = sum_step(state, memory, at, x, n)
    return state, total / n


@njit(cache=True, forceinline=True)
def ema_step(
    state: tuple[float, float, float], x: float, n: int, skip: int
) -> tuple[tuple[float, float, float], float]:
    """Exponential average: before + 2 / (n + 1) * (x - before), seeded with the mean of its first n values
    after `skip` values are passed over. Source: TA-Lib EMA. First value: n + skip - 1 bars after the first of
    x.

    State: values seen, their sum until seeded, the average. `skip` starts the fast average of MACD and PPO
    where the slow one starts, as TA-Lib does.
    """
    if missing(x):
        return state, NA
    count, total, average = state
    if count >= n + skip:
        average = ((x - average) * (2.0 / (n + 1))) + average
        return (count, total, average), average
    count += 1.0
    if count > skip:
        total += x
    if count == n + skip:
        average = total / n
        return (count, 0.0, average), average
    return (count, total, average), NA


@njit(cache=True, forceinline=True)
def rma_step(state: tuple[float, float, float], x: float, n: int) -> tuple[tuple[float, float, float], float]:
    """Wilder's average: (before * (n - 1) + x) / n, seeded with the mean of the first n values.

    Source: Wilder 1978; ta.rma in Pine's reference manual. First value: n - 1 bars after the first of x. State:
    that of `ema_step`.
    """
    if missing(x):
        return state, NA
    count, total, average = state
    if count >= n:
        average = (average * (n - 1) + x) / n
        return (count, total, average), average
    count += 1.0
    total += x
    if count == n:
        average = total / n
        return (count, 0.0, average), average
    return (count, total, average), NA


@njit(cache=True, forceinline=True)
def wma_step(state: Six, memory: np.ndarray, at: int, x: float, n: int) -> tuple[Six, float]:
    """Linearly weighted mean of the last n values: sum of i * x_i / (n (n + 1) / 2), i from 1 for the oldest to
    n.

    Source: TA-Lib WMA (its running sums). First value: n - 1 bars after the first of x. State: values held (at
    most n - 1), place of the next, plain and weighted sum of the values held, both sums of those since the ring
    came round.
    """
    if missing(x):
        return (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), NA
    count, place, plain, weighted, since, weighted_since = state
    p = int(place)
    memory[at + p] = x
    p += 1
    plain += x
    weighted += x * n
    since += x
    weighted_since += x * p
    if p == n:
        p = 0
        plain = since
        weighted = weighted_since
        since = 0.0
        weighted_since = 0.0
    if count < n - 1:
        return (count + 1.0, float(p), plain, 0.0, since, weighted_since), NA
    mean = weighted / (n * (n + 1) // 2)
    return (count, float(p), plain - memory[at + p], weighted - plain, since, weighted_since), mean


@njit(cache=True, forceinline=True)
def kama_step(
    state: tuple[float, float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float, float], float]:
    """Kaufman's adaptive average: before + s^2 * (x - before), s = e * (2/3 - 2/31) + 2/31, where e is the
    change over n bars divided by the sum of the n changes from bar to bar. Source: Kaufman 1995; TA-Lib KAMA
    (fast 2, slow 30).

    First value: n bars after the first of x. Memory: the last n + 1 values. State: values held, place of the
    next, sum of the n last changes, the average.
    """
    if missing(x):
        return state, NA
    count, place, path, average = state
    size = n + 1
    p = int(place)
    previous = memory[at + (p - 1 if p > 0 else n)] if count > 0.0 else x
    memory[at + p] = x
    p += 1
    if p == size:
        p = 0
    if count < n:
        return (count + 1.0, float(p), path + abs(x - previous), x), NA
    if p == 0:
        path = 0.0
        for i in range(n):
            path += abs(memory[at + i + 1] - memory[at + i])
    else:
        path += abs(x - previous)
    oldest = memory[at + p]
    second = memory[at + (p + 1 if p + 1 < size else 0)]
    change = x - oldest
    if path <= change or -EPSILON < path < EPSILON:
        efficiency = 1.0
    else:
        efficiency = abs(change / path)
    slow = 2.0 / 31.0
    speed = efficiency * (2.0 / 3.0 - slow) + slow
    average = (x - average) * (speed * speed) + average
    return (count, float(p), path - abs(second - oldest), average), average


@njit(cache=True, forceinline=True)
def alma_step(
    state: tuple[float, float, float],
    memory: np.ndarray,
    at: int,
    x: float,
    n: int,
    offset: float,
    sigma: float,
) -> tuple[tuple[float, float, float], float]:
    """Arnaud Legoux' average of n values, i from 0 for the oldest: weights exp(-(i - m)^2 / (2 s^2)), m =
    offset * (n - 1), s = n / sigma; na where all of them are too small to hold. Source: ta.alma in Pine's
    reference manual.

    First value: n - 1 bars after the first of x. The weights' peak lies within the window, so the cost grows
    with n. State: values held (at most n - 1), place of the next, whether the weights are known. Memory: n
    values, then n weights.
    """
    count, place, known = state
    if missing(x):
        return (0.0, 0.0, known), NA
    weights = at + n
    if known == 0.0:
        middle = offset * (n - 1)
        spread = n / sigma
        for i in range(n):
            memory[weights + i] = math.exp(-((i - middle) ** 2) / (2.0 * spread * spread))
        norm = total_of(memory, weights, n)
        for i in range(n):
            memory[weights + i] = memory[weights + i] / norm if norm > 0.0 else NA
    p = int(place)
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    if count < n - 1:
        return (count + 1.0, float(p), 1.0), NA
    # the ring from its oldest value to its end, then from its start to the newest
    older = product_of(memory, at + p, weights, n - p)
    newer = product_of(memory, at, weights + n - p, p)
    return (count, float(p), 1.0), older + newer


@njit(cache=True, forceinline=True)
def vwap_step(
    state: tuple[float, float, float], price: float, volume: float, day: float
) -> tuple[tuple[float, float, float], float]:
    """Mean price weighted by volume since the day began: sum of price * volume / sum of volume; na until some
    was traded.

    Source: ta.vwap in Pine's reference manual, anchored at the day. State: day, sum of price * volume, sum of
    volume.
    """
    current, value, traded = state
    if current != day:
        current, value, traded = day, 0.0, 0.0
    flow = price * volume
    if missing(flow) or missing(volume):
        return (current, value, traded), NA
    value += flow
    traded += volume
    if traded == 0.0:
        return (current, value, traded), NA
    return (current, value, traded), value / traded
