"""How long the blocks of a bootstrap must be to keep the dependence between neighbouring returns."""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def stationary_block_length(values):
    """Mean block length for the stationary bootstrap of float64[n] values, at least 1 and at most min(3 sqrt n, n / 3).

    Politis & White 2004 with the correction of Patton, Politis & White 2009: the first lag from which autocorrelations
    stay within 2 sqrt(log10 n / n) for `quiet` lags in a row (as in Patton's own code; the paper begins one lag
    earlier), twice that as the width of a flat-top window, and from it the length that makes the variance of the mean
    most exact. 1 where the values do not differ.
    """
    n = len(values)
    longest = max(1.0, math.ceil(min(3.0 * math.sqrt(n), n / 3.0)))
    quiet = 5  # max(5, sqrt(log10 n)), and n is below 10^25
    widest = min(math.ceil(math.sqrt(n)) + quiet, n - 1)
    if widest < 1:
        return 1.0
    mean = np.mean(values)
    autocovariance = np.zeros(widest + 1)
    for lag in range(widest + 1):
        total = 0.0
        for t in range(n - lag):
            total += (values[t] - mean) * (values[t + lag] - mean)
        autocovariance[lag] = total / n
    if (
        not autocovariance[0] * autocovariance[0] > 0.0
    ):  # squared, as below: it must not be too small for a float
        return 1.0
    limit = 2.0 * math.sqrt(math.log10(n) / n) * autocovariance[0]
    quiet_from = 0
    run = 0
    for lag in range(1, widest + 1):
        run = run + 1 if abs(autocovariance[lag]) < limit else 0
        if run == quiet:
            quiet_from = lag - quiet + 1
            break
    if quiet_from == 0:  # never for long enough: the largest lag that stands out, if any
        quiet_from = 1
        for lag in range(1, widest + 1):
            if abs(autocovariance[lag]) >= limit:
                quiet_from = lag
    width = min(2 * quiet_from, widest)
    slope = 0.0
    spectrum = autocovariance[0]
    for lag in range(1, width + 1):
        share = lag / width
        weight = 1.0 if share <= 0.5 else 2.0 * (1.0 - share)
        slope += 2.0 * weight * lag * autocovariance[lag]
        spectrum += 2.0 * weight * autocovariance[lag]
    if spectrum * spectrum == 0.0:
        return longest
    length = (slope * slope / (spectrum * spectrum) * n) ** (1.0 / 3.0)
    return min(max(length, 1.0), longest)
