"""Steps of order over a window: highest, lowest, median, rank. Source: TA-Lib MAX, MIN; Pine's reference for
the rest.
"""

import numpy as np
from numba import njit

from apps.engine.indicators.steps.windows import NA, missing, move_gap


@njit(cache=True, forceinline=True)
def highest_step(
    state: tuple[float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """The highest of the last n values, and how many bars ago it was as 0, -1, -2 ... (the latest, if tied).

    Source: TA-Lib MAX; Pine's ta.highestbars. First values: n - 1 bars after the first of x. A queue of falling
    candidates: values in memory[at : at + n], their numbers in the n places after. State: values seen, head of the
    queue, its length.
    """
    if missing(x):
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


@njit(cache=True, forceinline=True)
def lowest_step(
    state: tuple[float, float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """The lowest of the last n values and how many bars ago it was: `highest_step` mirrored (TA-Lib MIN)."""
    after, (value, bars) = highest_step(state, memory, at, -x, n)
    return after, (-value, bars)


@njit(cache=True)
def count_below(memory: np.ndarray, at: int, n: int, x: float) -> int:
    """How many of the n sorted numbers from `at` on are below x."""
    low = 0
    while n > 0:
        half = n // 2
        if memory[at + low + half] < x:
            low += half + 1
            n -= half + 1
        else:
            n = half
    return low


@njit(cache=True, forceinline=True)
def median_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], float]:
    """The middle of the last n values in order of size, or the mean of the middle two. Source: Pine's
    ta.median.

    First value: n - 1 bars after the first of x. State: values held, place of the next. Memory: n values by
    age, then the same n sorted; the newest is put where it belongs, and those between it and the place of the
    oldest move up by one.
    """
    if missing(x):
        return (0.0, 0.0), NA
    count, place = state
    p = int(place)
    held = int(count)
    first = at + n
    to = first + count_below(memory, first, held, x)
    if held == n:
        gap = first + count_below(memory, first, held, memory[at + p])
        if to > gap:
            to -= 1  # the newest takes the place of the last that moves down
    else:
        gap = first + held
        held += 1
    move_gap(memory, gap, to)
    memory[to] = x
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    after = (float(held), float(p))
    if held < n:
        return after, NA
    middle = first + n // 2
    if n % 2 == 1:
        return after, memory[middle]
    return after, (memory[middle - 1] + memory[middle]) / 2.0


@njit(cache=True, forceinline=True)
def percentrank_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], float]:
    """Percent of the n values before x that are not above it. Source: Pine's ta.percentrank.

    First value: n bars after the first of x. Counting all n takes as long as keeping them sorted would. State: values
    held, place of the next.
    """
    if missing(x):
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
