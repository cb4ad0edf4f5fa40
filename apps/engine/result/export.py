"""A result's parts as JSON and as tables."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.sim.run import OpenTrade, SimResult, Trades
from apps.engine.sim.spec import SimParams
from apps.engine.stats.calendar import iso_times
from apps.engine.stats.unslipped import Unslipped, entry_before_slippage

_SIDES = {1: "long", -1: "short"}


def dumps(value: Any) -> str:
    """JSON without spaces, in the order given; nan is an error."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def curve(time: NDArray[np.int64], values: NDArray[np.float64]) -> str:
    """A curve as JSON: {"time": [...], "value": [...]}."""
    # The times are joined here: to encode a million of them one by one takes several times as long.
    times = '","'.join(iso_times(time))
    return f'{{"time":["{times}"],"value":{dumps(values.tolist())}}}'


def trades(rows: Trades) -> list[dict[str, Any]]:
    """Closed trades as the JSON shows them."""
    columns = (
        [_SIDES[side] for side in rows.side.tolist()],
        iso_times(rows.entry_time),
        rows.entry_price.tolist(),
        iso_times(rows.exit_time),
        rows.exit_price.tolist(),
        rows.size.tolist(),
        rows.pnl.tolist(),
        rows.returns.tolist(),
        rows.reasons(),
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


def open_trade(trade: OpenTrade, bars: Bars, params: SimParams) -> dict[str, Any]:
    """The open trade as the JSON shows it."""
    return {
        "side": _SIDES[trade.side],
        "entry_time": iso_times(np.array([trade.entry_time]))[0],
        "entry_price": trade.entry_price,
        "size": trade.size,
        "mark_price": trade.mark_price,
        "pnl": trade.pnl,
        "return": trade.return_,
        "fees": trade.entry_fee,
        "borrow": trade.carry,
        "entry_unslipped": entry_before_slippage(bars, trade.entry_index, params),
    }


def trades_table(rows: Trades, prices: Unslipped) -> pl.DataFrame:
    """One row per closed trade; the columns are those of docs/metrics.md."""
    return pl.DataFrame(
        {
            "side": [_SIDES[side] for side in rows.side.tolist()],
            "entry_time": _moments(rows.entry_time),
            "entry_price": rows.entry_price,
            "exit_time": _moments(rows.exit_time),
            "exit_price": rows.exit_price,
            "size": rows.size,
            "pnl": rows.pnl,
            "return": rows.returns,
            "reason": rows.reasons(),
            "fees": rows.entry_fee + rows.exit_fee,
            "borrow": rows.carry,
            "mae": rows.mae,
            "mfe": rows.mfe,
            "bars_held": rows.bars_held,
            "entry_index": rows.entry_index,
            "exit_index": rows.exit_index,
            "entry_fee": rows.entry_fee,
            "exit_fee": rows.exit_fee,
            "entry_unslipped": prices.entry,
            "exit_unslipped": prices.exit,
            "stop": pl.Series(prices.stop).fill_nan(None),
        },
        schema_overrides={"side": pl.String, "reason": pl.String},
    )


def equity_table(result: SimResult, bars: Bars, cash: float) -> pl.DataFrame:
    """One row per bar of the run."""
    close = bars.close[: len(result.equity)]
    with np.errstate(all="ignore"):  # a close of 0 buys nothing that could be held
        held = cash * (close / close[0])
    return pl.DataFrame(
        {
            "time": result.time,
            "equity": result.equity,
            "position": result.position,
            "close": close,
            "buy_and_hold": held,
        }
    )


def _moments(time: NDArray[np.int64]) -> pl.Series:
    return pl.Series(time).cast(pl.Datetime("ms", "UTC"))
