"""A whole portfolio: the compiled loop over the legs' bars, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.portfolio import kernel
from apps.engine.portfolio.periods import period_starts
from apps.engine.portfolio.spec import (
    MOST_LEG_BARS,
    PortfolioParams,
    SignalLeg,
    check_portfolio,
    check_weights,
    zone_of,
)
from apps.engine.said import said
from apps.engine.sim.rules import REASONS as FILL_REASONS
from apps.engine.sim.rules import rules_of
from apps.engine.sim.run import Cancelled, OpenTrade, finer_rows
from apps.engine.sim.spec import Protection, SimulationError, check_orders, check_params
from apps.engine.stats.calendar import year_of

CHUNK_MOMENTS = 100_000  # between two looks at progress and cancellation, divided by the legs
FIRST_ROWS = 4_096  # of the trades' buffers; they double as they fill

REASONS = FILL_REASONS | {kernel.BY_REBALANCE: "rebalance"}
_COUNTS = (
    "ambiguous_bars",
    "conflicting_bars",
    "dropped_requests",
    "cut_sizes",
    "rebalances",
    "cut_rebalances",
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Buffers = tuple[Ints, Floats]


@dataclass(frozen=True)
class LegTrades:
    """Closed trades in the order in which they were booked, one row per trade; indexes count the leg's own bars."""

    leg: Ints
    side: Ints  # 1 long, -1 short
    reason: Ints  # a key of REASONS
    entry_index: Ints
    exit_index: Ints
    entry_time: Ints  # opening, epoch ms, of the bar on which the order filled
    exit_time: Ints
    size: Floats
    entry_price: Floats  # the average, where rebalancing added to the position
    exit_price: Floats
    entry_fee: Floats
    exit_fee: Floats
    carry: Floats
    pnl: Floats

    def __len__(self) -> int:
        return len(self.leg)

    @property
    def returns(self) -> Floats:
        """pnl as a fraction of the entry's notional."""
        return self.pnl / (self.size * self.entry_price)

    @property
    def bars_held(self) -> Ints:
        """The leg's closes at which the position was open."""
        return self.exit_index - self.entry_index

    def reasons(self) -> list[str]:
        """The exits' reasons in words."""
        return [REASONS[code] for code in self.reason.tolist()]


@dataclass(frozen=True)
class Changes:
    """Rebalancing fills, in order."""

    leg: Ints
    time: Ints  # opening of the leg's bar, epoch ms
    units: Floats  # bought, negative for sold
    price: Floats
    fee: Floats


@dataclass(frozen=True)
class PortfolioSimulation:
    """What a run leaves behind: m points of the curves, s samples of n legs (the last point of each period)."""

    trades: LegTrades
    changes: Changes
    open_trades: dict[int, OpenTrade]  # by leg
    time: Ints  # int64[m], the opening of the bars that closed there
    equity: Floats  # float64[m]
    gross: Floats  # float64[m], value of all positions, shorts counted positive
    hold: Floats  # float64[m], the legs bought and held at their weights, without costs; 1 at first
    samples: Ints  # int64[s], their points
    contributions: Floats  # float64[s, n], each leg's profit so far
    shares: Floats  # float64[s, n], each leg's position as a share of equity, negative when short
    legs: np.ndarray  # kernel.LEG[n], the legs' state at the end
    cash: float
    fees: float
    counts: dict[str, int]
    leg_counts: list[dict[str, int]]
    ended_early: bool


def simulate(
    legs: Sequence[SignalLeg],
    params: PortfolioParams | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    should_cancel: Callable[[], bool] | None = None,
    chunk_moments: int | None = None,
    first_rows: int = FIRST_ROWS,
) -> PortfolioSimulation:
    """Carry out the legs' orders on one account.

    `progress` is called with (points done, points in all) now and then. Raises SimulationError on wrong parameters,
    weights or orders, Cancelled when `should_cancel()` turned true.
    """
    params = params or PortfolioParams()
    check_portfolio(params)
    check_weights([leg.weight for leg in legs], [leg.symbol for leg in legs], params.rebalance)
    _check_bars(legs)
    zone = zone_of(legs, params)
    columns = _columns(legs)
    table = _leg_table(legs, columns)
    rules = _rule_table(legs, params)
    time = _points(legs, table, columns["time"])
    points = len(time)
    samples = year_of(time, int(table["timeframe"].min()), zone).last_of_period
    is_sample = np.zeros(points, dtype=np.uint8)
    is_sample[samples] = 1
    n = len(legs)
    starts = np.empty(0, np.int64)
    if params.rebalance not in ("none", "threshold"):
        first = min(int(leg.bars.time[0]) for leg in legs)
        starts = period_starts(first, max(int(leg.bars.time[-1]) for leg in legs), params.rebalance, zone)
    last_time = np.array([leg.bars.time[-1] for leg in legs], dtype=np.int64)
    equity, gross, hold = np.empty(points), np.empty(points), np.empty(points)
    contributions, shares = np.empty((len(samples), n)), np.empty((len(samples), n))
    rows = max(first_rows, 2 * kernel.ROWS_A_MOMENT * n)
    trades: Buffers = (np.empty((5, rows), np.int64), np.empty((7, rows)))
    changes: Buffers = (np.empty((2, rows), np.int64), np.empty((3, rows)))
    books = np.zeros(1, kernel.BOOK)
    books["cash"] = params.cash
    drift = params.threshold if params.rebalance == "threshold" else np.inf
    here, price = np.zeros(n, np.int64), np.zeros(n)
    step = chunk_moments or max(1, CHUNK_MOMENTS // n)
    done = False
    while not done:
        if should_cancel and should_cancel():
            raise Cancelled
        done = kernel.simulate(  # type: ignore[call-arg]
            books, table, rules, *columns.values(), last_time, starts, drift, equity, gross, hold, is_sample,
            contributions, shares, *trades, *changes, here, price, step,
        )  # fmt: skip
        trades = _room(trades, int(books["trades"][0]), kernel.ROWS_A_MOMENT * n)
        changes = _room(changes, int(books["changes"][0]), kernel.ROWS_A_MOMENT * n)
        if progress:
            progress(points if done else int(books["points"][0]), points)
    book = books[0]
    m, s = int(book["points"]), int(book["samples"])
    if book["ended"] and (
        s == 0 or samples[s - 1] != m - 1
    ):  # the last day was not over: its end is the run's end
        samples = np.append(samples[:s], m - 1)
        contributions[s], shares[s] = _last_sample(table, equity[m - 1])
        s += 1
    legs_closed = trades[0][:, : int(book["trades"])]
    leg_counts = [{name: int(row[name]) for name in _COUNTS} for row in table]
    return PortfolioSimulation(
        trades=_trades(legs, legs_closed, trades[1][:, : int(book["trades"])]),
        changes=_changes(legs, changes[0][:, : int(book["changes"])], changes[1][:, : int(book["changes"])]),
        open_trades=_open_trades(legs, table),
        time=time[:m].copy(),
        equity=equity[:m],
        gross=gross[:m],
        hold=hold[:m],
        samples=samples[:s],
        contributions=contributions[:s],
        shares=shares[:s],
        legs=table,
        cash=float(book["cash"]),
        fees=_sum(row["fees"] for row in table),
        counts={
            "bars": m,
            **{name: sum(each[name] for each in leg_counts) for name in _COUNTS},
            "accounts_ended": int(book["ended"]),
        },
        leg_counts=leg_counts,
        ended_early=bool(book["ended"]),
    )


def _sum(values: Any) -> float:
    return float(sum(float(value) for value in values))


def _check_bars(legs: Sequence[SignalLeg]) -> None:
    for leg in legs:
        if not len(leg.bars):
            raise SimulationError(said("there are no bars of {symbol}.", symbol=leg.symbol), field="bars")
    total = sum(len(leg.bars) for leg in legs)
    if total > MOST_LEG_BARS:
        raise SimulationError(
            said(
                "the legs have {total} bars together, more than {most_leg_bars}: choose "
                "fewer symbols, a longer timeframe or a shorter stretch.",
                total=f"{total:,}",
                most_leg_bars=f"{MOST_LEG_BARS:,}",
            ),
            field="bars",
        )


def _columns(legs: Sequence[SignalLeg]) -> dict[str, np.ndarray]:
    """All legs' columns, one after the other, in the order of the kernel's arguments."""
    columns: dict[str, np.ndarray] = {
        name: np.concatenate([getattr(leg.bars, name) for leg in legs])
        for name in ("time", "open", "high", "low", "close")
    }
    columns["flags"] = np.concatenate([leg.orders.flags for leg in legs])
    series = [each for leg in legs for each in _series(leg)]
    columns["series"] = np.concatenate(series) if series else np.empty(0)
    finer = [finer_rows(leg.bars, leg.finer) for leg in legs if leg.finer is not None]
    begun, inside = 0, [np.empty((2, 0), np.int64)]
    for prices, rows in finer:
        inside.append(rows + begun)
        begun += prices.shape[1]
    columns["finer_prices"] = np.concatenate([np.empty((3, 0)), *(prices for prices, _ in finer)], axis=1)
    columns["finer_inside"] = np.concatenate(inside, axis=1)
    return columns


def _series(leg: SignalLeg) -> list[Floats]:
    protections = (leg.orders.stop, leg.orders.target, leg.orders.trail)
    return [
        each.series
        for each in protections
        if _has_series(each) and each is not None and each.series is not None
    ]


def _has_series(protection: Protection | None) -> bool:
    return protection is not None and protection.kind != "percent" and protection.series is not None


def _leg_table(legs: Sequence[SignalLeg], columns: dict[str, np.ndarray]) -> np.ndarray:
    table = np.zeros(len(legs), kernel.LEG)
    offset = series = finer = 0
    for row, leg in zip(table, legs, strict=True):
        count = len(leg.bars)
        row["offset"], row["count"], row["timeframe"] = offset, count, leg.bars.timeframe_ms
        row["weight"] = leg.weight
        places = (
            ("stop_at", leg.orders.stop),
            ("target_at", leg.orders.target),
            ("trail_at", leg.orders.trail),
        )
        for name, protection in places:
            row[name] = -1
            if _has_series(protection):
                row[name] = series
                series += count
        row["finer_at"] = -1
        if leg.finer is not None:
            row["finer_at"] = finer
            finer += count
        row["bar"], row["opens"], row["closes"] = -1, leg.bars.time[0], kernel.NEVER
        for name in ("close", "first_close", "mark", "entry_price", "best", "stop", "target", "trail"):
            row[name] = np.nan
        for name in ("pending_stop", "pending_target", "pending_trail"):
            row[name] = np.nan
        offset += count
    return table


def _rule_table(legs: Sequence[SignalLeg], params: PortfolioParams) -> np.ndarray:
    table = np.zeros(len(legs), kernel.RULES)
    for at, leg in enumerate(legs):
        conditions = params.of(leg.instrument)
        check_params(conditions)
        check_orders(leg.orders, len(leg.bars))
        table[at] = tuple(rules_of(leg.orders, conditions))
    return table


def _points(legs: Sequence[SignalLeg], table: np.ndarray, time: Ints) -> Ints:
    """int64[m]: the times of the curve's points (see `kernel.closings`)."""
    first = legs[0].bars
    if all(
        leg.bars.timeframe_ms == first.timeframe_ms and np.array_equal(leg.bars.time, first.time)
        for leg in legs
    ):
        return first.time
    closing, opening = np.empty(len(time), np.int64), np.empty(len(time), np.int64)
    points = kernel.closings(table["offset"], table["count"], table["timeframe"], time, closing, opening)
    closing, opening = closing[:points], opening[:points]
    if bool(np.all(np.diff(opening) > 0)):
        return opening
    # bars shorter than they are said to be may open in another order than they close
    return closing - table["timeframe"].min()


def _room(buffers: Buffers, used: int, needed: int) -> Buffers:
    """The buffers, or twice as long ones with the same rows where there is no room for the next moment."""
    if used + needed <= buffers[0].shape[1]:
        return buffers
    whole, real = (np.concatenate([each, np.empty_like(each)], axis=1) for each in buffers)
    return whole, real


def _last_sample(table: np.ndarray, equity: float) -> tuple[Floats, Floats]:
    exposed = np.where(table["units"] != 0, table["units"] * table["mark"], 0.0)
    return table["flow"] + exposed, exposed / equity if equity > 0 else np.full(len(table), np.nan)


def _trades(legs: Sequence[SignalLeg], whole: Ints, real: Floats) -> LegTrades:
    leg, side, reason, entry, exit_ = (row.copy() for row in whole)
    entry_time, exit_time = np.empty_like(entry), np.empty_like(exit_)
    for k, each in enumerate(legs):
        own = leg == k
        entry_time[own] = each.bars.time[entry[own]]
        exit_time[own] = each.bars.time[exit_[own]]
    names = ("size", "entry_price", "exit_price", "entry_fee", "exit_fee", "carry", "pnl")
    return LegTrades(
        leg,
        side,
        reason,
        entry,
        exit_,
        entry_time,
        exit_time,
        **{name: row.copy() for name, row in zip(names, real, strict=True)},
    )


def _changes(legs: Sequence[SignalLeg], whole: Ints, real: Floats) -> Changes:
    leg, bar = whole[0].copy(), whole[1]
    time = np.empty_like(leg)
    for k, each in enumerate(legs):
        time[leg == k] = each.bars.time[bar[leg == k]]
    return Changes(leg, time, *(row.copy() for row in real))


def _open_trades(legs: Sequence[SignalLeg], table: np.ndarray) -> dict[int, OpenTrade]:
    found = {}
    for k, (leg, row) in enumerate(zip(legs, table, strict=True)):
        if row["units"] != 0:
            found[k] = OpenTrade(
                side=1 if row["units"] > 0 else -1,
                entry_index=int(row["entry_bar"]),
                entry_time=int(leg.bars.time[row["entry_bar"]]),
                entry_price=float(row["entry_price"]),
                size=abs(float(row["units"])),
                entry_fee=float(row["entry_fee"]),
                carry=float(row["carry"]),
                mark_price=float(row["mark"]),
            )
    return found
