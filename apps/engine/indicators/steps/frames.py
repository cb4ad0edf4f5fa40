"""Steps that gather bars into bars of a higher timeframe."""

import math

import numpy as np
from numba import njit

from apps.engine.indicators.steps.arithmetic import max_step, min_step

NA = math.nan


@njit(cache=True)
def gather_step(
    frame: tuple[float, float, float, float, float, float, float],
    time: float,
    open_: float,
    high: float,
    low: float,
    close: float,
    volume: float,
) -> tuple[float, float, float, float, float, float, float]:
    """The higher bar after one more bar: opening time, open, high, low, close, volume and bars gathered (0: none)."""
    if frame[6] == 0.0:
        return (time, open_, high, low, close, volume, 1.0)
    return (
        frame[0],
        frame[1],
        max_step(frame[2], high),
        min_step(frame[3], low),
        close,
        frame[5] + volume,
        frame[6] + 1.0,
    )


@njit(cache=True, nogil=True)
def gather_kernel(
    time: np.ndarray,
    open_: np.ndarray,
    high: np.ndarray,
    low: np.ndarray,
    close: np.ndarray,
    volume: np.ndarray,
    period: np.ndarray,
    ends: np.ndarray,
    out: np.ndarray,
    seen: np.ndarray,
) -> int:
    """Fill `out` (float64[6, n]: the closed higher bars) and `seen` (int64[n]: how many are closed as of each bar).

    A higher bar closes with the bar that ends with its period (`ends`), or when a bar of another `period` comes.
    Returns the number of higher bars closed.
    """
    frame = (0.0, NA, NA, NA, NA, NA, 0.0)
    closed = 0
    for i in range(len(time)):
        if frame[6] > 0.0 and period[i] != period[i - 1]:
            for j in range(6):
                out[j, closed] = frame[j]
            closed += 1
            frame = (0.0, NA, NA, NA, NA, NA, 0.0)
        frame = gather_step(frame, float(time[i]), open_[i], high[i], low[i], close[i], volume[i])
        if ends[i]:
            for j in range(6):
                out[j, closed] = frame[j]
            closed += 1
            frame = (0.0, NA, NA, NA, NA, NA, 0.0)
        seen[i] = closed
    return closed
