"""What a signal would have made by a horizon, from closed bars. Pure: bars and a moment in, numbers or a reason out.

The clock starts when the signal was received here, whatever time it names itself: nobody improves a record by dating
signals back. Nothing that closes after the horizon is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apps.core.words import gettext_lazy
from apps.engine.bars import Bars
from apps.signals.choices import Unmeasured

HORIZONS = {3_600: gettext_lazy("1 hour"), 14_400: gettext_lazy("4 hours"), 86_400: gettext_lazy("24 hours")}
NEAR = 0.75  # of the horizon: a close before that does not stand for its end
OFF_MARKET = 0.01  # an entry price may lie so far outside of what was traded
UNDER_WAY = 0.1  # a bar of which no more had passed counts as one after the signal


@dataclass(frozen=True, slots=True)
class Measured:
    """`change`, `best` and `worst` as shares of the entry price, in the signal's direction."""

    entry_price: float
    exit_price: float
    exit_ms: int
    change: float
    best: float | None
    worst: float | None


def measure(
    bars: Bars, *, received_ms: int, horizon_s: int, is_buy: bool, price: float | None
) -> Measured | Unmeasured:
    """Of one signal on bars no longer than the horizon."""
    horizon, step = horizon_s * 1000, bars.timeframe_ms
    closes = bars.time + step
    target = received_ms + horizon
    if len(bars) == 0 or closes[-1] < target or bars.time[0] > received_ms:
        return Unmeasured.NO_BARS
    last = int(np.searchsorted(closes, target, side="right")) - 1
    if closes[last] < received_ms + NEAR * horizon:
        return Unmeasured.COARSE if step > horizon * (1 - NEAR) else Unmeasured.CLOSED
    entry = _entry(bars, closes, received_ms, horizon, price)
    if isinstance(entry, Unmeasured):
        return entry
    side = 1 if is_buy else -1
    first = int(np.searchsorted(bars.time, received_ms - UNDER_WAY * step, side="left"))
    best = worst = None
    if first <= last:
        high, low = float(bars.high[first : last + 1].max()), float(bars.low[first : last + 1].min())
        ahead, behind = (high, low) if is_buy else (low, high)
        best = max(0.0, side * (ahead - entry) / entry)
        worst = min(0.0, side * (behind - entry) / entry)
    leave = float(bars.close[last])
    return Measured(entry, leave, int(closes[last]), side * (leave - entry) / entry, best, worst)


def _entry(
    bars: Bars, closes: np.ndarray, received_ms: int, horizon: int, price: float | None
) -> float | Unmeasured:
    """The signal's own price where the market was there, else the last close before the signal."""
    if price is None:
        known = int(np.searchsorted(closes, received_ms, side="right")) - 1
        if known < 0:
            return Unmeasured.NO_BARS
        stale = received_ms - int(closes[known]) > max(bars.timeframe_ms, (1 - NEAR) * horizon)
        return Unmeasured.CLOSED if stale else float(bars.close[known])
    at = int(np.searchsorted(bars.time, received_ms, side="right"))
    near = slice(max(0, at - 2), at)
    low, high = float(bars.low[near].min()), float(bars.high[near].max())
    if not low * (1 - OFF_MARKET) <= price <= high * (1 + OFF_MARKET):
        return Unmeasured.OFF_MARKET
    return price
