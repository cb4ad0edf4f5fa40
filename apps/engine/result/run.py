"""A backtest from formula text to its result.

The command and the web's jobs both come through `run_backtest`, so both give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.lang.cost import run_refusal
from apps.engine.program.errors import EvaluationError
from apps.engine.result.backtest import BacktestResult
from apps.engine.said import said
from apps.engine.sim.run import Cancelled, SimResult, run
from apps.engine.sim.spec import SimParams, SimulationError, check_params
from apps.engine.stats.calendar import iso_times
from apps.engine.stats.metrics import Metrics, metrics_of
from apps.engine.version import ENGINE_VERSION


def run_backtest(
    formula_text: str,
    bars: Bars,
    settings: Mapping[str, Any] | None = None,
    params: SimParams | None = None,
    progress: Callable[[int, int], None] | None = None,
    should_cancel: Callable[[], bool] | None = None,
    *,
    finer: Bars | None = None,
) -> BacktestResult:
    """Compile `formula_text` with its inputs set as in `settings`, and run it over `bars`.

    `progress(bars done, bars in all)` is called now and then; `finer` is as in `sim.run`. Raises FormulaError,
    SimulationError (also for a formula of alerts alone, one that is too costly for so many bars, and for bars that
    cannot be traded), Cancelled.
    """
    params = params or SimParams()
    check_params(params)
    program = compile_formula(formula_text, dict(settings) if settings else None)
    if not program.has_orders:
        raise SimulationError(
            said("the formula only alerts: a backtest needs at least one `long when` or `short when`."),
            field="formula",
        )
    check_bars(bars, finer)
    refusal = run_refusal(program, len(bars))
    if refusal:
        raise SimulationError(f"{refusal}.", field="bars")
    try:
        orders = program.evaluate(bars).orders
    except EvaluationError as error:
        raise SimulationError(str(error), field="bars") from error
    if should_cancel and should_cancel():
        raise Cancelled
    simulation = run(bars, orders, params, finer=finer, progress=progress, should_cancel=should_cancel)
    check_simulation(simulation)
    parameters = asdict(params) | {"inputs": dict(program.inputs)}
    hashes = {
        "formula": program.formula_hash,
        "data": data_hash(bars, finer),
        "parameters": hashlib.sha256(canonical_json(parameters)).hexdigest(),
        "engine": ENGINE_VERSION,
    }
    return BacktestResult(
        simulation=simulation,
        metrics=metrics_of(simulation, bars, params.cash),
        hashes=hashes | {"result": result_id(hashes)},
        parameters=parameters,
        bars=bars,
        orders=orders,
        params=params,
        finer=finer,
    )


def result_id(hashes: Mapping[str, str]) -> str:
    """SHA-256 over formula hash, data hash, parameters hash and engine version: the identity of a result."""
    named = {name: hashes[name] for name in ("formula", "data", "parameters", "engine")}
    return hashlib.sha256(canonical_json(named)).hexdigest()


def check_bars(bars: Bars, finer: Bars | None = None) -> None:
    """Raise SimulationError where there is no bar, a price is not a number, or the finer bars are of another time."""
    if not len(bars):
        raise SimulationError(said("there are no bars to test on."), field="bars")
    for name in ("open", "high", "low", "close"):
        column = getattr(bars, name)
        with np.errstate(over="ignore", invalid="ignore"):
            whole = np.sum(column)
        if not np.isfinite(whole):  # one pass; which bar it is matters only where something is wrong
            wrong = np.flatnonzero(~np.isfinite(column))
            if len(wrong):
                raise SimulationError(
                    said(
                        "the {name} of the bar of {iso_times} is not a number.",
                        name=name,
                        iso_times=iso_times(bars.time[wrong[:1]])[0],
                    ),
                    field="bars",
                )
    if finer is None:
        return
    until = int(bars.time[-1]) + bars.timeframe_ms
    if not np.any((finer.time >= bars.time[0]) & (finer.time < until)):
        raise SimulationError(
            said("none of the finer bars lies in the time of the bars: they would decide nothing."),
            field="finer",
        )


def check_simulation(simulation: SimResult, metrics: Metrics | None = None) -> None:
    """Raise SimulationError where a value of the account is not finite.

    Prices may be so small and so large in one file that what they buy is more than a float can hold. Where the
    run's `metrics` are at hand they mostly tell that all is well, without another look at every bar.
    """
    if metrics is not None and _all_finite(simulation, metrics):
        return
    trades = simulation.trades
    with np.errstate(over="ignore", invalid="ignore"):
        columns = (simulation.equity, trades.size, trades.pnl, trades.returns)
        # a sum is one pass; only where it is not finite are the values looked at one by one
        finite = all(math.isfinite(column.sum()) or np.isfinite(column).all() for column in columns)
    open_trade = simulation.open_trade
    if not finite or (open_trade is not None and not math.isfinite(open_trade.return_)):
        raise SimulationError(
            said("the prices lie so far apart that the account's value is more than a number can hold."),
            field="bars",
        )


def _all_finite(simulation: SimResult, metrics: Metrics) -> bool:
    """Whether the metrics could not be what they are with a value in the account that is not finite.

    Such an equity ends in the final one, or below a high: then in the ulcer index. Such a size, pnl or return of a
    trade ends in the sum over all trades.
    """
    sums = ["ulcer_index", "final_equity"]
    if len(simulation.trades):
        sums += ["turnover", "expectancy", "avg_trade"]
    open_trade = simulation.open_trade
    return all(metrics[name] is not None for name in sums) and (
        open_trade is None or math.isfinite(open_trade.return_)
    )


def data_hash(bars: Bars, finer: Bars | None) -> str:
    """The content hash of the bars; of both where finer ones decide."""
    if finer is None:
        return bars.content_hash()
    return hashlib.sha256(f"{bars.content_hash()}\n{finer.content_hash()}".encode()).hexdigest()


def canonical_json(value: Any) -> bytes:
    """JSON in UTF-8 with sorted keys and no spaces: what is hashed."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()
