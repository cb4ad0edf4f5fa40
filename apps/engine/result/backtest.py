"""What a backtest found, and its canonical form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.honesty.panel import account_returns, panel
from apps.engine.result import export
from apps.engine.sim.run import SimResult
from apps.engine.sim.spec import Orders, SimParams
from apps.engine.stats.calendar import Year
from apps.engine.stats.market import market_of
from apps.engine.stats.metrics import Metrics
from apps.engine.stats.report import Report, report_of
from apps.engine.stats.returns import moments_of, period_returns
from apps.engine.stats.sums import plain
from apps.engine.stats.unslipped import Unslipped, unslipped


@dataclass(frozen=True)
class BacktestResult:
    """What a backtest found. Times in JSON are ISO 8601 in UTC, the opening of the bar on which an order filled."""

    simulation: SimResult
    metrics: Metrics
    hashes: dict[str, str]  # formula, data, parameters, engine, result
    parameters: dict[str, Any]  # cash, fees ... and the formula's inputs
    bars: Bars
    orders: Orders
    params: SimParams
    finer: Bars | None

    @property
    def counts(self) -> dict[str, int]:
        """How often each rule had to decide (docs/fills.md)."""
        return self.simulation.counts

    @property
    def finer_timeframe_ms(self) -> int | None:
        """The timeframe of the finer bars it was run with, which are part of the data; None for none."""
        return self.finer.timeframe_ms if self.finer is not None else None

    @property
    def equity(self) -> NDArray[np.float64]:
        """float64[m]: equity at each close."""
        return self.simulation.equity

    @cached_property
    def open_trade(self) -> dict[str, Any] | None:
        """The position still open after the last bar, marked to its close; None for none."""
        trade = self.simulation.open_trade
        return None if trade is None else export.open_trade(trade, self.bars, self.params)

    @cached_property
    def trades(self) -> list[dict[str, Any]]:
        """The closed trades, in the order of time."""
        return export.trades(self.simulation.trades)

    @cached_property
    def moments(self) -> dict[str, float | int | None]:
        """Of the returns per period, not annualised: sharpe, skew, kurtosis (3 for the normal law), periods."""
        return moments_of(self.equity, self._year).as_dict()

    @cached_property
    def report(self) -> Report:
        """Tables, distributions, costs and the cost of delay (docs/metrics.md); plain values, as in the JSON."""
        return report_of(self.simulation, self.bars, self.orders, self.params, self._prices, self.finer)

    @cached_property
    def honesty(self) -> dict[str, Any]:
        """How far luck may have carried the run (docs/honesty.md), from a seed that the result's id gives."""
        year = self._year
        cash = self.params.cash
        return panel(
            period_returns(plain(self.equity), year.last_of_period),
            year.periods_per_year,
            account_returns(self.simulation.trades.pnl, cash),
            cash=cash,
            seed=int.from_bytes(bytes.fromhex(self.hashes["result"])[:8], "big") >> 1,  # 63 bits
        ).as_dict()

    @property
    def _year(self) -> Year:
        return market_of(self.bars, len(self.equity)).year

    @cached_property
    def _prices(self) -> Unslipped:
        return unslipped(self.simulation.trades, self.bars, self.orders, self.params)

    def to_json_bytes(self) -> bytes:
        """The whole result as canonical JSON in UTF-8: the same bytes for the same four hashes."""
        parts = {
            "metrics": export.dumps(self.metrics),
            "trades": export.dumps(self.trades),
            "open_trade": export.dumps(self.open_trade),
            "equity": export.curve(self.simulation.time, self.equity),
            "hashes": export.dumps(self.hashes),
            "finer_timeframe_ms": export.dumps(self.finer_timeframe_ms),
            "counts": export.dumps(self.counts),
            "parameters": export.dumps(self.parameters),
            "report": export.dumps(self.report),
            "honesty": export.dumps(self.honesty),
        }
        return ("{" + ",".join(f'"{name}":{part}' for name, part in parts.items()) + "}\n").encode()

    def trades_table(self) -> pl.DataFrame:
        """One row per closed trade: the columns of the JSON and, after them, the details it leaves out."""
        return export.trades_table(self.simulation.trades, self._prices)

    def equity_table(self) -> pl.DataFrame:
        """One row per bar: time (epoch milliseconds), equity, position (units, negative when short), close, and
        what the starting cash would be worth had it bought and held at the first close."""
        return export.equity_table(self.simulation, self.bars, self.params.cash)
