"""The cells of a sweep, one backtest each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.bars import Bars
from apps.engine.result import run_backtest
from apps.engine.sim.spec import SimParams
from apps.engine.stats.metrics import Metrics


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
