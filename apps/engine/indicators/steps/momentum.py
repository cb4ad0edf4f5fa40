"""Steps of the momentum oscillators. Source: TA-Lib."""

import math

import numpy as np
from numba import njit

NA = math.nan
EPSILON = 1e-14


@njit(cache=True)
def wilder_moves_step(
    state: tuple[float, float, float, float], x: float, n: int
) -> tuple[tuple[float, float, float, float], tuple[float, float]]:
    """Wilder's averages of the rises and of the falls (both positive), seeded with the mean of the first n.

    State: changes seen, the value before, average rise, average fall (sums until seeded).
    """
    if x != x:
        return state, (NA, NA)
    count, previous, rise, fall = state
    if previous != previous:
        return (count, x, rise, fall), (NA, NA)
    change = x - previous
    up = change if change > 0.0 else 0.0
    down = -change if change < 0.0 else 0.0
    if count >= n:
        rise = (rise * (n - 1) + up) / n
        fall = (fall * (n - 1) + down) / n
        return (count, x, rise, fall), (rise, fall)
    count += 1.0
    rise += up
    fall += down
    if count == n:
        rise /= n
        fall /= n
        return (count, x, rise, fall), (rise, fall)
    return (count, x, rise, fall), (NA, NA)


@njit(cache=True)
def rsi_step(
    state: tuple[float, float, float, float], x: float, n: int
) -> tuple[tuple[float, float, float, float], float]:
    """Relative strength index, 0 to 100; 0 where nothing moved (TA-Lib)."""
    state, (rise, fall) = wilder_moves_step(state, x, n)
    if rise != rise:
        return state, NA
    total = rise + fall
    if total < EPSILON:
        return state, 0.0
    return state, 100.0 * (rise / total)


@njit(cache=True)
def cmo_step(
    state: tuple[float, float, float, float], x: float, n: int
) -> tuple[tuple[float, float, float, float], float]:
    """Chande's momentum oscillator, -100 to 100, of Wilder's averages as TA-Lib computes it."""
    state, (rise, fall) = wilder_moves_step(state, x, n)
    if rise != rise:
        return state, NA
    total = rise + fall
    if total < EPSILON:
        return state, 0.0
    return state, 100.0 * ((rise - fall) / total)


@njit(cache=True)
def cci_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], float]:
    """Commodity channel index of the typical price x: distance from its mean in mean deviations / 0.015."""
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
    deviation = 0.0
    for i in range(n):
        deviation += abs(memory[at + i] - mean)
    distance = x - mean
    if distance == 0.0 or deviation == 0.0:
        return (count, float(p)), 0.0
    return (count, float(p)), distance / (0.015 * (deviation / n))


@njit(cache=True)
def mfi_step(
    state: tuple[float, float, float, float, float],
    memory: np.ndarray,
    at: int,
    typical: float,
    volume: float,
    n: int,
) -> tuple[tuple[float, float, float, float, float], float]:
    """Money flow index, 0 to 100, over n changes of the typical price; 0 where nothing flowed (TA-Lib).

    State: flows in the sums (at most n-1), place of the next, the price before, sums of both flows.
    Memory: n rising flows, then n falling ones.
    """
    count, place, previous, rising, falling = state
    if typical != typical or volume != volume:
        return (0.0, 0.0, NA, 0.0, 0.0), NA
    if previous != previous:
        return (0.0, 0.0, typical, 0.0, 0.0), NA
    p = int(place)
    flow = typical * volume
    up = flow if typical > previous else 0.0
    down = flow if typical < previous else 0.0
    memory[at + p] = up
    memory[at + n + p] = down
    p += 1
    if p == n:
        p = 0
    rising += up
    falling += down
    if count < n - 1:
        return (count + 1.0, float(p), typical, rising, falling), NA
    total = rising + falling
    result = 0.0 if total <= 0.0 else 100.0 * (rising / total)
    return (count, float(p), typical, rising - memory[at + p], falling - memory[at + n + p]), result
