"""What the fill step knows and remembers, as named tuples of scalars, which the compiler keeps in registers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

DAY_MS = 86_400_000.0

# Kinds of protective orders and of sizes.
NONE, PERCENT, BY, AT = 0, 1, 2, 3
SIZE_PERCENT, SIZE_QUOTE, SIZE_UNITS, SIZE_RISK = 1, 2, 3, 4

# What waits to be carried out (`Pending.request`).
NOTHING, GO_LONG, GO_SHORT, LEAVE, LEAVE_TIMED = 0, 1, 2, 3, 4

# Why a fill happened (`Fill.reason`); 0 stands for no fill.
NO_FILL, ENTERED, BY_EXIT, BY_TIME, BY_REVERSE, BY_STOP, BY_TARGET, BY_TRAIL, BY_ZERO = range(9)


class Rules(NamedTuple):
    """The constants of a run: SimParams and the kinds of orders, as numbers."""

    fee: float
    slip: float  # a fraction
    at_close: int  # 1: requests fill at the close that made them
    tick: float
    lot: float
    min_size: float
    min_notional: float
    borrow_per_day: float  # shorts pay it
    funding_per_day: float  # longs pay it, shorts receive it
    size_kind: int
    size_value: float
    stop_kind: int
    stop_value: float
    target_kind: int
    target_value: float
    trail_kind: int
    trail_value: float
    exit_after: int  # 0: never


class Bar(NamedTuple):
    """One closed bar; `time` is its opening in epoch milliseconds."""

    time: int
    open: float
    high: float
    low: float
    close: float


class Ask(NamedTuple):
    """The formula's requests at this bar's close (`spec.Requests`, with percentages left as nan)."""

    flags: int
    stop: float
    target: float
    trail: float


class Finer(NamedTuple):
    """Bars of a finer timeframe, and which of them lie inside the present bar: start..stop-1."""

    prices: np.ndarray  # float64[3, m]: open, high, low
    start: int
    stop: int


class Position(NamedTuple):
    """What is held. `units` is negative for a short and 0 when flat; the rest is then without meaning."""

    units: float
    entry_price: float
    entry_fee: float
    carry: float  # borrow and funding paid so far, negative when received
    held: int  # closes seen, that of the entry's bar included
    best: float  # with a trail: highest high (lowest low) of the bars before this one, entry price included
    stop: float  # the level of a percent or `by` stop, else nan
    target: float
    trail: float  # the distance of a `by` trail, else nan


class Pending(NamedTuple):
    """What the last close left behind: its request, and its values of `by` and `at` expressions."""

    request: int
    stop: float
    target: float
    trail: float


class Counts(NamedTuple):
    """How often a rule had to decide; reported with every result."""

    ambiguous_bars: int
    conflicting_bars: int
    dropped_requests: int
    cut_sizes: int


class Account(NamedTuple):
    """All that the fill step remembers from bar to bar."""

    cash: float
    fees: float
    time: int  # opening of the last bar seen
    close: float  # its close
    ended: int  # 1 once equity has fallen to 0
    position: Position
    pending: Pending
    counts: Counts


class Fill(NamedTuple):
    """One fill. `side` is 1 for bought, -1 for sold; `pnl` is that of the position it closed, net of both fees."""

    reason: int
    side: int
    units: float
    price: float
    fee: float
    pnl: float
    carry: float  # borrow and funding paid over the position's life
