"""Steps of the momentum oscillators. Source: TA-Lib."""

import numpy as np
from numba import njit

from apps.engine.indicators.steps.windows import (
    EPSILON,
    NA,
    absolute_distance_from,
    long_distance_from,
    missing,
)

Flows = tuple[float, float, float, float, float, float, float, float, float]


@njit(cache=True, forceinline=True)
def wilder_moves_step(
    state: tuple[float, float, float, float], x: float, n: int
) -> tuple[tuple[float, float, float, float], tuple[float, float]]:
    """Wilder's averages of the rises and of the falls (both positive), seeded with the mean of the first n.

    State: changes seen, the value before, average rise, average fall (sums until seeded).
    """
    if missing(x):
        return state, (NA, NA)
    count, previous, rise, fall = state
    if previous != previous:
        return (count, x, rise, fall), (NA, NA)
    change = x - previous
    up = change if change > 0.0 else 0.0
    down = -change if change < 0.0 else 0.0
    if count >= n:
        weight, kept = 1.0 / n, (n - 1.0) / n  # no division from bar to bar: nothing else here takes as long
        rise = rise * kept + up * weight
        fall = fall * kept + down * weight
        return (count, x, rise, fall), (rise, fall)
    count += 1.0
    rise += up
    fall += down
    if count == n:
        rise /= n
        fall /= n
        return (count, x, rise, fall), (rise, fall)
    return (count, x, rise, fall), (NA, NA)


@njit(cache=True, forceinline=True)
def rsi_step(
    state: tuple[float, float, float, float], x: float, n: int
) -> tuple[tuple[float, float, float, float], float]:
    """Relative strength index, 0 to 100: 100 * rise / (rise + fall), of Wilder's averages; 0 where nothing moved.

    Source: Wilder 1978; TA-Lib RSI. First value: n bars after the first of x.
    """
    state, (rise, fall) = wilder_moves_step(state, x, n)
    if rise != rise:
        return state, NA
    total = rise + fall
    if total < EPSILON:
        return state, 0.0
    return state, 100.0 * (rise / total)


@njit(cache=True, forceinline=True)
def cmo_step(
    state: tuple[float, float, float, float], x: float, n: int
) -> tuple[tuple[float, float, float, float], float]:
    """Chande's momentum oscillator, -100 to 100: 100 * (rise - fall) / (rise + fall), of Wilder's averages.

    Source: TA-Lib CMO (Chande sums where TA-Lib averages). First value: n bars after the first of x.
    """
    state, (rise, fall) = wilder_moves_step(state, x, n)
    if rise != rise:
        return state, NA
    total = rise + fall
    if total < EPSILON:
        return state, 0.0
    return state, 100.0 * ((rise - fall) / total)


@njit(cache=True, forceinline=True)
def cci_step(
    state: tuple[float, float], memory: np.ndarray, at: int, x: float, n: int
) -> tuple[tuple[float, float], float]:
    """Commodity channel index of the typical price x: (x - mean) / (0.015 * mean of |x_i - mean|) over n
    values.

    Source: Lambert 1980; TA-Lib CCI; 0 where nothing deviates. First value: n - 1 bars after the first of x.
    The mean deviation depends on every value of the window, so the cost grows with n. State: values held (at
    most n - 1), place of the next.
    """
    if missing(x):
        return (0.0, 0.0), NA
    count, place = state
    p = int(place)
    memory[at + p] = x
    p += 1
    if p == n:
        p = 0
    if count < n - 1:
        return (count + 1.0, float(p)), NA
    above = long_distance_from(memory, at, n, x) / n  # of the mean over x
    deviation = absolute_distance_from(memory, at, n, x + above)
    distance = -above
    if distance == 0.0 or deviation == 0.0:
        return (count, float(p)), 0.0
    return (count, float(p)), distance / (0.015 * (deviation / n))


@njit(cache=True, forceinline=True)
def mfi_step(
    state: Flows, memory: np.ndarray, at: int, typical: float, volume: float, n: int
) -> tuple[Flows, float]:
    """Money flow index, 0 to 100: 100 * rising / (rising + falling flow) over n changes of the typical price.

    The flow of a bar, typical price * volume, rises or falls with that price and is neither where it stands
    still; 0 where nothing flowed. Source: TA-Lib MFI. First value: index n. State: flows in the sums (at most n
    - 1), place of the next, the price before; then of the rising and the falling flows: their sums, how many
    are not zero, the sums of those since the ring came round. Memory: n flows, the falling ones negative.
    """
    flow = typical * volume
    if missing(flow) or missing(typical) or missing(volume):
        return (0.0, 0.0, NA, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), NA
    count, place, previous, rising, falling, rises, falls, rising_since, falling_since = state
    if previous != previous:
        return (0.0, 0.0, typical, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), NA
    p = int(place)
    up = flow if typical > previous else 0.0
    down = flow if typical < previous else 0.0
    memory[at + p] = up - down
    p += 1
    rising += up
    falling += down
    rising_since += up
    falling_since += down
    rises += 1.0 if up != 0.0 else 0.0
    falls += 1.0 if down != 0.0 else 0.0
    if p == n:
        p = 0
        rising = rising_since
        falling = falling_since
        rising_since = 0.0
        falling_since = 0.0
    if rises == 0.0:
        rising = 0.0
    if falls == 0.0:
        falling = 0.0
    if count < n - 1:
        return (
            count + 1.0,
            float(p),
            typical,
            rising,
            falling,
            rises,
            falls,
            rising_since,
            falling_since,
        ), NA
    total = rising + falling
    result = 0.0 if total <= 0.0 else 100.0 * (rising / total)
    oldest = memory[at + p]
    if oldest > 0.0:
        rising -= oldest
        rises -= 1.0
    elif oldest < 0.0:
        falling += oldest
        falls -= 1.0
    return (
        count,
        float(p),
        typical,
        rising,
        falling,
        rises,
        falls,
        rising_since,
        falling_since,
    ), result
