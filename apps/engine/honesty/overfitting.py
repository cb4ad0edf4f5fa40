"""Probability of backtest overfitting by combinatorially symmetric cross-validation.

Bailey, Borwein, López de Prado & Zhu, "The probability of backtest overfitting", Journal of Computational Finance 2017.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numba import njit

from apps.engine.honesty.errors import HonestyError
from apps.engine.honesty.sharpe import Floats

BLOCKS = 16
MOST_BLOCKS = 20
FEWEST_ROWS = 4  # of a block
BINS = 21  # of the histogram of logits, an odd number: the middle one holds 0


@dataclass(frozen=True)
class PBO:
    """How often the best variant of one half of the time is no better than the middle one of the other half."""

    probability: float  # share of splits with a logit of 0 or less
    splits: int
    blocks: int
    variants: int
    rows: int  # returns used, the last ones: a multiple of `blocks`
    probability_of_loss: float  # share of splits in which the winner's Sharpe ratio was negative outside
    slope: (
        float | None
    )  # of the winner's Sharpe ratio outside on the one inside; None where that does not differ
    intercept: float | None
    r_squared: float | None
    logits: dict[str, float]  # percentiles
    histogram: dict[str, list[float]]  # edges[BINS + 1] of logits, counts[BINS]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def pbo(returns: Floats, blocks: int = BLOCKS) -> PBO:
    """PBO of float64[T, N] returns: T periods, oldest first, of N variants over the same periods.

    All C(blocks, blocks / 2) ways to take half of `blocks` equal parts as inside and the other half as outside. Where T
    is no multiple of `blocks`, the oldest rows are left out. A variant whose returns do not differ in a half has a
    Sharpe ratio of 0 there. Of several best inside, the first counts; equals outside share the mean of their ranks.
    """
    returns = np.ascontiguousarray(returns, dtype=np.float64)
    if returns.ndim != 2:
        raise HonestyError(f"returns have {returns.ndim} dimensions: two are right, periods by variants")
    periods, variants = returns.shape
    if blocks % 2 or not 2 <= blocks <= MOST_BLOCKS:
        raise HonestyError(f"{blocks} blocks: an even number from 2 to {MOST_BLOCKS} is right")
    if variants < 2:
        raise HonestyError(f"{variants} variant: overfitting is a choice among at least 2")
    if periods < FEWEST_ROWS * blocks:
        raise HonestyError(
            f"{periods} returns are too few for {blocks} blocks: {FEWEST_ROWS * blocks} are needed, "
            f"{FEWEST_ROWS} a block; take fewer blocks or a longer time"
        )
    if not np.all(np.isfinite(returns)):
        row, column = np.argwhere(~np.isfinite(returns))[0]
        raise HonestyError(f"return {row} of variant {column} is {returns[row, column]}, not a finite number")
    rows = periods // blocks
    used = returns[periods - rows * blocks :]
    if not np.any(used != used[0]):
        raise HonestyError("no variant's returns differ: there is nothing to choose from")
    # Sharpe ratios come from sums of squares: around each column's mean they lose no digits.
    centre = np.mean(used, axis=0)
    away = (used - centre).reshape(blocks, rows, variants)
    sums, squares = np.sum(away, axis=1), np.sum(away * away, axis=1)
    parts = used.reshape(blocks, rows, variants)
    inside, outside, rank = _splits(sums, squares, np.min(parts, axis=1), np.max(parts, axis=1), centre, rows)
    share = rank / (variants + 1)
    logit = np.log(share / (1.0 - share))
    # A rank in the exact middle is a logit of 0, whatever the logarithm's rounding says.
    probability = float(np.mean(2.0 * rank <= variants + 1))
    slope, intercept, r_squared = _line(inside, outside)
    bound = math.log(variants)  # the largest logit: rank N of N
    counts, edges = np.histogram(np.clip(logit, -bound, bound), bins=BINS, range=(-bound, bound))
    return PBO(
        probability=probability,
        splits=len(logit),
        blocks=blocks,
        variants=variants,
        rows=rows * blocks,
        probability_of_loss=float(np.mean(outside < 0)),
        slope=slope,
        intercept=intercept,
        r_squared=r_squared,
        logits={f"p{q}": float(np.percentile(logit, q)) for q in (5, 25, 50, 75, 95)},
        histogram={"edges": edges.tolist(), "counts": counts.tolist()},
    )


def _line(x: Floats, y: Floats) -> tuple[float | None, float | None, float | None]:
    """Slope, intercept and R² of the least-squares line; R² is None where y does not differ, all where x does not."""
    if np.max(x) == np.min(x):
        return None, None, None
    dx, dy = x - np.mean(x), y - np.mean(y)
    xx, xy, yy = float(np.sum(dx * dx)), float(np.sum(dx * dy)), float(np.sum(dy * dy))
    slope = xy / xx
    flat = np.max(y) == np.min(y)
    return slope, float(np.mean(y) - slope * np.mean(x)), None if flat else xy * xy / (xx * yy)


@njit(cache=True, nogil=True)
def _sharpe_ratios(chosen, sums, squares, least, most, centre, count, out, total, square, low, high):
    """Sharpe ratio of each column over the chosen blocks, from the sums of the blocks around `centre`."""
    variants = len(out)
    total[:] = 0.0
    square[:] = 0.0
    low[:] = np.inf
    high[:] = -np.inf
    for block in chosen:
        for j in range(variants):
            total[j] += sums[block, j]
            square[j] += squares[block, j]
            low[j] = min(low[j], least[block, j])
            high[j] = max(high[j], most[block, j])
    for j in range(variants):
        out[j] = 0.0
        if high[j] > low[j]:
            mean = total[j] / count
            variance = (square[j] - total[j] * mean) / (count - 1)
            if variance > 0.0:
                out[j] = (centre[j] + mean) / math.sqrt(variance)


@njit(cache=True, nogil=True)
def _splits(sums, squares, least, most, centre, rows):
    """For each split (inside Sharpe ratio of the winner, its outside one, its rank outside: 1 the worst).

    Splits come in pairs, halves exchanged: the masks of half the blocks, rising, that leave out the last block.
    """
    blocks, variants = sums.shape
    half = blocks // 2
    pairs = 1
    for i in range(half):
        pairs = pairs * (blocks - 1 - i) // (i + 1)
    inside = np.empty(2 * pairs)
    outside = np.empty(2 * pairs)
    rank = np.empty(2 * pairs)
    ratios = np.empty((2, variants))
    total, square = np.empty(variants), np.empty(variants)
    low, high = np.empty(variants), np.empty(variants)
    chosen = np.empty((2, half), np.int64)
    mask = (1 << half) - 1
    for pair in range(pairs):
        filled = np.zeros(2, np.int64)
        for block in range(blocks):
            side = 0 if (mask >> block) & 1 else 1
            chosen[side, filled[side]] = block
            filled[side] += 1
        for side in range(2):
            _sharpe_ratios(
                chosen[side],
                sums,
                squares,
                least,
                most,
                centre,
                half * rows,
                ratios[side],
                total,
                square,
                low,
                high,
            )
        for side in range(2):
            here, there = ratios[side], ratios[1 - side]
            winner = np.argmax(here)
            worse = 0
            equal = 0
            for j in range(variants):
                worse += there[j] < there[winner]
                equal += there[j] == there[winner]
            place = 2 * pair + side
            inside[place] = here[winner]
            outside[place] = there[winner]
            rank[place] = worse + (equal + 1) / 2.0
        # the next larger number with as many bits set
        lowest = mask & -mask
        ripple = mask + lowest
        mask = ripple | (((mask ^ ripple) >> 2) // lowest)
    return inside, outside, rank
