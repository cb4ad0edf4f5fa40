"""The cells of a grid, and one backtest of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from apps.engine.bars import Bars
from apps.engine.lang.settings import InputSpec
from apps.engine.result import run_backtest
from apps.engine.sim.spec import SimParams
from apps.engine.stats.metrics import Metrics
from apps.engine.walk_forward.spec import WalkForwardError

MOST_CELLS = 100_000


@dataclass(frozen=True)
class Axis:
    """The values tried of one input, as texts that the formula reads."""

    name: str
    values: tuple[str, ...]


def axes_of(pairs: Mapping[str, str], inputs: Sequence[InputSpec]) -> list[Axis]:
    """What each input is set to: a value, several ("1,2,3"), or a range ("5..24", "5..50 step 5", "1%..5% step 1%").

    A range goes by its step, else by that of the input, else by 1 for whole numbers. Raises WalkForwardError.
    """
    steps = {spec.name: 1.0 if spec.kind == "integer" and spec.step is None else spec.step for spec in inputs}
    axes = [Axis(name, _values(name, text, steps.get(name))) for name, text in pairs.items()]
    count = prod(len(axis.values) for axis in axes)
    if count > MOST_CELLS:
        raise WalkForwardError(f"these are {count:,} cells; at most {MOST_CELLS:,} are tried.", field="set")
    return axes


def grid(axes: Sequence[Axis]) -> list[dict[str, str]]:
    """Every combination; the last axis moves fastest."""
    names = [axis.name for axis in axes]
    return [dict(zip(names, row, strict=True)) for row in product(*(axis.values for axis in axes))]


def _values(name: str, text: str, step: float | None) -> tuple[str, ...]:
    if ".." not in text:
        return tuple(part.strip() for part in text.split(","))
    span, _, given = text.partition("step")
    low, _, high = span.partition("..")
    unit = "%" if high.strip().endswith("%") else ""
    try:
        first, last = _number(low), _number(high)
        by = (
            _number(given) if given else None if step is None else Fraction(repr(step)) * (100 if unit else 1)
        )
    except ValueError as error:
        raise WalkForwardError(
            f"{name} needs a range such as 5..24 or 5..50 step 5, not {text!r}.", field="set"
        ) from error
    if by is None:
        raise WalkForwardError(f"the range of {name} needs a step, as in {text} step 0.5.", field="set")
    if by <= 0 or last < first:
        raise WalkForwardError(f"the range of {name}, {text}, does not rise.", field="set")
    count = int((last - first) / by) + 1
    if count > MOST_CELLS:
        raise WalkForwardError(
            f"the range of {name} has {count:,} values; at most {MOST_CELLS:,} are tried.", field="set"
        )
    return tuple(f"{float(first + k * by)!r}{unit}" for k in range(count))


def _number(text: str) -> Fraction:
    return Fraction(text.strip().removesuffix("%").strip())


@dataclass(frozen=True)
class Cell:
    """What one cell did."""

    metrics: Metrics


def run_cells(
    text: str,
    bars: Bars,
    cells: Sequence[Mapping[str, Any]],
    params: SimParams | None = None,
    *,
    finer: Bars | None = None,
    progress: Callable[[int, int], None] | None = None,
    should_cancel: Callable[[], bool] | None = None,
) -> list[Cell]:
    """The backtest of each cell, in their order."""
    done = []
    for cell in cells:
        result = run_backtest(text, bars, cell, params, should_cancel=should_cancel, finer=finer)
        done.append(Cell(result.metrics))
        if progress:
            progress(len(done), len(cells))
    return done
