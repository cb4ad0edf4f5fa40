"""Sums and percentiles as the compiled figures take them."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, error_model="numpy", forceinline=True)
def added(whole, lost, value):
    """A sum so far, as what it is and what each step rounded away (Neumaier 1974), with one value more."""
    both = whole + value
    if abs(whole) >= abs(value):
        lost += (whole - both) + value
    else:
        lost += (value - both) + whole
    return both, lost


@njit(cache=True, error_model="numpy")
def total(values):
    """The sum of all values with what was rounded away: as good as exact for what we sum."""
    whole = 0.0
    lost = 0.0
    for value in values:
        whole, lost = added(whole, lost, value)
    return whole + lost


@njit(cache=True, error_model="numpy")
def percentile(ordered, share):
    """The value below which `share` of the rising values lie, linear between two (type 7 of Hyndman & Fan 1996)."""
    place = (len(ordered) - 1) * share
    below = int(place)
    if below + 1 >= len(ordered):
        return ordered[len(ordered) - 1]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * (place - below)


def plain(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """A contiguous view that cannot be written to: a kernel is compiled anew for each kind of array it meets."""
    view = np.ascontiguousarray(column).view()
    view.flags.writeable = False
    return view
