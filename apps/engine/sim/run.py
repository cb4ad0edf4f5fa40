"""A whole backtest: the compiled loop over the fill step, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.sim import kernel
from apps.engine.sim.excursions import excursions
from apps.engine.sim.rules import REASONS, new_account, rules_of
from apps.engine.sim.spec import Orders, Protection, SimParams, check_orders, check_params

CHUNK_BARS = 250_000  # between two looks at progress and cancellation: a few milliseconds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_EMPTY = np.empty(0, dtype=np.float64)
# The kernel's trade buffers, row by row.
_WHOLE = ("side", "reason", "entry_index", "exit_index")
_REAL = ("size", "entry_price", "exit_price", "entry_fee", "exit_fee", "carry", "pnl")
_NO_ROWS = np.empty(0, dtype=np.int64)


class Cancelled(Exception):
    """The run was asked to stop and did."""


@dataclass(frozen=True)
class Trades:
    """Closed trades in the order of time, one row per trade; indexes count bars."""

    side: Ints  # 1 long, -1 short
    entry_index: Ints
    exit_index: Ints
    entry_time: Ints  # opening, epoch milliseconds, of the bar on which the order filled
    exit_time: Ints
    entry_price: Floats
    exit_price: Floats
    size: Floats  # units, positive
    entry_fee: Floats
    exit_fee: Floats
    carry: Floats  # borrow paid
    pnl: Floats  # net of both fees and of carry
    reason: Ints  # of the exit: a key of `rules.REASONS`
    mae: Floats  # largest adverse excursion, a positive fraction of the entry price
    mfe: Floats  # largest favourable excursion, likewise

    def __len__(self) -> int:
        return len(self.side)

    @property
    def returns(self) -> Floats:
        """pnl as a fraction of the entry's notional."""
        return self.pnl / (self.size * self.entry_price)

    @property
    def bars_held(self) -> Ints:
        """Closes at which the position was open."""
        return self.exit_index - self.entry_index

    def reasons(self) -> list[str]:
        """The exits' reasons in words."""
        return [REASONS[code] for code in self.reason.tolist()]


@dataclass(frozen=True)
class OpenTrade:
    """The position that was still open after the last bar, marked to its close (no exit fee)."""

    side: int
    entry_index: int
    entry_time: int
    entry_price: float
    size: float
    entry_fee: float
    carry: float
    mark_price: float

    @property
    def pnl(self) -> float:
        """Unrealised, net of the entry fee and of carry."""
        gross = self.side * (self.mark_price - self.entry_price) * self.size
        return gross - self.entry_fee - self.carry

    @property
    def return_(self) -> float:
        """pnl as a fraction of the entry's notional."""
        return self.pnl / (self.size * self.entry_price)


@dataclass(frozen=True)
class SimResult:
    """What a run leaves behind. `equity` is float64[m], m <= n: one value per bar until the account ended."""

    trades: Trades
    open_trade: OpenTrade | None
    equity: Floats
    time: Ints  # int64[m], the opening of each of those bars
    cash: float  # at the end
    fees: float  # all fees paid
    counts: dict[str, int]
    account: kernel.Account

    @property
    def ended_early(self) -> bool:
        """Whether the account fell to 0 and the run ended there."""
        return bool(self.account.ended)

    @cached_property
    def position(self) -> Floats:
        """float64[m]: units held at each close, negative when short."""
        trades = self.trades
        entries, exits = trades.entry_index, trades.exit_index
        units = trades.side * trades.size
        if self.open_trade is not None:
            entries = np.append(entries, self.open_trade.entry_index)
            exits = np.append(exits, len(self.equity))
            units = np.append(units, self.open_trade.side * self.open_trade.size)
        # One position at a time: each lasts from its entry's close to the last close before its exit.
        position = np.zeros(len(self.equity))
        held = exits - entries
        first_of_each = np.repeat(entries - (np.cumsum(held) - held), held)
        position[first_of_each + np.arange(int(held.sum()))] = np.repeat(units, held)
        return position


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

    `finer` holds bars of a shorter timeframe that decide where stop and target lie inside one bar. `progress` is
    called with (bars done, bars in all) after each `chunk_bars`. Raises SimulationError on wrong parameters or
    orders, Cancelled when `should_cancel()` turned true.
    """
    params = params or SimParams()
    n = len(bars)
    check_params(params)
    check_orders(orders, n)
    rules = rules_of(orders, params)
    account = new_account(params.cash)
    inside, inside_start = _finer_rows(bars, finer)
    equity = np.empty(n)
    # One entry per bar at most. The pages of these buffers are only taken as trades are written.
    whole = np.empty((4, n), dtype=np.int64)
    real = np.empty((7, n))
    time, open_, high, low, close, flags = (
        _read_only(each) for each in (bars.time, bars.open, bars.high, bars.low, bars.close, orders.flags)
    )
    stops, targets, trails = (_series(each) for each in (orders.stop, orders.target, orders.trail))
    row = done = 0
    step = chunk_bars if progress or should_cancel else max(n, 1)
    for start in range(0, n, step):
        if should_cancel and should_cancel():
            raise Cancelled
        account, row, done = kernel.simulate(
            account, start, min(start + step, n), time, open_, high, low, close, flags, stops, targets, trails,
            rules, inside, inside_start, equity, whole, real, row,
        )  # fmt: skip
        if account.ended:
            break
        if progress:
            progress(done, n)
    return _result(bars, account, whole, real, row, equity[:done], bool(rules.at_close))


def _series(protection: Protection | None) -> Floats:
    if protection is None or protection.series is None or protection.kind == "percent":
        return _read_only(_EMPTY)
    return _read_only(protection.series)


def _read_only(column: np.ndarray) -> np.ndarray:
    """A view that cannot be written to.

    Bars mapped from a file come as such and others do not; the loop is compiled for each kind of array it meets,
    so it is given but one.
    """
    view = np.ascontiguousarray(column).view()
    view.flags.writeable = False
    return view


def _finer_rows(bars: Bars, finer: Bars | None) -> tuple[Floats, Ints]:
    """The finer bars' open, high and low as float64[3, m], and for each bar the first of those inside it."""
    if finer is None:
        return np.empty((3, 0)), _NO_ROWS
    edges = np.append(bars.time, bars.time[-1:] + bars.timeframe_ms)
    starts = np.searchsorted(finer.time, edges, side="left").astype(np.int64)
    return np.stack([finer.open, finer.high, finer.low]), starts


def _result(
    bars: Bars, account: kernel.Account, whole: Ints, real: Floats, rows: int, equity: Floats, at_close: bool
) -> SimResult:
    cut: dict[str, Any] = {name: whole[at, :rows].copy() for at, name in enumerate(_WHOLE)}
    cut |= {name: real[at, :rows].copy() for at, name in enumerate(_REAL)}
    mae, mfe = excursions(
        _read_only(bars.high), _read_only(bars.low), cut["side"], cut["entry_index"], cut["exit_index"],
        cut["entry_price"], cut["exit_price"], _exits_at_close(cut["reason"], at_close), at_close,
    )  # fmt: skip
    trades = Trades(
        **cut,
        entry_time=bars.time[cut["entry_index"]],
        exit_time=bars.time[cut["exit_index"]],
        mae=mae,
        mfe=mfe,
    )
    open_trade = None
    position = account.position
    if position.units != 0.0:
        entry = int(whole[kernel.ENTRY_INDEX, rows])
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
        trades=trades,
        open_trade=open_trade,
        equity=equity,
        time=bars.time[: len(equity)],
        cash=account.cash,
        fees=account.fees,
        counts=counts,
        account=account,
    )


def _exits_at_close(reason: Ints, at_close: bool) -> NDArray[np.bool_]:
    """Which exits filled at a close, so that their bar was held to its end."""
    market = (kernel.BY_EXIT, kernel.BY_TIME, kernel.BY_REVERSE) if at_close else ()
    return np.isin(reason, (*market, kernel.BY_ZERO))
