"""Cells of a sweep, each the same to the last bit as the single backtest with its settings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.honesty.sharpe import moments_of
from apps.engine.lang import FormulaError, compile_formula, formula_hash
from apps.engine.lang.analysis import Analysed, analyse
from apps.engine.lang.cost import MOST_RUN_STEPS, run_refusal
from apps.engine.lang.parser import Parsed, parse
from apps.engine.program.calendar import check_fits
from apps.engine.program.errors import EvaluationError
from apps.engine.program.schedule import Batch
from apps.engine.result import (
    Cancelled,
    canonical_json,
    check_bars,
    check_simulation,
    data_hash,
    result_id,
)
from apps.engine.said import said
from apps.engine.sim.run import run
from apps.engine.sim.spec import SimParams, SimulationError, check_params
from apps.engine.stats.calendar import Year, year_of
from apps.engine.stats.metrics import Metrics, metrics_of
from apps.engine.sweep.axes import MOST_CELLS, Settings, SweepError
from apps.engine.sweep.columns import SharedColumns
from apps.engine.sweep.orders import orders_of
from apps.engine.sweep.template import Templates
from apps.engine.sweep.work import Task, Work
from apps.engine.version import ENGINE_VERSION

MOST_STEPS = 1_000_000_000_000  # over all bars and cells: about half an hour of one core
CELL_STEPS = 20  # per bar of a cell, beside its indicators: conditions, fills and figures


@dataclass(frozen=True)
class Cell:
    """What one cell came to. `inputs` are all of the formula's, defaults included.

    `moments` are those of the returns per period (docs/metrics.md), not annualised: sharpe, skew, kurtosis (3 for
    the normal law), periods; `returns` is float64[periods], or None where it was not asked for.
    """

    inputs: Settings
    metrics: Metrics
    counts: dict[str, int]
    moments: dict[str, float | int | None]
    returns: NDArray[np.float64] | None
    hashes: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: inputs, metrics, and the id of the single backtest's result."""
        return {"inputs": self.inputs, "metrics": self.metrics, "result": self.hashes["result"]}


def run_cells(
    text: str,
    bars: Bars,
    cells: Sequence[Mapping[str, Any]],
    params: SimParams | None = None,
    *,
    finer: Bars | None = None,
    progress: Callable[[int, int], None] | None = None,
    should_cancel: Callable[[], bool] | None = None,
    with_returns: bool = False,
) -> list[Cell]:
    """Every cell's result, in the order of `cells`; each holds settings as `run_backtest` takes them.

    `progress` is called with (cells done, cells in all). Before anything runs, raises FormulaError for a wrong text,
    SimulationError for conditions and bars, SweepError for a cell that is refused and for too much work; Cancelled
    when `should_cancel()` turned true.
    """
    params = params or SimParams()
    check_params(params)
    check_bars(bars, finer)
    work, tasks, identity = plan_of(text, bars, cells)
    shared = SharedColumns(work, tasks, bars)
    data = data_hash(bars, finer)
    conditions = asdict(params)
    years: dict[int, Year] = {}
    flags = np.empty(len(bars), np.uint8)
    results = []
    for done, task in enumerate(tasks):
        if should_cancel and should_cancel():
            raise Cancelled
        try:
            simulation = run(bars, orders_of(task, shared, flags), params, finer=finer)
            length = len(simulation.equity)
            if length not in years:
                years[length] = year_of(bars.time[:length], bars.timeframe_ms, bars.timezone)
            metrics = metrics_of(simulation, bars, params.cash, years[length])
            check_simulation(simulation, metrics)
        except SimulationError as error:
            raise SweepError(f"{named(task.inputs)}: {error}", field="cells") from error
        shared.done_with(task)
        closes = simulation.equity[years[length].last_of_period]
        returns = closes[1:] / closes[:-1] - 1.0
        hashes = {
            "formula": identity,
            "data": data,
            "parameters": hashlib.sha256(canonical_json(conditions | {"inputs": task.inputs})).hexdigest(),
            "engine": ENGINE_VERSION,
        }
        results.append(
            Cell(
                inputs=task.inputs,
                metrics=metrics,
                counts=simulation.counts,
                moments=moments_of(returns).as_dict(),
                returns=returns if with_returns else None,
                hashes=hashes | {"result": result_id(hashes)},
            )
        )
        if progress:
            progress(done + 1, len(tasks))
    return results


def plan_of(text: str, bars: Bars, cells: Sequence[Mapping[str, Any]]) -> tuple[Work, list[Task], str]:
    """The work of all cells, what each of them asks, and the formula's hash; raises as `run_cells` does."""
    if not cells:
        raise SweepError(said("there is no cell to run."), field="cells")
    if len(cells) > MOST_CELLS:
        raise SweepError(
            said(
                "{cells} cells: at most {most_cells}.", cells=f"{len(cells):,}", most_cells=f"{MOST_CELLS:,}"
            ),
            field="cells",
        )
    parsed = parse(text)
    if parsed.problems:
        raise FormulaError(parsed.problems)
    work, tasks = Work(), list[Task]()
    allowed: set[object] = set()  # shapes, and templates, whose memory is not too much
    templates = Templates(parsed, cells)
    for number, cell in enumerate(cells):
        template, found = templates.cell(number)
        batches: Sequence[Batch] = ()
        if found is None or template is None:
            found = _analysed(parsed, cell)
            shape: object = _shape(found)
        else:
            batches, shape = template.batches, template
        if not any(watch.kind in ("long", "short") for watch in found.plan.watches):
            raise SimulationError(
                said("the formula only alerts: a backtest needs at least one `long when` or `short when`."),
                field="formula",
            )
        steps = found.cost.steps if found.cost else MOST_RUN_STEPS
        if shape not in allowed or steps * len(bars) > MOST_RUN_STEPS:
            refusal = run_refusal(compile_formula(text, cell), len(bars))
            if refusal:
                raise SweepError(f"{named(found.values)}: {refusal}.", field="cells")
            if template is None or not run_refusal(compile_formula(text, template.found.values), len(bars)):
                allowed.add(shape)
        tasks.append(work.add(found, batches))
    for frame in work.frames.values():
        try:
            check_fits(frame, bars.timeframe_ms)
        except EvaluationError as error:
            raise SimulationError(str(error), field="bars") from error
    steps = len(bars) * (sum(step.cost for step in work.steps) + CELL_STEPS * len(cells))
    if steps > MOST_STEPS:
        raise SweepError(
            said(
                "{cells} cells over {bars} bars take up to {steps} steps (at most "
                "{most_steps}): choose fewer cells, fewer bars or shorter lengths.",
                cells=f"{len(cells):,}",
                bars=f"{len(bars):,}",
                steps=f"{steps:,}",
                most_steps=f"{MOST_STEPS:,}",
            ),
            field="cells",
        )
    return work, tasks, formula_hash(parsed.formula)


def named(inputs: Mapping[str, Any]) -> str:
    """A cell as messages name it."""
    return "cell " + ", ".join(f"{name}={value}" for name, value in inputs.items())


def _analysed(parsed: Parsed, cell: Mapping[str, Any]) -> Analysed:
    found = analyse(parsed, cell, with_warnings=False)
    if found.problems:
        own = analyse(parsed, None, with_warnings=False).problems
        if own:
            raise FormulaError(own)
        told = "; ".join(p.message + (f" ({p.hint})" if p.hint else "") for p in found.problems)
        raise SweepError(f"{named(cell)}: {told}.", field="cells")
    return found


def _shape(found: Analysed) -> object:
    """What decides how much memory a run takes: everything but the operators' parameters."""
    graphs = [found.chart, *(graph for _, graph in found.frames.values())]
    return (
        tuple(
            (
                tuple((each.op, each.inputs) for each in graph.instructions),
                tuple(value.const is None for value in graph.values),
            )
            for graph in graphs
        ),
        tuple((watch.kind, watch.ref) for watch in found.plan.watches),
    )
