"""A chunk's cells as a table and back.

Columns: `cell` (the place among the sweep's settings), `input_NAME`, the metrics by name, `count_NAME`, `moment_NAME`,
`hash_NAME`, and `returns`, a list of numbers per cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.sweep import Cell

MOST_RETURNS = 4_000_000  # of all cells of a market, kept to judge overfitting: 32 MB
DAY_MS = 86_400_000

INPUT, COUNT, MOMENT, HASH = "input_", "count_", "moment_", "hash_"
PREFIXES = (INPUT, COUNT, MOMENT, HASH)


def returns_step(bars: Bars, settings: int) -> int:
    """How many periods each kept return spans, so that all cells of a market keep at most MOST_RETURNS."""
    periods = min(len(bars), int(bars.time[-1] - bars.time[0]) // DAY_MS + 1)
    return max(1, -(-settings * periods // MOST_RETURNS))


def cells_table(cells: Iterable[Cell], first: int, step: int) -> pl.DataFrame:
    """One row per cell, the first of them being setting `first`; returns are put together `step` at a time."""
    rows = [
        {
            "cell": first + place,
            **{INPUT + name: value for name, value in cell.inputs.items()},
            **cell.metrics,
            **{COUNT + name: value for name, value in cell.counts.items()},
            **{MOMENT + name: value for name, value in cell.moments.items()},
            **{HASH + name: value for name, value in cell.hashes.items()},
            "returns": compounded(cell.returns, step).tolist(),
        }
        for place, cell in enumerate(cells)
    ]
    return pl.DataFrame(rows, schema_overrides={"returns": pl.List(pl.Float64)}, infer_schema_length=None)


def compounded(returns: NDArray[np.float64] | None, step: int) -> NDArray[np.float64]:
    """Returns over `step` periods each from returns over one, oldest first; the last may span fewer."""
    if returns is None:
        raise ValueError("the cells were run without their returns")
    if step == 1 or not len(returns):
        return returns
    return np.multiply.reduceat(1.0 + returns, np.arange(0, len(returns), step)) - 1.0


def cell_of(row: dict[str, Any]) -> Cell:
    """The cell of a row without returns."""

    def part(prefix: str) -> dict[str, Any]:
        return {name[len(prefix) :]: value for name, value in row.items() if name.startswith(prefix)}

    return Cell(
        inputs=part(INPUT),
        metrics={name: row[name] for name in metric_names(row)},
        counts=part(COUNT),
        moments=part(MOMENT),
        returns=None,
        hashes=part(HASH),
    )


def metric_names(columns: Iterable[str]) -> list[str]:
    """The metrics among a table's columns, in its order."""
    others = {"cell", "market", "score", "returns"}
    return [name for name in columns if name not in others and not name.startswith(PREFIXES)]


def returns_matrix(lists: list[list[float]]) -> NDArray[np.float64]:
    """float64[T, N] of N cells' returns; one whose account was lost earlier has zeros after that."""
    longest = max(map(len, lists))
    matrix = np.zeros((longest, len(lists)))
    for column, values in enumerate(lists):
        matrix[: len(values), column] = values
    return matrix
