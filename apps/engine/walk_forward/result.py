"""What a walk-forward found, and its canonical form. Times in JSON are ISO 8601 in UTC, the opening of a bar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang.settings import Setting
from apps.engine.result import iso_times
from apps.engine.sim.run import SimResult
from apps.engine.stats.metrics import Metrics
from apps.engine.walk_forward.folds import Fold, Span
from apps.engine.walk_forward.spec import WalkForwardSpec
from apps.engine.walk_forward.stability import InputStability
from apps.engine.walk_forward.verdict import Verdict

Inputs = dict[str, Setting]


@dataclass(frozen=True)
class FoldResult:
    """One fold: what training said, what was chosen, and what came of it. Growth is the logarithm of the account's
    growth per year (docs/walk-forward.md); None where nothing was left or nothing was chosen."""

    fold: Fold
    scores: tuple[float | None, ...]  # of each cell in training; None where it could not be chosen
    chosen: (
        int | None
    )  # index of the cell, None where none qualified: the account then stays out of the market
    in_sample: Metrics | None
    out_of_sample: Metrics
    growth_in_sample: float | None
    growth_out_of_sample: float | None
    efficiency: float | None

    @property
    def qualified(self) -> int:
        """How many cells could be chosen."""
        return sum(score is not None for score in self.scores)


@dataclass(frozen=True)
class Stability:
    """How much the choices moved. `rank_correlations`: of all cells' scores, from each fold to the next."""

    inputs: tuple[InputStability, ...]
    rank_correlations: tuple[float | None, ...]

    @property
    def rank_correlation(self) -> float | None:
        """The mean of those that are defined."""
        known = [each for each in self.rank_correlations if each is not None]
        return sum(known) / len(known) if known else None


@dataclass(frozen=True)
class Hindsight:
    """The one cell that would have been best over all test spans. Nobody could have known it beforehand."""

    cell: int
    metrics: Metrics


@dataclass(frozen=True)
class WalkForwardResult:
    """The folds, the curve of their tests joined, and what follows from both."""

    spec: WalkForwardSpec  # with the purge and the share that were used
    warm_up: int  # bars
    cells: tuple[Inputs, ...]
    folds: tuple[FoldResult, ...]  # fewer than asked for where the account fell to 0
    simulation: SimResult  # of the test spans, one after the other; indexes count from the first test bar
    metrics: Metrics  # of the same
    growth_in_sample: float | None
    growth_out_of_sample: float | None
    efficiency: float | None
    profitable_folds: float  # a share of the folds
    stability: Stability
    hindsight: Hindsight | None
    verdict: Verdict
    hashes: dict[str, str]  # formula, data, parameters, engine, result
    finer_timeframe_ms: int | None  # of the finer bars it was run with, which are part of the data
    parameters: dict[str, Any]  # cash, fees ..., the layout and the cells
    bars: Bars

    @property
    def ended_early(self) -> bool:
        """Whether the account fell to 0; later folds were not run then."""
        return self.simulation.ended_early

    @cached_property
    def fold_of_trades(self) -> list[int]:
        """The fold, from 1, of each trade of `simulation`."""
        first = self.folds[0].fold.test[0]
        starts = [each.fold.test[0] - first for each in self.folds]
        return np.searchsorted(starts, self.simulation.trades.entry_index, side="right").tolist()

    def as_dict(self) -> dict[str, Any]:
        """For JSON. The same four hashes give the same dictionary."""
        simulation = self.simulation
        return {
            "spec": asdict(self.spec),
            "warm_up_bars": self.warm_up,
            "cells": list(self.cells),
            "folds": [self._fold(each) for each in self.folds],
            "metrics": self.metrics,
            "equity": {"time": iso_times(simulation.time), "value": simulation.equity.tolist()},
            "trades": self._trades(),
            "growth_in_sample": self.growth_in_sample,
            "growth_out_of_sample": self.growth_out_of_sample,
            "efficiency": self.efficiency,
            "profitable_folds": self.profitable_folds,
            "stability": {
                "inputs": {
                    each.name: {
                        "values": list(each.values),
                        "unchanged": each.unchanged,
                        "spread": each.spread,
                    }
                    for each in self.stability.inputs
                },
                "rank_correlations": list(self.stability.rank_correlations),
                "rank_correlation": self.stability.rank_correlation,
            },
            "hindsight": self._hindsight(),
            "verdict": {"level": self.verdict.level, "text": self.verdict.text},
            "ended_early": self.ended_early,
            "counts": simulation.counts,
            "hashes": self.hashes,
            "finer_timeframe_ms": self.finer_timeframe_ms,
            "parameters": self.parameters,
        }

    def to_json_bytes(self) -> bytes:
        """`as_dict` as JSON in UTF-8: the same bytes for the same four hashes."""
        text = json.dumps(self.as_dict(), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()

    def _fold(self, each: FoldResult) -> dict[str, Any]:
        fold = each.fold
        return {
            "number": fold.number,
            "train": self._span(fold.train)
            | {
                "used": fold.train_bars,
                "purged": fold.purge,
                "embargoed": [self._span(span) for span in fold.embargoed],
            },
            "test": self._span(fold.test),
            "chosen": each.chosen,
            "inputs": None if each.chosen is None else self.cells[each.chosen],
            "qualified": each.qualified,
            "scores": list(each.scores),
            "in_sample": each.in_sample,
            "out_of_sample": each.out_of_sample,
            "growth_in_sample": each.growth_in_sample,
            "growth_out_of_sample": each.growth_out_of_sample,
            "efficiency": each.efficiency,
        }

    def _span(self, span: Span) -> dict[str, Any]:
        """Bars start..stop-1 with the openings of the first and the last."""
        start, stop = span
        first, last = iso_times(self.bars.time[[start, stop - 1]])
        return {"start": start, "stop": stop, "from": first, "to": last}

    def _trades(self) -> list[dict[str, Any]]:
        trades = self.simulation.trades
        columns: dict[str, Sequence[Any]] = {
            "fold": self.fold_of_trades,
            "side": ["long" if side > 0 else "short" for side in trades.side.tolist()],
            "entry_time": iso_times(trades.entry_time),
            "entry_price": trades.entry_price.tolist(),
            "exit_time": iso_times(trades.exit_time),
            "exit_price": trades.exit_price.tolist(),
            "size": trades.size.tolist(),
            "pnl": trades.pnl.tolist(),
            "return": trades.returns.tolist(),
            "reason": trades.reasons(),
        }
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def _hindsight(self) -> dict[str, Any] | None:
        if self.hindsight is None:
            return None
        return {
            "note": "chosen with the test bars known: nobody could have traded it on purpose",
            "chosen": self.hindsight.cell,
            "inputs": self.cells[self.hindsight.cell],
            "metrics": self.hindsight.metrics,
        }
