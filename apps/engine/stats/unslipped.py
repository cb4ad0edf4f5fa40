"""What fills would have cost without slippage and tick, and where each trade's first stop stood.

Follows from the orders, the bars and the trades; the fill step (apps.engine.sim.kernel) does not have to keep it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.sim import kernel
from apps.engine.sim.rules import rules_of
from apps.engine.sim.run import Trades
from apps.engine.sim.spec import Orders, Protection, SimParams
from apps.engine.stats.sums import plain

Floats = NDArray[np.float64]
_NONE = np.empty(0)


@dataclass(frozen=True)
class Unslipped:
    """float64[k] each, for k closed trades."""

    entry: Floats  # the market's price at the entry
    exit: Floats  # the market's price, or the stop's; a target's fill price, since targets do not slip
    stop: Floats  # where the nearer of stop and trail stood at the entry, nan where the trade began without


def unslipped(trades: Trades, bars: Bars, orders: Orders, params: SimParams) -> Unslipped:
    """Prices before slippage and tick, and first stops, of the trades of a run."""
    return Unslipped(
        *_unslipped(
            plain(bars.open), plain(bars.high), plain(bars.low), plain(bars.close),
            trades.side, trades.reason, trades.entry_index, trades.exit_index, trades.entry_price,
            trades.exit_price, _series(orders.stop), _series(orders.trail), rules_of(orders, params),
        )
    )  # fmt: skip


def entry_before_slippage(bars: Bars, entry_index: int, params: SimParams) -> float:
    """The market's price at an entry: the bar's open, or its close where requests fill there."""
    return float((bars.close if params.fill == "close" else bars.open)[entry_index])


def _series(protection: Protection | None) -> Floats:
    return plain(_NONE if protection is None or protection.series is None else protection.series)


@njit(cache=True, error_model="numpy")
def _unslipped(
    open_,
    high,
    low,
    close,
    side,
    reason,
    entry_index,
    exit_index,
    entry_price,
    exit_price,
    stops,
    trails,
    rules,
):
    k = len(side)
    entry, leave, first_stop = np.empty(k), np.empty(k), np.empty(k)
    for t in range(k):
        way = side[t]
        first, last = entry_index[t], exit_index[t]
        signal = first if rules.at_close else first - 1
        entry[t] = close[first] if rules.at_close else open_[first]
        distance = _value_at(trails, signal)
        given = _value_at(stops, signal)
        stop = given
        if rules.stop_kind != kernel.AT:
            stop = kernel.level_from(entry_price[t], -way, rules.stop_kind, rules.stop_value, given)
        first_stop[t] = _first_stop(way, entry_price[t], stop, distance, rules)
        if reason[t] == kernel.BY_TARGET:
            leave[t] = exit_price[t]
        elif reason[t] == kernel.BY_ZERO:
            leave[t] = close[last]
        elif reason[t] == kernel.BY_STOP or reason[t] == kernel.BY_TRAIL:
            if reason[t] == kernel.BY_TRAIL:
                best = entry_price[t]
                for i in range(first + rules.at_close, last):  # the bars the position was aged by
                    best = max(best, high[i]) if way > 0 else min(best, low[i])
                stop = _trail(way, best, distance, rules)
            elif rules.stop_kind == kernel.AT:
                stop = stops[last - 1]
            leave[t] = open_[last] if kernel.reached(open_[last], stop, -way) else stop
        else:
            leave[t] = close[last] if rules.at_close else open_[last]
    return entry, leave, first_stop


@njit(cache=True, error_model="numpy")
def _value_at(series, i):
    """The i-th value, nan where the formula has no such series."""
    return series[i] if series.size else math.nan


@njit(cache=True, error_model="numpy")
def _trail(way, best, distance, rules):
    if rules.trail_kind == kernel.PERCENT:
        return best * (1.0 - way * rules.trail_value)
    return best - way * distance


@njit(cache=True, error_model="numpy")
def _first_stop(way, price, stop, distance, rules):
    """The nearer of stop and trail at the entry; nan for none, or for one on the winning side of the price."""
    if rules.trail_kind != kernel.NONE:
        trail = _trail(way, price, distance, rules)
        if math.isnan(stop) or way * (trail - stop) > 0.0:
            stop = trail
    return stop if way * (price - stop) > 0.0 else math.nan
