"""A backtest from formula text to its result, and the result's canonical form.

The command and the web's jobs both come through `run_backtest`, so both give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.lang.cost import run_refusal
from apps.engine.program.errors import EvaluationError
from apps.engine.sim.run import Cancelled, OpenTrade, SimResult, run
from apps.engine.sim.spec import SimParams, SimulationError, check_params
from apps.engine.stats.calendar import year_of
from apps.engine.stats.equity import period_returns
from apps.engine.stats.metrics import Metrics, metrics_of
from apps.engine.version import ENGINE_VERSION

__all__ = ["BacktestResult", "Cancelled", "SimulationError", "result_id", "run_backtest"]

_SIDES = {1: "long", -1: "short"}


@dataclass(frozen=True)
class BacktestResult:
    """What a backtest found. Times in JSON are ISO 8601 in UTC, the opening of the bar on which an order filled."""

    simulation: SimResult
    metrics: Metrics
    hashes: dict[str, str]  # formula, data, parameters, engine, result
    parameters: dict[str, Any]  # cash, fees ... and the formula's inputs
    timeframe_ms: int
    timezone: str

    @property
    def counts(self) -> dict[str, int]:
        """How often each rule had to decide (docs/fills.md)."""
        return self.simulation.counts

    @property
    def equity(self) -> NDArray[np.float64]:
        """float64[m]: equity at each close."""
        return self.simulation.equity

    @cached_property
    def moments(self) -> dict[str, float | None]:
        """Of the returns per period, not annualised: sharpe, skew, kurtosis (3 for the normal law), periods."""
        year = year_of(self.simulation.time, self.timeframe_ms, self.timezone)
        returns = period_returns(self.equity, year.last_of_period)
        n = len(returns)
        spread = float(np.std(returns)) if n else 0.0
        if n < 2 or not spread > 0:
            return {"sharpe": None, "skew": None, "kurtosis": None, "periods": n}
        centred = (returns - np.mean(returns)) / spread
        return {
            "sharpe": float(np.mean(returns) / np.std(returns, ddof=1)),
            "skew": float(np.mean(centred**3)),
            "kurtosis": float(np.mean(centred**4)),
            "periods": n,
        }

    @cached_property
    def open_trade(self) -> dict[str, Any] | None:
        """The position still open after the last bar, marked to its close; None for none."""
        trade = self.simulation.open_trade
        return None if trade is None else _open_trade(trade)

    @cached_property
    def trades(self) -> list[dict[str, Any]]:
        """The closed trades, in the order of time."""
        trades = self.simulation.trades
        columns = (
            [_SIDES[side] for side in trades.side.tolist()],
            iso_times(trades.entry_time),
            trades.entry_price.tolist(),
            iso_times(trades.exit_time),
            trades.exit_price.tolist(),
            trades.size.tolist(),
            trades.pnl.tolist(),
            trades.returns.tolist(),
            trades.reasons(),
        )
        names = (
            "side",
            "entry_time",
            "entry_price",
            "exit_time",
            "exit_price",
            "size",
            "pnl",
            "return",
            "reason",
        )
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def to_json_bytes(self) -> bytes:
        """The whole result as canonical JSON in UTF-8: the same bytes for the same four hashes."""
        # The times are joined here: to encode a million of them one by one takes several times as long.
        times = '","'.join(iso_times(self.simulation.time))
        values = json.dumps(self.equity.tolist(), separators=(",", ":"), allow_nan=False)
        parts = {
            "metrics": _dumps(self.metrics),
            "trades": _dumps(self.trades),
            "open_trade": _dumps(self.open_trade),
            "equity": f'{{"time":["{times}"],"value":{values}}}',
            "hashes": _dumps(self.hashes),
            "counts": _dumps(self.counts),
            "parameters": _dumps(self.parameters),
        }
        return ("{" + ",".join(f'"{name}":{part}' for name, part in parts.items()) + "}\n").encode()

    def trades_table(self) -> pl.DataFrame:
        """One row per closed trade: the columns of the JSON and, after them, the details it leaves out."""
        trades = self.simulation.trades
        return pl.DataFrame(
            {
                "side": [_SIDES[side] for side in trades.side.tolist()],
                "entry_time": _moments(trades.entry_time),
                "entry_price": trades.entry_price,
                "exit_time": _moments(trades.exit_time),
                "exit_price": trades.exit_price,
                "size": trades.size,
                "pnl": trades.pnl,
                "return": trades.returns,
                "reason": trades.reasons(),
                "fees": trades.entry_fee + trades.exit_fee,
                "borrow": trades.carry,
                "mae": trades.mae,
                "mfe": trades.mfe,
                "bars_held": trades.bars_held,
                "entry_index": trades.entry_index,
                "exit_index": trades.exit_index,
            },
            schema_overrides={"side": pl.String, "reason": pl.String},
        )

    def equity_table(self) -> pl.DataFrame:
        """One row per bar: time (epoch milliseconds), equity and position (units, negative when short)."""
        simulation = self.simulation
        return pl.DataFrame(
            {"time": simulation.time, "equity": simulation.equity, "position": simulation.position}
        )


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
            "the formula only alerts: a backtest needs at least one `long when` or `short when`.",
            field="formula",
        )
    check_bars(bars)
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
        timeframe_ms=bars.timeframe_ms,
        timezone=bars.timezone,
    )


def result_id(hashes: Mapping[str, str]) -> str:
    """SHA-256 over formula hash, data hash, parameters hash and engine version: the identity of a result."""
    named = {name: hashes[name] for name in ("formula", "data", "parameters", "engine")}
    return hashlib.sha256(canonical_json(named)).hexdigest()


def iso_times(time: NDArray[np.int64]) -> list[str]:
    """Epoch milliseconds as ISO 8601 in UTC with Z; milliseconds are written only where some are not zero."""
    form = "%Y-%m-%dT%H:%M:%S%.3fZ" if np.any(time % 1000) else "%Y-%m-%dT%H:%M:%SZ"
    return pl.Series(time).cast(pl.Datetime("ms")).dt.strftime(form).to_list()


def _open_trade(trade: OpenTrade) -> dict[str, Any]:
    return {
        "side": _SIDES[trade.side],
        "entry_time": iso_times(np.array([trade.entry_time]))[0],
        "entry_price": trade.entry_price,
        "size": trade.size,
        "mark_price": trade.mark_price,
        "pnl": trade.pnl,
        "return": trade.return_,
    }


def _moments(time: NDArray[np.int64]) -> pl.Series:
    return pl.Series(time).cast(pl.Datetime("ms", "UTC"))


def check_bars(bars: Bars) -> None:
    """Raise SimulationError where there is no bar, or a price is not a number."""
    if not len(bars):
        raise SimulationError("there are no bars to test on.", field="bars")
    for name in ("open", "high", "low", "close"):
        column = getattr(bars, name)
        if not np.isfinite(np.sum(column)):  # one pass; which bar it is matters only where something is wrong
            wrong = np.flatnonzero(~np.isfinite(column))
            if len(wrong):
                raise SimulationError(
                    f"the {name} of the bar of {iso_times(bars.time[wrong[:1]])[0]} is not a number.",
                    field="bars",
                )


def check_simulation(simulation: SimResult) -> None:
    """Raise SimulationError where a value of the account is not finite.

    Prices may be so small and so large in one file that what they buy is more than a float can hold.
    """
    trades = simulation.trades
    with np.errstate(over="ignore", invalid="ignore"):
        columns = (simulation.equity, trades.size, trades.pnl, trades.returns)
    open_trade = simulation.open_trade
    finite = all(bool(np.isfinite(column).all()) for column in columns)
    if not finite or (open_trade is not None and not math.isfinite(open_trade.return_)):
        raise SimulationError(
            "the prices lie so far apart that the account's value is more than a number can hold.",
            field="bars",
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


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
