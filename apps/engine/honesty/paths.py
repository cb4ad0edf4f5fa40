"""Paths an account might have taken: its returns drawn again in blocks, its trades in another order.

Growth is summed in logarithms: a drawdown is then a difference, and an account that lost everything is at -infinity
for good.
"""

import math

import numpy as np
from numba import njit

from apps.engine.honesty.splitmix import GAMMA, HALF, LOW, below, counter_of, mixed

BOOTSTRAP, SHUFFLE = 1, 2


@njit(cache=True)
def growth_of(returns):
    """float64[n]: log(1 + r), -infinity where everything or more is lost."""
    growth = np.empty(len(returns))
    for i in range(len(returns)):
        growth[i] = math.log1p(returns[i]) if returns[i] > -1.0 else -math.inf
    return growth


@njit(cache=True)
def _leave_logarithms(equity, deepest):
    """Growth to multiples of the start, depths to fractions of the peak."""
    for row in range(equity.shape[0]):
        for path in range(equity.shape[1]):
            equity[row, path] = math.exp(equity[row, path])
    for path in range(len(deepest)):
        deepest[path] = -math.expm1(-deepest[path])


@njit(cache=True, nogil=True)
def bootstrap_paths(returns, mean_block, paths, seed, points):
    """Paths of as many periods as there are returns (n < 2^32), by the stationary bootstrap (Politis & Romano 1994).

    A path takes up the returns at a random place and follows them, the first after the last, and after each return
    leaves for another random place with probability 1 / mean_block. `points`: rising numbers of periods, 0 first.
    Returns (equity[len(points), paths] and lowest[paths] as multiples of the start, deepest[paths] drawdown,
    sharpe[paths] per period, 0 for a path whose returns do not differ).
    """
    n = len(returns)
    growth = growth_of(returns)
    mean = np.mean(returns)
    away = returns - mean  # sums of squares around the mean lose no digits
    equity = np.zeros((len(points), paths))
    lowest = np.empty(paths)
    deepest = np.empty(paths)
    sharpe = np.zeros(paths)
    leave = np.uint64(2.0**32 / mean_block)
    size = np.uint64(n)
    for path in range(paths):
        counter = counter_of(seed, BOOTSTRAP, path)
        bits = mixed(counter)
        i = np.int64(below(bits >> HALF, size))
        first = returns[i]
        differs = False
        now = peak = least = deep = total = squares = 0.0
        row = 1
        for t in range(n):
            value = away[i]
            total += value
            squares += value * value
            differs |= returns[i] != first
            now += growth[i]
            peak = max(peak, now)
            least = min(least, now)
            deep = max(deep, peak - now)
            if points[row] == t + 1:
                equity[row, path] = now
                row += 1
                if row == len(points):
                    break
            counter += GAMMA
            bits = mixed(counter)
            i += 1
            if (bits & LOW) < leave:
                i = np.int64(below(bits >> HALF, size))
            elif i == n:
                i = np.int64(0)
        lowest[path] = math.exp(least)
        deepest[path] = deep
        variance = (squares - total * total / n) / (n - 1) if differs else 0.0
        if variance > 0.0:
            sharpe[path] = (mean + total / n) / math.sqrt(variance)
    _leave_logarithms(equity, deepest)
    return equity, lowest, deepest, sharpe


@njit(cache=True, nogil=True)
def shuffled_paths(returns, paths, seed, points):
    """The same k returns (k < 2^32) in random orders (Fisher & Yates): (equity[len(points), paths], deepest[paths]).

    The order is drawn while the path is walked. `points` and units as in `bootstrap_paths`.
    """
    k = len(returns)
    growth = growth_of(returns)
    order = np.empty(k)
    equity = np.zeros((len(points), paths))
    deepest = np.empty(paths)
    for path in range(paths):
        counter = counter_of(seed, SHUFFLE, path)
        order[:] = growth  # so that a path does not depend on those before it
        now = peak = deep = 0.0
        row = 1
        bits = np.uint64(0)
        for t in range(k):
            if t & 1:
                bits >>= HALF
            else:
                bits = mixed(counter)
                counter += GAMMA
            chosen = t + np.int64(below(bits & LOW, np.uint64(k - t)))
            step = order[chosen]
            order[chosen] = order[t]
            now += step
            peak = max(peak, now)
            deep = max(deep, peak - now)
            if points[row] == t + 1:
                equity[row, path] = now
                row += 1
        deepest[path] = deep
    _leave_logarithms(equity, deepest)
    return equity, deepest
