"""A portfolio from formulas to its result, and the result's canonical form."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.lang.cost import MOST_RUN_STEPS, cost_of, run_refusal
from apps.engine.portfolio.measures import correlation, leg_figures, portfolio_metrics
from apps.engine.portfolio.run import PortfolioSimulation, simulate
from apps.engine.portfolio.spec import (
    MOST_LEG_BARS,
    NO_STEPS,
    Instrument,
    PortfolioParams,
    SignalLeg,
    check_portfolio,
    check_weights,
    zone_of,
)
from apps.engine.program.errors import EvaluationError
from apps.engine.program.program import Program
from apps.engine.result import canonical_json, check_bars, data_hash, iso_times, result_id
from apps.engine.said import said
from apps.engine.sim.run import Cancelled
from apps.engine.sim.spec import SimulationError
from apps.engine.stats.metrics import Metrics
from apps.engine.version import ENGINE_VERSION

HOLD = "long when true\n"  # the formula of a leg that is bought and held
_SIDES = {1: "long", -1: "short"}


@dataclass(frozen=True, eq=False)
class Leg:
    """A formula on a symbol's bars, with its share of the account; without text, the symbol is bought and held."""

    symbol: str
    bars: Bars
    text: str = HOLD
    settings: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0  # a fraction of equity
    instrument: Instrument = NO_STEPS
    finer: Bars | None = None
    currency: str = ""  # of the prices; all legs that name one must name the same


@dataclass(frozen=True)
class PortfolioResult:
    """What a portfolio's run found. Times in JSON are ISO 8601 in UTC."""

    simulation: PortfolioSimulation
    metrics: Metrics
    legs: list[dict[str, Any]]  # symbol, weight, hashes and figures of each leg, in their order
    correlation: list[list[float | None]]  # of the legs' profits per day
    hashes: dict[str, str]  # formula, data, parameters, engine, result
    parameters: dict[str, Any]

    @property
    def counts(self) -> dict[str, int]:
        """How often each rule had to decide (docs/portfolios.md)."""
        return self.simulation.counts

    @cached_property
    def trades(self) -> list[dict[str, Any]]:
        """The closed trades, each with its leg's symbol and place, in the order in which they were booked."""
        trades = self.simulation.trades
        columns = {
            "leg": trades.leg.tolist(),
            "symbol": [self.legs[k]["symbol"] for k in trades.leg.tolist()],
            "side": [_SIDES[side] for side in trades.side.tolist()],
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

    @cached_property
    def open_trades(self) -> list[dict[str, Any]]:
        """The positions still open at the end, marked to their last price."""
        return [
            {
                "leg": k,
                "symbol": self.legs[k]["symbol"],
                "side": _SIDES[trade.side],
                "entry_time": iso_times(np.array([trade.entry_time]))[0],
                "entry_price": trade.entry_price,
                "size": trade.size,
                "mark_price": trade.mark_price,
                "pnl": trade.pnl,
                "return": trade.return_,
            }
            for k, trade in self.simulation.open_trades.items()
        ]

    @cached_property
    def rebalances(self) -> list[dict[str, Any]]:
        """Every fill that rebalancing made; `units` is negative for sold."""
        changes = self.simulation.changes
        rows = zip(
            changes.leg.tolist(), iso_times(changes.time), changes.units.tolist(), changes.price.tolist(),
            changes.fee.tolist(), strict=True,
        )  # fmt: skip
        return [
            {
                "leg": k,
                "symbol": self.legs[k]["symbol"],
                "time": time,
                "units": units,
                "price": price,
                "fee": fee,
            }
            for k, time, units, price, fee in rows
        ]

    def as_dict(self) -> dict[str, Any]:
        """Everything, JSON-safe; the legs' profits and shares once a day."""
        found = self.simulation
        return {
            "metrics": self.metrics,
            "legs": self.legs,
            "correlation": self.correlation,
            "trades": self.trades,
            "open_trades": self.open_trades,
            "rebalances": self.rebalances,
            "equity": {"time": iso_times(found.time), "value": found.equity.tolist()},
            "daily": {
                "time": iso_times(found.time[found.samples]),
                "profits": found.contributions.tolist(),
                "shares": [
                    [None if math.isnan(each) else each for each in row] for row in found.shares.tolist()
                ],
            },
            "hashes": self.hashes,
            "counts": self.counts,
            "parameters": self.parameters,
        }

    def to_json_bytes(self) -> bytes:
        """The whole result as canonical JSON in UTF-8: the same bytes for the same four hashes."""
        text = json.dumps(self.as_dict(), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()

    def trades_table(self) -> pl.DataFrame:
        """One row per closed trade: the columns of the JSON with times as such, then the details it leaves out."""
        trades = self.simulation.trades
        return pl.DataFrame(
            {
                "leg": trades.leg,
                "symbol": [self.legs[k]["symbol"] for k in trades.leg.tolist()],
                "side": [_SIDES[side] for side in trades.side.tolist()],
                "entry_time": pl.Series(trades.entry_time).cast(pl.Datetime("ms", "UTC")),
                "entry_price": trades.entry_price,
                "exit_time": pl.Series(trades.exit_time).cast(pl.Datetime("ms", "UTC")),
                "exit_price": trades.exit_price,
                "size": trades.size,
                "pnl": trades.pnl,
                "return": trades.returns,
                "reason": trades.reasons(),
                "fees": trades.entry_fee + trades.exit_fee,
                "borrow": trades.carry,
                "bars_held": trades.bars_held,
            },
            schema_overrides={"symbol": pl.String, "side": pl.String, "reason": pl.String},
        )

    def equity_table(self) -> pl.DataFrame:
        """One row per close: time (epoch milliseconds), equity and the value of all positions, shorts positive."""
        found = self.simulation
        return pl.DataFrame({"time": found.time, "equity": found.equity, "exposure": found.gross})


def run_portfolio(
    legs: Sequence[Leg],
    params: PortfolioParams | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    should_cancel: Callable[[], bool] | None = None,
) -> PortfolioResult:
    """Compile the legs' formulas with their settings and run them on one account.

    `progress(closes done, closes in all)` is called now and then. Raises FormulaError, SimulationError (naming the
    leg where it is one's), Cancelled.
    """
    params = params or PortfolioParams()
    check_portfolio(params)
    check_weights([leg.weight for leg in legs], [leg.symbol for leg in legs], params.rebalance)
    currencies = sorted({leg.currency for leg in legs if leg.currency})
    if len(currencies) > 1:
        raise SimulationError(
            said(
                "the legs' prices are in different currencies ({currencies}); one account has one.",
                currencies=", ".join(currencies),
            ),
            field="currency",
        )
    programs = [compile_formula(leg.text, dict(leg.settings) or None) for leg in legs]
    _check_size(legs, programs)
    signals = []
    for leg, program in zip(legs, programs, strict=True):
        if should_cancel and should_cancel():
            raise Cancelled
        try:
            orders = program.evaluate(leg.bars).orders
        except EvaluationError as error:
            raise SimulationError(f"{leg.symbol}: {error}", field="bars") from error
        signals.append(SignalLeg(leg.symbol, leg.bars, orders, leg.weight, leg.instrument, leg.finer))
    found = simulate(signals, params, progress=progress, should_cancel=should_cancel)
    _check_finite(found)
    zone = zone_of(signals, params)
    parameters = asdict(params) | {
        "timezone": zone,
        "legs": [
            {
                "symbol": leg.symbol,
                "weight": leg.weight,
                "inputs": dict(program.inputs),
                **asdict(leg.instrument),
            }
            for leg, program in zip(legs, programs, strict=True)
        ],
    }
    data = [data_hash(leg.bars, leg.finer) for leg in legs]
    formulas = [program.formula_hash for program in programs]
    hashes = {
        "formula": _digest(formulas),
        "data": _digest(data),
        "parameters": _digest(parameters),
        "engine": ENGINE_VERSION,
    }
    shortest = min(leg.bars.timeframe_ms for leg in legs)
    named = [
        {
            "symbol": leg.symbol,
            "weight": leg.weight,
            "formula": formula,
            "data": bars,
            "finer_timeframe_ms": leg.finer.timeframe_ms if leg.finer is not None else None,
        }
        for leg, formula, bars in zip(legs, formulas, data, strict=True)
    ]
    figures = leg_figures(found, params.cash)
    return PortfolioResult(
        simulation=found,
        metrics=portfolio_metrics(found, params.cash, shortest, zone),
        legs=[name | figure for name, figure in zip(named, figures, strict=True)],
        correlation=correlation(found.contributions),
        hashes=hashes | {"result": result_id(hashes)},
        parameters=parameters,
    )


def _check_size(legs: Sequence[Leg], programs: Sequence[Program]) -> None:
    """Refuse what cannot be run, before any of it is."""
    steps = bars = 0
    for leg, program in zip(legs, programs, strict=True):
        if not program.has_orders:
            raise SimulationError(
                said(
                    "{symbol}: the formula only alerts; a leg needs at least one `long when` or `short when`.",
                    symbol=leg.symbol,
                ),
                field="formula",
            )
        try:
            check_bars(leg.bars, leg.finer)
        except SimulationError as error:
            raise SimulationError(f"{leg.symbol}: {error}", field="bars") from error
        refusal = run_refusal(program, len(leg.bars))
        if refusal:
            raise SimulationError(f"{leg.symbol}: {refusal}.", field="bars")
        steps += len(leg.bars) * cost_of(program.chart, [graph for _, graph in program.frames.values()]).steps
        bars += len(leg.bars)
    if steps > MOST_RUN_STEPS:
        raise SimulationError(
            said(
                "the legs take up to {steps} steps together (at most {most_run_steps}): "
                "choose fewer legs, shorter lengths or a shorter stretch.",
                steps=f"{steps:,}",
                most_run_steps=f"{MOST_RUN_STEPS:,}",
            ),
            field="bars",
        )
    if bars > MOST_LEG_BARS:
        raise SimulationError(
            said(
                "the legs have {bars} bars together (at most {most_leg_bars}): choose "
                "fewer symbols, a longer timeframe or a shorter stretch.",
                bars=f"{bars:,}",
                most_leg_bars=f"{MOST_LEG_BARS:,}",
            ),
            field="bars",
        )


def _check_finite(found: PortfolioSimulation) -> None:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        columns = (found.equity, found.trades.size, found.trades.pnl, found.trades.returns)
    opened = all(math.isfinite(trade.return_) for trade in found.open_trades.values())
    if not opened or not all(bool(np.isfinite(column).all()) for column in columns):
        raise SimulationError(
            said("the prices lie so far apart that the account's value is more than a number can hold."),
            field="bars",
        )


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()
