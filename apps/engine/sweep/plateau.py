"""Whether a sweep's best cell stands on a plateau or on a needle.

Score of a cell: mean less standard deviation (of the population) of the metric over the cell and its neighbours, the
cells at most one value away on every axis of numbers; a lower bound in the manner of mean-variance robust optimisation
(Beyer & Sendhoff 2007, "Robust optimization", section 3.2). The best cell is supported where each of its neighbours
lies within one standard deviation, taken over all cells, of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.said import said
from apps.engine.sweep.axes import MOST_CELLS, Axis, SweepError, size_of
from apps.engine.sweep.run import Cell

LOWER_IS_BETTER = frozenset({
    "max_drawdown", "max_drawdown_amount", "avg_drawdown", "max_drawdown_duration_bars", "max_drawdown_duration_days",
    "time_under_water", "ulcer_index", "volatility", "value_at_risk", "expected_shortfall", "fees", "borrow",
    "losing_trades", "max_consecutive_losses",
})  # fmt: skip


@dataclass(frozen=True)
class Plateau:
    """`scores` per cell, None where the cell or all its neighbours have no metric; `best` the cell with the best
    metric (its number, the first of equals), None where none has one; `steadiest` the one with the best score."""

    metric: str
    scores: list[float | None]
    best: int | None
    supported: bool
    steadiest: int | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "metric": self.metric,
            "scores": self.scores,
            "best": self.best,
            "supported": self.supported,
            "steadiest": self.steadiest,
        }


def plateau(cells: Sequence[Cell], axes: Sequence[Axis], metric: str) -> Plateau:
    """The plateau of `metric` over `cells` of the grid of `axes`, whole or in part."""
    if size_of(axes) > MOST_CELLS:
        raise SweepError(
            said(
                "a grid of {size_of} cells: at most {most_cells}.",
                size_of=f"{size_of(axes):,}",
                most_cells=f"{MOST_CELLS:,}",
            ),
            field="cells",
        )
    for cell in cells[:1]:
        if metric not in cell.metrics:
            raise SweepError(said("there is no metric {metric}.", metric=metric), field="metric")
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    places = [{value: at for at, value in enumerate(axis.values)} for axis in axes]
    at = [
        tuple(place[cell.inputs[axis.name]] for place, axis in zip(places, axes, strict=True))
        for cell in cells
    ]
    values = np.full([len(axis.values) for axis in axes], np.nan)
    for place, cell in zip(at, cells, strict=True):
        figure = cell.metrics[metric]
        if figure is not None:
            values[place] = sign * figure
    known = ~np.isnan(values)
    if not known.any():
        return Plateau(metric, [None] * len(cells), None, False, None)
    centre = float(np.mean(values[known]))
    apart = np.where(known, values - centre, 0.0)
    count = _sums(known.astype(np.float64), axes)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = _sums(apart, axes) / count
        spread = np.sqrt(np.maximum(_sums(apart * apart, axes) / count - mean * mean, 0.0))
    score = np.where(known & (count > 1), centre + mean - spread, np.nan)
    best = _highest(values, at)
    assert best is not None
    return Plateau(
        metric,
        [None if np.isnan(score[place]) else sign * float(score[place]) for place in at],
        best,
        _supported(values, at[best], axes),
        _highest(score, at),
    )


def _sums(values: NDArray[np.float64], axes: Sequence[Axis]) -> NDArray[np.float64]:
    """The sum over each cell and its neighbours, one axis after the other."""
    for number, axis in enumerate(axes):
        if axis.ordered:
            moved = np.moveaxis(values, number, 0)
            total = moved.copy()
            total[1:] += moved[:-1]
            total[:-1] += moved[1:]
            values = np.moveaxis(total, 0, number)
    return values


def _highest(values: NDArray[np.float64], at: Sequence[tuple[int, ...]]) -> int | None:
    found = [(float(values[place]), -i) for i, place in enumerate(at) if not np.isnan(values[place])]
    return -max(found)[1] if found else None


def _supported(values: NDArray[np.float64], best: tuple[int, ...], axes: Sequence[Axis]) -> bool:
    around = tuple(
        slice(max(i - 1, 0), i + 2) if axis.ordered else slice(i, i + 1)
        for i, axis in zip(best, axes, strict=True)
    )
    near = values[around]
    if near.size < 2 or bool(np.isnan(near).any()):
        return False
    return bool(np.all(near >= values[best] - np.nanstd(values)))
