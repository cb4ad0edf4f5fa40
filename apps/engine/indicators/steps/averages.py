"""Steps of the averages. Sources: TA-Lib (EMA, SMA, WMA, KAMA), Pine reference (RMA, ALMA)."""

import math

import numpy as np
from numba import njit

NA = math.nan
EPSILON = 1e-14


@njit(cache=True)
def sma_step(
    state: tuple[float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float], float]:
    """Mean of the last n values. State: values in the sum (at most n-1), place of the next, their sum."""
    if x != x:
        return (0.0, 0.0, 0.0), NA
    count, place, total = state
    p = int(place)
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    total += x
    if count < n - 1:
        return (count + 1.0, float(p), total), NA
    mean = total / n
    return (count, float(p), total - memory[at + p]), mean


@njit(cache=True)
def sum_step(
    state: tuple[float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float], float]:
    """Sum of the last n values."""
    if x != x:
        return (0.0, 0.0, 0.0), NA
    count, place, total = state
    p = int(place)
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    total += x
    if count < n - 1:
        return (count + 1.0, float(p), total), NA
    return (count, float(p), total - memory[at + p]), total


@njit(cache=True)
def ema_step(
    state: tuple[float, float, float], x: float, n: int, skip: int
) -> tuple[tuple[float, float, float], float]:
    """Exponential average, seeded with the mean of its first n values after `skip` values are passed over.

    State: values seen, their sum until seeded, the average. `skip` starts the fast average of MACD and PPO
    where the slow one starts, as TA-Lib does.
    """
    if x != x:
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


@njit(cache=True)
def rma_step(state: tuple[float, float, float], x: float, n: int) -> tuple[tuple[float, float, float], float]:
    """Wilder's average: (previous * (n - 1) + x) / n, seeded with the mean of the first n values."""
    if x != x:
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


@njit(cache=True)
def wma_step(
    state: tuple[float, float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float, float], float]:
    """Linearly weighted mean of the last n values, the newest counting n times (TA-Lib's running sums).

    State: values held, place of the next, plain sum and weighted sum of the values held.
    """
    if x != x:
        return (0.0, 0.0, 0.0, 0.0), NA
    count, place, plain, weighted = state
    p = int(place)
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    if count < n - 1:
        count += 1.0
        return (count, float(p), plain + x, weighted + x * count), NA
    plain += x
    weighted += x * n
    mean = weighted / (n * (n + 1) // 2)
    weighted -= plain
    plain -= memory[at + p]
    return (count, float(p), plain, weighted), mean


@njit(cache=True)
def kama_step(
    state: tuple[float, float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float, float], float]:
    """Kaufman's adaptive average, fast 2 and slow 30 (TA-Lib). The window holds the last n + 1 values.

    State: values held, place of the next, sum of the n last changes, the average.
    """
    if x != x:
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


@njit(cache=True)
def alma_step(
    state: tuple[float, float],
    memory: np.ndarray,
    at: int,
    x: float,
    n: int,
    offset: float,
    sigma: float,
) -> tuple[tuple[float, float], float]:
    """Arnaud Legoux' average: weights exp(-(i - m)^2 / (2 s^2)), m = offset * (n - 1), s = n / sigma (Pine)."""
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
    middle = offset * (n - 1)
    spread = n / sigma
    total = 0.0
    norm = 0.0
    q = p  # the oldest
    for i in range(n):
        weight = math.exp(-((i - middle) ** 2) / (2.0 * spread * spread))
        total += memory[at + q] * weight
        norm += weight
        q += 1
        if q == n:
            q = 0
    if norm == 0.0:
        return (count, float(p)), NA
    return (count, float(p)), total / norm


@njit(cache=True)
def vwap_step(
    state: tuple[float, float, float], price: float, volume: float, day: float
) -> tuple[tuple[float, float, float], float]:
    """Mean price weighted by volume since the day began. State: day, sum of price * volume, of volume."""
    current, value, traded = state
    if current != day:
        current, value, traded = day, 0.0, 0.0
    if price != price or volume != volume:
        return (current, value, traded), NA
    value += price * volume
    traded += volume
    if traded == 0.0:
        return (current, value, traded), NA
    return (current, value, traded), value / traded
