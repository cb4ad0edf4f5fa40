"""What a report tells beyond the metrics: tables, distributions, costs and the cost of delay (docs/metrics.md)."""

from __future__ import annotations

from typing import Any

from apps.engine.bars import Bars
from apps.engine.sim.run import SimResult
from apps.engine.sim.spec import Orders, SimParams
from apps.engine.stats.costs import cost_table, risk_table
from apps.engine.stats.delay import delay_table
from apps.engine.stats.histogram import histogram
from apps.engine.stats.market import market_of
from apps.engine.stats.returns import period_returns
from apps.engine.stats.sums import plain
from apps.engine.stats.tables import drawdown_table, excursion_table, month_table, year_table
from apps.engine.stats.unslipped import Unslipped

Report = dict[str, Any]


def report_of(
    result: SimResult,
    bars: Bars,
    orders: Orders,
    params: SimParams,
    prices: Unslipped,
    finer: Bars | None = None,
) -> Report:
    """The report of a run of `orders` over `bars` (at least one) under `params`; plain values, as for JSON.

    `prices` are those of its trades (unslipped.py), `finer` the finer bars it was run with.
    """
    equity = result.equity
    close = bars.close[: len(equity)]
    year = market_of(bars, len(equity)).year
    return {
        "calendar": {"timezone": bars.timezone, "timeframe_ms": bars.timeframe_ms},
        "drawdowns": drawdown_table(result, bars, params.cash),
        "monthly": month_table(equity, close, year, params.cash),
        "yearly": year_table(equity, close, year, params.cash),
        "daily_returns": histogram(period_returns(plain(equity), year.last_of_period)),
        "trade_returns": histogram(result.trades.returns),
        "excursions": excursion_table(result.trades),
        "risk": risk_table(result, prices),
        "costs": cost_table(result, bars, params, prices),
        "delay": delay_table(result, bars, orders, params, finer),
    }
