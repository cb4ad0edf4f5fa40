"""Distributions as counts over bins that depend on nothing but the values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.stats.sums import percentile

MOST_BINS = 40  # over the middle 98 % of the values


def histogram(values: NDArray[np.float64]) -> dict[str, Any] | None:
    """Counts of finite values in bins of equal width; None for no values.

    The width is the smallest of 1, 2 or 5 x 10^k that covers the 1st to the 99th percentile with at most 40 bins;
    edges are whole multiples of it. A value on an edge is in the bin above. What lies outside is counted apart.
    """
    if not len(values):
        return None
    ordered = np.sort(values)
    low, high = float(percentile(ordered, 0.01)), float(percentile(ordered, 0.99))
    step, power = _width(high - low)
    width = _multiple(1, step, power)
    first, last = math.floor(low / width), math.floor(high / width) + 1
    edges = [_multiple(i, step, power) for i in range(first, last + 1)]
    at = np.searchsorted(ordered, edges, side="left")
    return {
        "edges": edges,
        "counts": np.diff(at).tolist(),
        "below": int(at[0]),
        "above": int(len(ordered) - at[-1]),
    }


def _width(spread: float) -> tuple[int, int]:
    """The bin width step x 10^power for values `spread` apart; 0.001 where all are the same."""
    if spread == 0.0:
        return 1, -3
    power = -300
    while power < 300 and spread > MOST_BINS * _multiple(1, 5, power):
        power += 1
    step = next(step for step in (1, 2, 5) if step == 5 or spread <= MOST_BINS * _multiple(1, step, power))
    return step, power


def _multiple(times: int, step: int, power: int) -> float:
    """times x step x 10^power, correctly rounded: 3 x 0.001 is 0.003."""
    whole = times * step
    return whole / 10**-power if power < 0 else float(whole * 10**power)
