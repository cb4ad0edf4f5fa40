"""What the steps share: which numbers count as missing, and sums over a window kept in `memory`.

A window is a ring: the newest value takes the place of the oldest. When the place comes round to the first, the
ring holds exactly the values since it last did. A running sum is therefore kept twice: beside the sum of the
window there is one of the values since the ring came round, and when it next does, that one takes the place of
the other. So rounding errors live for at most two windows, and an error of an old bar never lasts.
"""

import math

import numpy as np
from numba import njit

NA = math.nan
EPSILON = 1e-14  # TA-Lib's: what lies nearer to zero counts as zero
LARGEST = 1e300  # a larger number counts as missing: no sum over a window of smaller ones can overflow
LARGEST_SQUARED = 1e150  # the same where squares are summed
ONE, TWO, THREE, FOUR = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)


@njit(cache=True)
def missing(x: float) -> bool:
    """x is na, infinite, or too large to be summed."""
    return not abs(x) <= LARGEST


@njit(cache=True)
def total_of(memory: np.ndarray, at: int, n: int) -> float:
    """Sum of the n numbers from `at` on."""
    total = 0.0
    for i in range(n):
        total += memory[at + i]
    return total


@njit(cache=True)
def product_of(memory: np.ndarray, first: int, second: int, n: int) -> float:
    """Sum of the products of the n numbers from `first` on with those from `second` on.

    Four totals at once, here and in the two that follow, for steps that visit their whole window on every bar: the
    processor adds them side by side. Unsigned places spare the check for negative ones.
    """
    a = b = c = d = 0.0
    i = np.uint64(first)
    j = np.uint64(second)
    end = np.uint64(first + n)
    while i + FOUR <= end:
        a += memory[i] * memory[j]
        b += memory[i + ONE] * memory[j + ONE]
        c += memory[i + TWO] * memory[j + TWO]
        d += memory[i + THREE] * memory[j + THREE]
        i += FOUR
        j += FOUR
    while i < end:
        a += memory[i] * memory[j]
        i += ONE
        j += ONE
    return (a + b) + (c + d)


@njit(cache=True)
def long_distance_from(memory: np.ndarray, at: int, n: int, origin: float) -> float:
    """`distance_from`, with four totals."""
    a = b = c = d = 0.0
    i = np.uint64(at)
    end = np.uint64(at + n)
    while i + FOUR <= end:
        a += memory[i] - origin
        b += memory[i + ONE] - origin
        c += memory[i + TWO] - origin
        d += memory[i + THREE] - origin
        i += FOUR
    while i < end:
        a += memory[i] - origin
        i += ONE
    return (a + b) + (c + d)


@njit(cache=True)
def absolute_distance_from(memory: np.ndarray, at: int, n: int, origin: float) -> float:
    """Sum of the distances of the n numbers from `origin`, without their signs."""
    a = b = c = d = 0.0
    i = np.uint64(at)
    end = np.uint64(at + n)
    while i + FOUR <= end:
        a += abs(memory[i] - origin)
        b += abs(memory[i + ONE] - origin)
        c += abs(memory[i + TWO] - origin)
        d += abs(memory[i + THREE] - origin)
        i += FOUR
    while i < end:
        a += abs(memory[i] - origin)
        i += ONE
    return (a + b) + (c + d)


@njit(cache=True)
def move_gap(memory: np.ndarray, gap: int, to: int) -> None:
    """Move the numbers between the places `gap` and `to` by one, so that `to` is free instead of `gap`."""
    i = np.uint64(gap)
    end = np.uint64(to)
    while i < end:
        memory[i] = memory[i + ONE]
        i += ONE
    while i > end:
        memory[i] = memory[i - ONE]
        i -= ONE


@njit(cache=True)
def distance_from(memory: np.ndarray, at: int, n: int, origin: float) -> float:
    """Sum of the distances of the n numbers from `origin`, each with its sign."""
    total = 0.0
    for i in range(n):
        total += memory[at + i] - origin
    return total


@njit(cache=True)
def shared_distance_from(
    memory: np.ndarray, first: int, second: int, n: int, origin: float, other: float
) -> float:
    """Sum of the products of the distances of n numbers from `origin` and of n others from `other`."""
    total = 0.0
    for i in range(n):
        total += (memory[first + i] - origin) * (memory[second + i] - other)
    return total


@njit(cache=True)
def center_of(memory: np.ndarray, at: int, n: int, near: float) -> float:
    """The mean of the n numbers as good as rounding allows; exactly their value where they are all `near`."""
    return near + distance_from(memory, at, n, near) / n


@njit(cache=True)
def weighted_distance_from(memory: np.ndarray, at: int, n: int, origin: float, first: float) -> float:
    """Sum of the distances of the n numbers from `origin`, weighted by first, first + 1, first + 2 ..."""
    total = 0.0
    for i in range(n):
        total += (first + i) * (memory[at + i] - origin)
    return total
