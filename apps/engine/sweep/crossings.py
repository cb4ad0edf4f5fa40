"""Crossings as condition bits at once: in most sweeps each cell has its own, and nobody else looks at their columns."""

from __future__ import annotations

import numpy as np
from numba import njit

from apps.engine.uncounted import UNCOUNTED


@njit(cache=True, nogil=True, **UNCOUNTED)
def add_crossings(a, b, first, over, under, flags):
    """Add the bit `over` to `flags` (uint8[n]) where `a` (float64[n]) has crossed over `b`, and `under` likewise.

    A bit of 0 adds nothing. Bars before `first` say nothing, nor does the first bar of all. The comparisons are those
    of `crossover_step` and `crossunder_step`.
    """
    for i in range(np.uint64(max(first, 1)), np.uint64(len(flags))):
        j = i - np.uint64(1)
        rose = np.uint8((a[j] <= b[j]) & (a[i] > b[i])) * np.uint8(over)
        fell = np.uint8((a[j] >= b[j]) & (a[i] < b[i])) * np.uint8(under)
        flags[i] |= rose | fell
