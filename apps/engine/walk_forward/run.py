"""The walk-forward: choose on the past, trade what comes next, move on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from apps.engine.bars import Bars
from apps.engine.lang import FormulaError, Program, compile_formula
from apps.engine.lang.cost import run_refusal
from apps.engine.result import canonical_json, check_bars, data_hash, result_id
from apps.engine.said import said
from apps.engine.sim.run import Cancelled, SimResult
from apps.engine.sim.spec import SimParams, SimulationError, check_params
from apps.engine.stats.calendar import year_of
from apps.engine.stats.metrics import Metrics, metrics_of
from apps.engine.sweep import SweepError, run_cells
from apps.engine.sweep.run import named
from apps.engine.version import ENGINE_VERSION
from apps.engine.walk_forward.choice import best_of, score_of
from apps.engine.walk_forward.folds import Fold, Span, check_folds
from apps.engine.walk_forward.result import FoldResult, Hindsight, Inputs, Stability, WalkForwardResult
from apps.engine.walk_forward.span import inside, joined, look_back, run_span, stay_out, stitched
from apps.engine.walk_forward.spec import WalkForwardError, WalkForwardSpec, check_spec
from apps.engine.walk_forward.stability import input_stability, rank_correlation
from apps.engine.walk_forward.verdict import verdict_of

Progress = Callable[[int, int], None]
ShouldCancel = Callable[[], bool]


def walk_forward(
    text: str,
    bars: Bars,
    cells: Sequence[Mapping[str, Any]],
    spec: WalkForwardSpec | None = None,
    params: SimParams | None = None,
    *,
    finer: Bars | None = None,
    progress: Progress | None = None,
    should_cancel: ShouldCancel | None = None,
) -> WalkForwardResult:
    """In each fold of `spec` choose the best of `cells` on the training bars and trade it over the test bars.

    `cells` are settings of the formula's inputs, as `run_cells` takes them. `progress(done, in all)` counts backtests:
    each cell in each fold, and once more over all test spans for the comparison with hindsight. `finer` is as in
    `run_backtest`. Before anything runs, raises FormulaError, SimulationError (WalkForwardError
    for the layout and SweepError for a cell are such); Cancelled.
    """
    spec, params = spec or WalkForwardSpec(), params or SimParams()
    check_spec(spec)
    check_params(params)
    check_bars(bars, finer)
    formula, typed, warm_up = _check_cells(text, bars, cells)
    spec = _resolved(spec, warm_up)
    folds = check_folds(len(bars), spec, spec.purge_bars or 0, warm_up)
    rounds = _Rounds(len(typed), len(folds) + 1, progress, should_cancel)
    job = _Job(text, bars, typed, spec, params, finer, rounds)

    parts: list[SimResult] = []
    done: list[FoldResult] = []
    cash = params.cash
    for fold in folds:
        result, simulation = job.run_fold(fold, cash)
        done.append(result)
        parts.append(simulation)
        cash = float(simulation.equity[-1])
        if simulation.ended_early:
            break
    whole = stitched(parts)
    tested = (folds[0].test[0], folds[-1].test[1])
    metrics = metrics_of(whole, bars.slice(*tested), params.cash)
    profitable = sum((each.out_of_sample["total_return"] or 0.0) > 0 for each in done) / len(done)
    growth_in, growth_out = _pooled(done)
    efficiency = _ratio(growth_out, growth_in)
    chosen = [each.chosen for each in done]
    parameters = asdict(params) | {"walk_forward": asdict(spec), "cells": typed}
    hashes = {
        "formula": formula,
        "data": data_hash(bars, finer),
        "parameters": hashlib.sha256(canonical_json(parameters)).hexdigest(),
        "engine": ENGINE_VERSION,
    }
    return WalkForwardResult(
        spec=spec,
        warm_up=warm_up,
        cells=tuple(typed),
        folds=tuple(done),
        simulation=whole,
        metrics=metrics,
        growth_in_sample=growth_in,
        growth_out_of_sample=growth_out,
        efficiency=efficiency,
        profitable_folds=profitable,
        stability=Stability(
            inputs=tuple(input_stability(name, typed, chosen) for name in typed[0]),
            rank_correlations=tuple(
                rank_correlation(one.scores, other.scores) for one, other in pairwise(done)
            ),
        ),
        hindsight=job.hindsight(tested),
        verdict=verdict_of(
            trades=len(whole.trades),
            total_return=metrics["total_return"],
            efficiency=efficiency,
            profitable=profitable,
            chosen=[at is not None for at in chosen],
            asked=len(folds),
            ended=whole.ended_early,
        ),
        hashes=hashes | {"result": result_id(hashes)},
        finer_timeframe_ms=finer.timeframe_ms if finer is not None else None,
        parameters=parameters,
        bars=bars,
    )


def _check_cells(text: str, bars: Bars, cells: Sequence[Mapping[str, Any]]) -> tuple[str, list[Inputs], int]:
    """The formula's hash, the cells with their values as the formula reads them, and the longest look-back of any."""
    if not cells:
        raise WalkForwardError(said("a walk-forward needs at least one cell to choose from."), field="cells")
    if any(set(cell) != set(cells[0]) for cell in cells):
        raise WalkForwardError(said("every cell must set the same inputs."), field="cells")
    formula, typed, warm_up = "", [], 0
    for cell in cells:
        program = _program(text, cell)
        refusal = run_refusal(program, len(bars))
        if refusal:
            raise SimulationError(f"{refusal}.", field="bars")
        formula = program.formula_hash
        typed.append({name: program.inputs[name] for name in cell})
        warm_up = max(warm_up, look_back(program, bars))
    return formula, typed, warm_up


def _program(text: str, cell: Mapping[str, Any]) -> Program:
    try:
        program = compile_formula(text, dict(cell))
    except FormulaError as error:
        compile_formula(text)  # the formula itself may be what is wrong
        problems = "; ".join(f"{p.message} ({p.hint})" if p.hint else p.message for p in error.errors)
        raise SweepError(f"{named(cell)}: {problems}.", field="cells") from error
    if not program.has_orders:
        raise SimulationError(
            said("the formula only alerts: a walk-forward needs at least one `long when` or `short when`."),
            field="formula",
        )
    return program


def _resolved(spec: WalkForwardSpec, warm_up: int) -> WalkForwardSpec:
    """`spec` with what was left to the engine filled in, so that the result says what was done."""
    share = spec.share
    return replace(
        spec,
        purge_bars=warm_up if spec.purge_bars is None else spec.purge_bars,
        train_share=None if share is None else float(share),
    )


@dataclass
class _Rounds:
    """Progress over all rounds of cells, each of `cells` backtests."""

    cells: int
    rounds: int
    progress: Progress | None
    should_cancel: ShouldCancel | None
    past: int = 0  # rounds that are over

    def tell(self, done: int) -> None:
        """`done` cells of the present round are done."""
        if self.progress:
            self.progress(self.past * self.cells + done, self.rounds * self.cells)

    def check(self) -> None:
        if self.should_cancel and self.should_cancel():
            raise Cancelled


@dataclass(frozen=True)
class _Job:
    """What stays the same from fold to fold."""

    text: str
    bars: Bars
    cells: list[Inputs]
    spec: WalkForwardSpec
    params: SimParams
    finer: Bars | None
    rounds: _Rounds

    def run_fold(self, fold: Fold, cash: float) -> tuple[FoldResult, SimResult]:
        """Train, choose, and trade the test span with `cash`."""
        trained = joined(self.bars, fold.used)
        ran = run_cells(
            self.text,
            trained,
            self.cells,
            self.params,
            finer=inside(self.finer, trained),
            progress=lambda done, _: self.rounds.tell(done),
            should_cancel=self.rounds.should_cancel,
        )
        self.rounds.past += 1
        scores = [score_of(cell.metrics, self.spec.metric, self.spec.min_trades) for cell in ran]
        chosen = best_of(scores, self.spec.metric)
        in_sample = None if chosen is None else ran[chosen].metrics
        params = replace(self.params, cash=cash)
        if chosen is None:
            simulation = stay_out(self.bars, fold.test, params)
        else:
            program = compile_formula(self.text, self.cells[chosen])
            simulation = run_span(
                program, self.bars, fold.test, params, self.finer, self.rounds.should_cancel
            )
        bars_a_year = _bars_a_year(self.bars.slice(0, fold.test[1]))
        growth_in = growth_out = None
        if in_sample is not None:
            growth_in = _growth(in_sample["final_equity"], self.params.cash, len(trained) / bars_a_year)
            growth_out = _growth(float(simulation.equity[-1]), cash, fold.test_bars / bars_a_year)
        result = FoldResult(
            fold=fold,
            scores=tuple(scores),
            chosen=chosen,
            in_sample=in_sample,
            out_of_sample=metrics_of(simulation, self.bars.slice(*fold.test), cash),
            growth_in_sample=growth_in,
            growth_out_of_sample=growth_out,
            efficiency=_ratio(growth_out, growth_in),
        )
        return result, simulation

    def hindsight(self, span: Span) -> Hindsight | None:
        """The cell that did best over all test bars in one run; None where none qualified."""
        self.rounds.past = self.rounds.rounds - 1
        found: list[Metrics] = []
        for cell in self.cells:
            self.rounds.check()
            program = compile_formula(self.text, cell)
            simulation = run_span(program, self.bars, span, self.params, self.finer)
            found.append(metrics_of(simulation, self.bars.slice(*span), self.params.cash))
            self.rounds.tell(len(found))
        spec = self.spec
        best = best_of([score_of(each, spec.metric, spec.min_trades) for each in found], spec.metric)
        return None if best is None else Hindsight(best, found[best])


def _bars_a_year(bars: Bars) -> float:
    """Bars that pass in a year of this market, by the calendar of docs/metrics.md."""
    return len(bars) / year_of(bars.time, bars.timeframe_ms, bars.timezone).years


def _growth(final: float | None, cash: float, years: float) -> float | None:
    """Continuously compounded growth per year; None where nothing is left."""
    return None if final is None or final <= 0 else math.log(final / cash) / years


def _pooled(folds: Sequence[FoldResult]) -> tuple[float | None, float | None]:
    """Growth in and out of sample over all folds with a choice, each weighted by its length; None where undefined."""
    traded = [each for each in folds if each.chosen is not None]
    if not traded:
        return None, None
    return (
        _weighted([each.growth_in_sample for each in traded], [each.fold.train_bars for each in traded]),
        _weighted([each.growth_out_of_sample for each in traded], [each.fold.test_bars for each in traded]),
    )


def _weighted(values: Sequence[float | None], weights: Sequence[int]) -> float | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return sum(value * weight for value, weight in zip(known, weights, strict=True)) / sum(weights)


def _ratio(out_of_sample: float | None, in_sample: float | None) -> float | None:
    """Efficiency; None where training itself earned nothing."""
    if out_of_sample is None or in_sample is None or in_sample <= 0:
        return None
    return out_of_sample / in_sample
