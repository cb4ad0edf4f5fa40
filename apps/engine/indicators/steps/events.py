"""Steps that notice events: crossings, runs, pivots, and values of the past. Source: Pine's reference."""

import math

import numpy as np
from numba import njit

NA = math.nan


@njit(cache=True)
def crossover_step(state: tuple[float, float], a: float, b: float) -> tuple[tuple[float, float], bool]:
    """a was not above b on the bar before, and is now. State: a and b of the bar before."""
    return (a, b), state[0] <= state[1] and a > b


@njit(cache=True)
def crossunder_step(state: tuple[float, float], a: float, b: float) -> tuple[tuple[float, float], bool]:
    """a was not below b on the bar before, and is now."""
    return (a, b), state[0] >= state[1] and a < b


@njit(cache=True)
def cross_step(state: tuple[float, float], a: float, b: float) -> tuple[tuple[float, float], bool]:
    """a has crossed b, either way."""
    return (a, b), (state[0] <= state[1] and a > b) or (state[0] >= state[1] and a < b)


@njit(cache=True)
def history_read_step(place: float, memory: np.ndarray, at: int) -> float:
    """The oldest value held, which is that of as many bars ago as the memory is long."""
    return memory[at + int(place)]


@njit(cache=True)
def history_push_step(place: float, memory: np.ndarray, at: int, x: float, n: int) -> float:
    """Put this bar's value in the place of the oldest; returns the place of the next oldest."""
    p = int(place)
    memory[at + p] = x
    p += 1
    return 0.0 if p == n else float(p)


@njit(cache=True)
def rising_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], bool]:
    """x is above each of the n values before it."""
    if x != x:
        return (0.0, 0.0), False
    count, place = state
    p = int(place)
    result = False
    if count == n:
        result = True
        for i in range(n):
            if memory[at + i] >= x:
                result = False
                break
    else:
        count += 1.0
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    return (count, float(p)), result


@njit(cache=True)
def falling_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], bool]:
    """x is below each of the n values before it."""
    return rising_step(state, memory, at, -x, n)


@njit(cache=True)
def barssince_step(state: tuple[float], condition: bool) -> tuple[tuple[float], float]:
    """Bars since the condition last held (0 on such a bar); na until it has."""
    if condition:
        return (0.0,), 0.0
    since = state[0] + 1.0  # na stays na
    return (since,), since


@njit(cache=True)
def valuewhen_step(
    state: tuple[float, float], memory: np.ndarray, at: int, condition: bool, x: float, k: int
) -> tuple[tuple[float, float], float]:
    """x on the k-th last bar on which the condition held (k = 0: the last); na until there was one."""
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


@njit(cache=True)
def fixnan_step(state: tuple[float], x: float) -> tuple[tuple[float], float]:
    """x, or its last known value where it is na."""
    if x == x:
        return (x,), x
    return state, state[0]


@njit(cache=True)
def pivothigh_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, left: int, right: int
) -> tuple[tuple[float, float], float]:
    """The value `right` bars ago, if none of the `left` values before it is higher and all `right` after are lower."""
    if x != x:
        return (0.0, 0.0), NA
    size = left + right + 1
    count, place = state
    p = int(place)
    memory[at + p] = x
    p += 1
    if p == size:
        p = 0
    if count < size - 1:
        return (count + 1.0, float(p)), NA
    q = p + left  # p is the oldest
    if q >= size:
        q -= size
    pivot = memory[at + q]
    for i in range(size):
        age = p + i
        if age >= size:
            age -= size
        if i < left and memory[at + age] > pivot:
            return (count, float(p)), NA
        if i > left and memory[at + age] >= pivot:
            return (count, float(p)), NA
    return (count, float(p)), pivot


@njit(cache=True)
def pivotlow_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, left: int, right: int
) -> tuple[tuple[float, float], float]:
    """`pivothigh_step` mirrored."""
    state, pivot = pivothigh_step(state, memory, at, -x, left, right)
    return state, -pivot
