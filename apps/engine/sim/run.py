"""A whole backtest: the compiled loop over the fill step, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from apps.engine.bars import Bars
from apps.engine.buffers import BUFFERS
from apps.engine.sim import loop
from apps.engine.sim.account import Account
from apps.engine.sim.rules import new_account, rules_of
from apps.engine.sim.spec import (
    Orders,
    Protection,
    SimParams,
    SimulationError,
    check_orders,
    check_params,
)  # fmt: skip
from apps.engine.sim.trades import Floats, Ints, OpenTrade, SimResult, Trades, read_only

__all__ = ["Cancelled", "OpenTrade", "SimResult", "Trades", "run"]

CHUNK_BARS = 250_000  # between two looks at progress and cancellation: a millisecond or two
BARS_PER_TRADE = 16  # the first guess of how many trades to make room for
# The loop's trade buffers, row by row.
_WHOLE = ("side", "reason", "entry_index", "exit_index")
_REAL = ("size", "entry_price", "exit_price", "entry_fee", "exit_fee", "carry", "pnl")

_NO_SERIES = read_only(np.empty(0))
_NO_PRICES = np.empty((3, 0))
_NO_ROWS = np.empty((2, 0), dtype=np.int64)


class Cancelled(Exception):
    """The run was asked to stop and did."""


def run(
    bars: Bars,
    orders: Orders,
    params: SimParams | None = None,
    *,
    finer: Bars | None = None,
    progress: Callable[[int, int], None] | None = None,
    should_cancel: Callable[[], bool] | None = None,
    chunk_bars: int = CHUNK_BARS,
) -> SimResult:
    """Carry out `orders` over `bars`, whose prices are finite.

    `finer` holds bars of a shorter timeframe, of which a whole number make one of `bars`; they decide where stop and
    target lie inside one bar. `progress` is called with (bars done, bars in all) after each `chunk_bars`. Raises
    SimulationError on wrong parameters, orders or finer bars, Cancelled when `should_cancel()` turned true.
    """
    params = params or SimParams()
    n = len(bars)
    check_params(params)
    check_orders(orders, n)
    rules = rules_of(orders, params)
    account = new_account(params.cash)
    prices, inside = finer_rows(bars, finer)
    equity = BUFFERS.empty(n, np.float64)
    whole, real = _trade_columns(n // BARS_PER_TRADE + 16)
    columns = [
        read_only(each) for each in (bars.time, bars.open, bars.high, bars.low, bars.close, orders.flags)
    ]
    columns += [_series(each) for each in (orders.stop, orders.target, orders.trail)]
    row = done = 0
    step = chunk_bars if progress or should_cancel else max(n, 1)
    while done < n and not account.ended:
        if should_cancel and should_cancel():
            raise Cancelled
        stop = min(done + step, n)
        while done < stop and not account.ended:
            account, row, done = loop.simulate(  # type: ignore[call-arg]
                account, done, stop, *columns, rules, prices, inside, equity, whole, real, row
            )
            if row > whole.shape[1] - loop.MOST_FILLS:
                whole, real = _longer(whole, real, row)
        if progress:
            progress(done, n)
    return _result(bars, account, whole, real, row, equity[:done], bool(rules.at_close))


def _series(protection: Protection | None) -> np.ndarray:
    if protection is None or protection.series is None or protection.kind == "percent":
        return _NO_SERIES
    return read_only(protection.series)


def _trade_columns(room: int) -> tuple[Ints, Floats]:
    whole = BUFFERS.empty(len(_WHOLE) * room, np.int64).reshape(len(_WHOLE), room)
    return whole, BUFFERS.empty(len(_REAL) * room, np.float64).reshape(len(_REAL), room)


def _longer(whole: Ints, real: Floats, row: int) -> tuple[Ints, Floats]:
    """Columns twice as long with the same trades; `row` is that of the trade that may be open."""
    wider, more = _trade_columns(2 * whole.shape[1])
    wider[:, : row + 1] = whole[:, : row + 1]
    more[:, : row + 1] = real[:, : row + 1]
    return wider, more


def finer_rows(bars: Bars, finer: Bars | None) -> tuple[Floats, Ints]:
    """The finer bars' open, high and low as float64[3, m], and which lie inside each bar: int64[2, n], from and to."""
    if finer is None:
        return _NO_PRICES, _NO_ROWS
    if finer.timeframe_ms >= bars.timeframe_ms or bars.timeframe_ms % finer.timeframe_ms:
        raise SimulationError(
            f"the finer bars must be of a shorter timeframe that divides that of the bars "
            f"({bars.timeframe_ms:,} ms); theirs is {finer.timeframe_ms:,} ms.",
            field="finer",
        )
    # A bar reaches to the next one's opening (months and days differ in length), but not over bars that are missing.
    ends = bars.time + bars.timeframe_ms
    ends[:-1] = np.where(np.diff(bars.time) < 2 * bars.timeframe_ms, bars.time[1:], ends[:-1])
    inside = np.stack([np.searchsorted(finer.time, edges, side="left") for edges in (bars.time, ends)])
    return np.stack([finer.open, finer.high, finer.low]), inside.astype(np.int64)


def _result(
    bars: Bars, account: Account, whole: Ints, real: Floats, rows: int, equity: Floats, at_close: bool
) -> SimResult:
    cut: dict[str, Any] = {name: whole[at, :rows] for at, name in enumerate(_WHOLE)}
    cut |= {name: real[at, :rows] for at, name in enumerate(_REAL)}
    open_trade = None
    position = account.position
    if position.units != 0.0:
        entry = int(whole[loop.ENTRY_INDEX, rows])
        open_trade = OpenTrade(
            side=1 if position.units > 0 else -1,
            entry_index=entry,
            entry_time=int(bars.time[entry]),
            entry_price=position.entry_price,
            size=abs(position.units),
            entry_fee=position.entry_fee,
            carry=position.carry,
            mark_price=account.close,
        )
    counts = {"bars": len(equity), **account.counts._asdict(), "accounts_ended": int(account.ended)}
    return SimResult(
        trades=Trades(**cut, bars=bars, at_close=at_close),
        open_trade=open_trade,
        equity=equity,
        time=bars.time[: len(equity)],
        cash=account.cash,
        fees=account.fees,
        counts=counts,
        account=account,
    )
