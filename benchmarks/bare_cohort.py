"""The yardstick of cohorts: the first example's conditions for one bar of many bots, by hand, over plain arrays.

No formula, no checks, no state to hand out: one loop per operator over arrays of n bots, the averages' weights
computed beforehand. The averages are seeded with the mean of their first values and RSI is Wilder's, as in TA-Lib.
"""

import numpy as np
from numba import njit


@njit(cache=True)
def ema(price, length, weight, count, total, average, out):
    for i in range(length.shape[0]):
        if count[i] >= length[i]:
            average[i] = (price - average[i]) * weight[i] + average[i]
        else:
            count[i] += 1
            total[i] += price
            if count[i] == length[i]:
                average[i] = total[i] / length[i]
        out[i] = average[i]


@njit(cache=True)
def rsi(price, length, count, before, gain, loss, out):
    for i in range(length.shape[0]):
        n = length[i]
        change = price - before[i]
        before[i] = price
        count[i] += 1
        out[i] = np.nan
        if count[i] == 1:
            continue
        up = change if change > 0.0 else 0.0
        down = -change if change < 0.0 else 0.0
        if count[i] <= n + 1:
            gain[i] += up
            loss[i] += down
            if count[i] < n + 1:
                continue
            gain[i] /= n
            loss[i] /= n
        else:
            gain[i] = (gain[i] * (n - 1) + up) / n
            loss[i] = (loss[i] * (n - 1) + down) / n
        out[i] = 100.0 * (gain[i] / (gain[i] + loss[i]))


@njit(cache=True)
def crossed(fast, slow, fast_before, slow_before, over, under):
    for i in range(fast.shape[0]):
        over[i] = fast_before[i] <= slow_before[i] and fast[i] > slow[i]
        under[i] = fast_before[i] >= slow_before[i] and fast[i] < slow[i]
        fast_before[i] = fast[i]
        slow_before[i] = slow[i]


@njit(cache=True)
def flag(over, under, strength, level, long_bit, exit_bit, flags):
    for i in range(flags.shape[0]):
        flags[i] = (long_bit if over[i] and strength[i] < level else 0) | (exit_bit if under[i] else 0)


class BareCohort:
    """State and buffers of all bots."""

    def __init__(self, fast: np.ndarray, slow: np.ndarray, long_bit: int, exit_bit: int) -> None:
        self.lengths = fast, slow, np.full(len(fast), 14)
        self.weights = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
        self.bits = np.uint8(long_bit), np.uint8(exit_bit)
        self.counts = [np.zeros(len(fast), np.int64) for _ in range(3)]
        self.totals = [np.zeros(len(fast)) for _ in range(2)]
        self.averages = [np.full(len(fast), np.nan) for _ in range(2)]
        self.out = [np.empty(len(fast)) for _ in range(3)]
        self.rsi = [np.full(len(fast), np.nan), np.zeros(len(fast)), np.zeros(len(fast))]
        self.before = [np.full(len(fast), np.nan) for _ in range(2)]
        self.crossed = [np.zeros(len(fast), np.bool_) for _ in range(2)]
        self.flags = np.zeros(len(fast), np.uint8)

    def step(self, close: float) -> np.ndarray:
        for k in range(2):
            ema(
                close, self.lengths[k], self.weights[k], self.counts[k], self.totals[k], self.averages[k], self.out[k]
            )  # fmt: skip
        rsi(close, self.lengths[2], self.counts[2], *self.rsi, self.out[2])
        crossed(self.out[0], self.out[1], *self.before, *self.crossed)
        flag(*self.crossed, self.out[2], 70.0, *self.bits, self.flags)
        return self.flags
