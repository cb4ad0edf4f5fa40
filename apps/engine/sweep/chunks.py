"""A sweep in pieces for several workers, such that cells with much work in common stay together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.engine.bars import Bars
from apps.engine.sweep.run import plan_of


def chunks(text: str, bars: Bars, cells: Sequence[Mapping[str, Any]], size: int) -> list[list[int]]:
    """Numbers of `cells`, at most `size` in a chunk; raises as `run_cells` does.

    Sorted by the input whose change costs most steps, then by the next: within a chunk the dearest columns stay the
    same. `run_cells` over the chunks, put back by number, equals `run_cells` over all.
    """
    if size < 1:
        raise ValueError(f"a chunk holds 1 cell or more, not {size}")
    _, tasks, _ = plan_of(text, bars, cells)
    first = tasks[0].inputs
    values: dict[str, dict[Any, int]] = {
        name: {value: i for i, value in enumerate(dict.fromkeys(task.inputs[name] for task in tasks))}
        for name in first
    }
    varied = [name for name, seen in values.items() if len(seen) > 1]
    cost = {
        name: _extra(text, bars, next(t.inputs for t in tasks if t.inputs[name] != first[name]), first, name)
        for name in varied
    }
    varied.sort(key=lambda name: -cost[name])  # of equals the first declared
    order = sorted(
        range(len(tasks)), key=lambda i: tuple(values[name][tasks[i].inputs[name]] for name in varied)
    )
    return [order[start : start + size] for start in range(0, len(order), size)]


def _extra(text: str, bars: Bars, other: Mapping[str, Any], first: Mapping[str, Any], name: str) -> int:
    """Steps per bar that are new when `name` alone takes its value in `other`."""
    alone, both = ([first], [first, {**first, name: other[name]}])
    before, after = (sum(step.cost for step in plan_of(text, bars, each)[0].steps) for each in (alone, both))
    return after - before
