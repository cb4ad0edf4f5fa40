"""What a cell asks of the simulator: its condition bits and protective orders, from the columns of the table."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from apps.engine.sim.spec import Orders, Protection
from apps.engine.sweep.columns import SharedColumns
from apps.engine.sweep.work import Condition, Order, Task


def orders_of(task: Task, shared: SharedColumns, flags: NDArray[np.uint8]) -> Orders:
    """The cell's orders; `flags` (uint8[n]) is written over with its bits."""
    size = len(flags)
    flags.fill(0)
    _mark(task, shared, flags)
    return Orders(
        flags=flags,
        stop=_protection(task.stop, shared, size),
        target=_protection(task.target, shared, size),
        trail=_protection(task.trail, shared, size),
        size=task.size,
        exit_after=task.exit_after,
    )


def _mark(task: Task, shared: SharedColumns, flags: NDArray[np.uint8]) -> None:
    crossings: dict[tuple[int, int, int], dict[str, int]] = {}
    spared = []
    for condition in task.conditions:
        silent = _silent(condition, shared, len(flags))
        pair = shared.own_crossing(condition.column)
        if pair is None:
            mask = shared.full(condition.column, len(flags))
            flags[silent:] |= mask.view(np.uint8)[silent:] * np.uint8(condition.flag)
        else:
            bits = crossings.setdefault((*pair, silent), {"crossover": 0, "crossunder": 0})
            bits[shared.work.made_by[condition.column].op] |= condition.flag
            spared.append(condition.column)
    for (a, b, silent), bits in crossings.items():
        shared.mark((a, b), silent, bits["crossover"], bits["crossunder"], flags)
    for column in spared:
        shared.done_without(column)


def _silent(condition: Condition, shared: SharedColumns, size: int) -> int:
    """The first bar on which a condition may speak."""
    silent = condition.first
    for source, bars in condition.late:
        silent = max(silent, shared.known_from(source) + bars)
    return min(silent, size)


def _protection(order: Order | None, shared: SharedColumns, size: int) -> Protection | None:
    if order is None:
        return None
    if order.column is None:
        return Protection("percent", order.value)
    series = np.ascontiguousarray(shared.full(order.column, size), dtype=np.float64)
    return Protection("by" if order.kind == "by" else "at", math.nan, series)
