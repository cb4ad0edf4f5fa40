"""The cost of delay: what is left of a run when its orders are carried out later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.sim import kernel
from apps.engine.sim.run import SimResult, run
from apps.engine.sim.spec import Orders, Protection, SimParams
from apps.engine.stats.tables import finite

BARS = (1, 2, 3, 5)  # later than asked; 0 is the run itself
FINER_BARS = (1, 2, 5)

_UNITS = ((86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second"))


def delay_table(
    result: SimResult, bars: Bars, orders: Orders, params: SimParams, finer: Bars | None
) -> dict[str, Any]:
    """Net returns by delay, in the order of delay, and at which delay nothing is left.

    By whole bars: requests and the series of `by` and `at` come so many bars later, under the same fill rules. By
    finer bars, where given and requests fill at the open: they fill at the open of a finer bar inside the bar.
    """
    rows = [_row(0.0, 0, result, params.cash)]
    if finer is not None and params.fill == "next_open" and finer.timeframe_ms < bars.timeframe_ms:
        waiting = _requested(result, orders)
        for count in FINER_BARS:
            late = count * finer.timeframe_ms
            if late < bars.timeframe_ms:
                inside = _opening_later(bars, finer, late, waiting)
                delayed = run(inside, orders, params, finer=finer)
                rows.append(_row(late / bars.timeframe_ms, late, delayed, params.cash))
    for count in BARS:
        delayed = run(bars, shifted(orders, count), params, finer=finer)
        rows.append(_row(float(count), count * bars.timeframe_ms, delayed, params.cash))
    crossing = _crossing(rows)
    return {"rows": rows, "gone_after_bars": crossing, "words": _words(rows, crossing)}


def shifted(orders: Orders, count: int) -> Orders:
    """The same orders, each asked `count` bars later."""

    def later(protection: Protection | None) -> Protection | None:
        if protection is None or protection.series is None:
            return protection
        return replace(protection, series=_shift(protection.series, count, np.nan))

    return replace(
        orders,
        flags=_shift(orders.flags, count, 0),
        stop=later(orders.stop),
        target=later(orders.target),
        trail=later(orders.trail),
    )


def _shift(column: NDArray[Any], count: int, fill: float) -> NDArray[Any]:
    moved = np.full_like(column, fill)
    if count < len(column):
        moved[count:] = column[: len(column) - count]
    return moved


def _requested(result: SimResult, orders: Orders) -> NDArray[np.bool_]:
    """bool[n]: the bars at whose open a request may fill: after a close that asked, or that `exit after` ended."""
    waiting = np.zeros(len(orders.flags), dtype=np.bool_)
    waiting[1:] = orders.flags[:-1] != 0
    timed = result.trades.reason == kernel.BY_TIME
    waiting[result.trades.exit_index[timed]] = True
    return waiting


def _opening_later(bars: Bars, finer: Bars, late_ms: int, waiting: NDArray[np.bool_]) -> Bars:
    """Bars that open, where a request waits, with the first finer bar at least `late_ms` later.

    Other opens stay: protective orders rest in the market and are not late. A bar without such a finer bar opens
    at its close, the last price known of it.
    """
    at = np.flatnonzero(waiting)
    time = bars.time[at]
    place = np.searchsorted(finer.time, time + late_ms, side="left")
    known = np.minimum(place, len(finer) - 1)
    inside = (place < len(finer)) & (finer.time[known] < time + bars.timeframe_ms)
    opening = bars.open.copy()
    opening[at] = np.where(inside, finer.open[known], bars.close[at])
    return replace(bars, open=opening)


def _row(delay: float, late_ms: int, result: SimResult, cash: float) -> dict[str, Any]:
    return {
        "bars": delay,
        "seconds": late_ms / 1000,
        "total_return": finite(float(result.equity[-1]) / cash - 1.0),
        "trades": len(result.trades),
    }


def _crossing(rows: list[dict[str, Any]]) -> float | None:
    """The delay in bars, linear between two rows, at which the net return first comes down to 0; None for none."""
    before = None
    for row in rows:
        value = row["total_return"]
        if value is None:
            return None
        if value <= 0:
            if before is None:
                return None
            share = before["total_return"] / (before["total_return"] - value)
            return float(before["bars"] + share * (row["bars"] - before["bars"]))
        before = row
    return None


def _words(rows: list[dict[str, Any]], crossing: float | None) -> str:
    first = rows[0]
    if not first["trades"] and first["total_return"] == 0:
        return "There are no trades that a delay could cost."
    if first["total_return"] is None or first["total_return"] <= 0:
        return "There is no edge to lose: the run earns nothing even without delay."
    if crossing is None:
        return f"The edge outlasts a delay of {_bars(rows[-1]['bars'])}."
    gone = next(row for row in rows if row["total_return"] <= 0)
    late = _bars(gone["bars"]) if gone["bars"] >= 1 else _span(round(gone["seconds"] * 1000))
    return f"This edge is gone after {late}."


def _bars(count: float) -> str:
    return "1 bar" if count == 1 else f"{count:g} bars"


def _span(late_ms: int) -> str:
    for length, name in _UNITS:
        if late_ms % length == 0:
            count = late_ms // length
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{late_ms} milliseconds"
