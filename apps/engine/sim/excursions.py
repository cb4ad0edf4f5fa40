"""How far each trade went against and for its holder (MAE and MFE, Sweeney 1996)."""

import numpy as np
from numba import njit


@njit(cache=True)
def excursions(
    high, low, side, entry_index, exit_index, entry_price, exit_price, exit_at_close, entry_at_close
):
    """(mae[k], mfe[k]): positive fractions of the entry price, 0 where the price never went that way.

    The bars held to their end count with their high and low. Of a bar on which the position was left before its
    close, nobody knows which of its extremes came first, so only the exit price counts.
    """
    k = len(side)
    mae = np.zeros(k)
    mfe = np.zeros(k)
    for t in range(k):
        top = max(entry_price[t], exit_price[t])
        bottom = min(entry_price[t], exit_price[t])
        first = entry_index[t] + (1 if entry_at_close else 0)
        last = exit_index[t] + (1 if exit_at_close[t] else 0)
        for i in range(first, last):
            top = max(top, high[i])
            bottom = min(bottom, low[i])
        up = top / entry_price[t] - 1.0
        down = 1.0 - bottom / entry_price[t]
        mae[t] = down if side[t] > 0 else up
        mfe[t] = up if side[t] > 0 else down
    return mae, mfe
