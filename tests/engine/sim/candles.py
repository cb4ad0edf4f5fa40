"""Helpers to write a case as a few candles."""

import numpy as np

from apps.engine.bars import Bars
from apps.engine.sim.spec import Orders, SimParams

DAY_MS = 86_400_000


def make_bars(rows, step_ms=DAY_MS):
    """Bars from (open, high, low, close) rows; a single number is a candle that never moved."""
    prices = np.array([row if isinstance(row, tuple) else (row,) * 4 for row in rows], dtype=float)
    n = len(prices)
    return Bars(np.arange(n) * step_ms, *prices.T, np.ones(n), timeframe_ms=step_ms)


def make_orders(n, flags, **settings):
    """Orders over n bars from {bar index: flags}."""
    column = np.zeros(n, dtype=np.uint8)
    for index, value in flags.items():
        column[index] = value
    return Orders(flags=column, **settings)


FREE = SimParams(cash=1000.0, fee=0.0)
