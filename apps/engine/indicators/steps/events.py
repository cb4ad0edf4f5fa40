"""Steps that notice events: crossings, runs, pivots, and values of the past. Source: Pine's reference."""

import numpy as np
from numba import njit

from apps.engine.indicators.steps.ranks import highest_step
from apps.engine.indicators.steps.windows import NA, missing


@njit(cache=True, forceinline=True)
def crossover_step(state: tuple[float, float], a: float, b: float) -> tuple[tuple[float, float], bool]:
    """a was at or below b on the bar before, and is above it now. Can hold from the second bar on which both
    are known.

    Source: Pine's ta.crossover. State: a and b of the bar before.
    """
    return (a, b), state[0] <= state[1] and a > b


@njit(cache=True, forceinline=True)
def crossunder_step(state: tuple[float, float], a: float, b: float) -> tuple[tuple[float, float], bool]:
    """a was at or above b on the bar before, and is below it now. Source: Pine's ta.crossunder."""
    return (a, b), state[0] >= state[1] and a < b


@njit(cache=True, forceinline=True)
def cross_step(state: tuple[float, float], a: float, b: float) -> tuple[tuple[float, float], bool]:
    """a has crossed b, either way. Source: Pine's ta.cross."""
    return (a, b), (state[0] <= state[1] and a > b) or (state[0] >= state[1] and a < b)


@njit(cache=True, forceinline=True)
def history_read_step(place: float, memory: np.ndarray, at: int) -> float:
    """The oldest value held, which is that of as many bars ago as the memory is long."""
    return memory[at + int(place)]


@njit(cache=True, forceinline=True)
def history_push_step(place: float, memory: np.ndarray, at: int, x: float, n: int) -> float:
    """Put this bar's value in the place of the oldest; returns the place of the next oldest."""
    p = int(place)
    memory[at + p] = x
    p += 1
    return 0.0 if p == n else float(p)


@njit(cache=True, forceinline=True)
def rising_step(
    state: tuple[float, float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float, float], bool]:
    """x is above each of the n values before it. Source: Pine's ta.rising. Can hold from n bars after the first of x.

    State: that of `highest_step`, then the highest of the n values before the next.
    """
    highest, (top, _) = highest_step((state[0], state[1], state[2]), memory, at, x, n)
    return (highest[0], highest[1], highest[2], top), x > state[3] and not missing(x)


@njit(cache=True, forceinline=True)
def falling_step(
    state: tuple[float, float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float, float], bool]:
    """x is below each of the n values before it: `rising_step` mirrored. Source: Pine's ta.falling."""
    return rising_step(state, memory, at, -x, n)


@njit(cache=True, forceinline=True)
def barssince_step(state: tuple[float], condition: bool) -> tuple[tuple[float], float]:
    """Bars since the condition last held (0 on such a bar); na until it has. Source: Pine's ta.barssince."""
    if condition:
        return (0.0,), 0.0
    since = state[0] + 1.0  # na stays na
    return (since,), since


@njit(cache=True, forceinline=True)
def valuewhen_step(
    state: tuple[float, float], memory: np.ndarray, at: int, condition: bool, x: float, k: int
) -> tuple[tuple[float, float], float]:
    """x on the k-th last bar on which the condition held (k = 0: the last); na until there was one.

    Source: Pine's ta.valuewhen. State: values held, place of the next.
    """
    count, place = state
    p = int(place)
    if condition:
        memory[at + p] = x
        p += 1
        if p == k + 1:
            p = 0
        count = min(count + 1.0, k + 1.0)
    if count <= k:
        return (count, float(p)), NA
    return (count, float(p)), memory[at + p]


@njit(cache=True, forceinline=True)
def fixnan_step(state: tuple[float], x: float) -> tuple[tuple[float], float]:
    """x, or its last known value where it is na. Source: Pine's fixnan. State: that value."""
    if x == x:
        return (x,), x
    return state, state[0]


@njit(cache=True, forceinline=True)
def pivothigh_step(
    state: tuple[float, float, float], memory: np.ndarray, at: int, x: float, left: int, right: int
) -> tuple[tuple[float, float, float], float]:
    """The value `right` bars ago, if none of the `left` values before it is higher and all `right` after are
    lower.

    That is: if it is the highest of left + right + 1 values, the latest where tied. na on all other bars.
    Source: Pine's ta.pivothigh. Can have a value from left + right bars after the first of x. State: that of
    `highest_step`.
    """
    state, (value, bars) = highest_step(state, memory, at, x, left + right + 1)
    return state, value if bars == -right else NA


@njit(cache=True, forceinline=True)
def pivotlow_step(
    state: tuple[float, float, float], memory: np.ndarray, at: int, x: float, left: int, right: int
) -> tuple[tuple[float, float, float], float]:
    """`pivothigh_step` mirrored. Source: Pine's ta.pivotlow."""
    state, pivot = pivothigh_step(state, memory, at, -x, left, right)
    return state, -pivot
