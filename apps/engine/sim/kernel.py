"""The fill step: `fill(account, bar, ask, rules, finer, is_last) -> (account, fills)`.

This module is the only place where a fill is computed. A backtest loops over it in compiled code
(`apps.engine.sim.loop`); a paper or live bot calls it once per closed bar (`apps.engine.sim.state`). Every rule is a
line of docs/fills.md.

No function here or in the loop makes an array, so none counts references to those it is given (`UNCOUNTED`): the
caller holds them. Counting took as long as all the rest of a fill.

No fastmath: nan must stay nan and the order of floating-point operations is part of the contract.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from apps.engine.sim.account import (
    AT,
    BY,
    BY_EXIT,
    BY_REVERSE,
    BY_STOP,
    BY_TARGET,
    BY_TIME,
    BY_TRAIL,
    BY_ZERO,
    DAY_MS,
    ENTERED,
    GO_LONG,
    GO_SHORT,
    LEAVE,
    LEAVE_TIMED,
    NO_FILL,
    NONE,
    NOTHING,
    PERCENT,
    SIZE_PERCENT,
    SIZE_QUOTE,
    SIZE_UNITS,
    Account,
    Bar,
    Counts,
    Fill,
    Pending,
    Position,
)  # fmt: skip
from apps.engine.sim.spec import EXIT, EXIT_LONG, EXIT_SHORT, LONG, SHORT
from apps.engine.uncounted import UNCOUNTED

# A price this share of a tick (a size this share of a lot) away from the grid is on it: 100.1 / 0.1 is not 1001.
ON_GRID = 1e-9


@njit(cache=True, forceinline=True, **UNCOUNTED)
def no_fill():
    return Fill(NO_FILL, 0, 0.0, 0.0, 0.0, 0.0, 0.0)


@njit(cache=True, forceinline=True, **UNCOUNTED)
def flat():
    return Position(0.0, math.nan, 0.0, 0.0, 0, math.nan, math.nan, math.nan, math.nan)


@njit(cache=True, forceinline=True, **UNCOUNTED)
def value_at(series, i):
    """The i-th value of a series, nan where the formula has none."""
    return series[i] if series.size else math.nan


@njit(cache=True, forceinline=True, **UNCOUNTED)
def marked(cash, units, close):
    """Equity: cash + position x close (rule 11)."""
    return cash + units * close


@njit(cache=True, forceinline=True, **UNCOUNTED)
def carry_rate(units, rules):
    """What a position pays per day, as a fraction of its value; negative where it receives (rule 10)."""
    if units > 0.0:
        return rules.funding_per_day
    if units < 0.0:
        return rules.borrow_per_day - rules.funding_per_day
    return 0.0


@njit(cache=True, forceinline=True, **UNCOUNTED)
def carry_cost(units, close, rate, since, until):
    """The cost of holding `units` from one bar's opening to the next one's, valued at the close between."""
    return abs(units) * close * rate * ((until - since) / DAY_MS)


@njit(cache=True, forceinline=True, **UNCOUNTED)
def moved(price, side, rules):
    """The price of a market or stop fill: slippage, then the tick, each against the trader (rule 8)."""
    return on_tick(price * (1.0 + side * rules.slip), side, rules.tick)


@njit(cache=True, forceinline=True, **UNCOUNTED)
def on_tick(price, side, tick):
    """`price` on the instrument's grid: up for a buy, down for a sale."""
    if tick == 0.0:
        return price
    steps = price / tick
    if abs(steps - np.rint(steps)) <= ON_GRID * max(1.0, abs(steps)):
        return price
    return (math.ceil(steps) if side > 0 else math.floor(steps)) * tick


@njit(cache=True, forceinline=True, **UNCOUNTED)
def on_lot(size, lot):
    """`size` cut down to whole lots."""
    if lot == 0.0:
        return size
    steps = size / lot
    if abs(steps - np.rint(steps)) <= ON_GRID * max(1.0, abs(steps)):
        return size
    return math.floor(steps) * lot


@njit(cache=True, forceinline=True, **UNCOUNTED)
def level_from(price, side, kind, value, distance):
    """The fixed level of a protective order `side` (1 above, -1 below) the price; nan where it has none."""
    if kind == PERCENT:
        return price * (1.0 + side * value)
    if kind == BY:
        return price + side * distance
    return math.nan


@njit(cache=True, forceinline=True, **UNCOUNTED)
def sized(equity, price, stop_distance, rules):
    """Units to open at `price` with `equity` (rule 9), and whether they were cut to what can be paid.

    0 units: nothing can be bought, the size is undefined, or it is below the instrument's minimum.
    """
    if not (price > 0.0 and equity > 0.0):
        return 0.0, False
    cost = price * (1.0 + rules.fee)  # of one unit, entry fee included
    most = equity / cost
    if rules.size_kind == SIZE_PERCENT:
        wanted = rules.size_value * equity / cost
    elif rules.size_kind == SIZE_QUOTE:
        wanted = rules.size_value / cost
    elif rules.size_kind == SIZE_UNITS:
        wanted = rules.size_value
    elif stop_distance > 0.0:
        wanted = rules.size_value * equity / stop_distance
    else:  # a risk without a stop below the price is not a size
        return 0.0, False
    cut = wanted > most
    units = on_lot(most if cut else wanted, rules.lot)
    if not (units > 0.0) or units < rules.min_size or units * price < rules.min_notional:
        return 0.0, False
    return units, cut


@njit(cache=True, forceinline=True, **UNCOUNTED)
def closed(account, price, reason, rules):
    """Close the open position at `price`, which is final."""
    position = account.position
    side = 1 if position.units > 0.0 else -1
    size = abs(position.units)
    notional = size * price
    fee = notional * rules.fee
    pnl = side * (price - position.entry_price) * size - position.entry_fee - fee - position.carry
    after = Account(
        account.cash + side * notional - fee,
        account.fees + fee,
        account.time,
        account.close,
        account.ended,
        flat(),
        account.pending,
        account.counts,
    )
    return after, Fill(reason, -side, size, price, fee, pnl, position.carry)


@njit(cache=True, forceinline=True, **UNCOUNTED)
def opened(account, side, market_price, rules):
    """Open a position at the market, sized by the equity of an account that is flat; dropped where size is 0."""
    pending = account.pending
    counts = account.counts
    price = moved(market_price, side, rules)
    stop = level_from(price, -side, rules.stop_kind, rules.stop_value, pending.stop)
    target = level_from(price, side, rules.target_kind, rules.target_value, pending.target)
    stop_price = pending.stop if rules.stop_kind == AT else stop
    size, cut = sized(account.cash, price, side * (price - stop_price), rules)
    if size == 0.0:
        dropped = Counts(
            counts.ambiguous_bars, counts.conflicting_bars, counts.dropped_requests + 1, counts.cut_sizes
        )
        after = Account(
            account.cash,
            account.fees,
            account.time,
            account.close,
            account.ended,
            account.position,
            pending,
            dropped,
        )
        return after, no_fill()
    notional = size * price
    fee = notional * rules.fee
    position = Position(side * size, price, fee, 0.0, rules.at_close, price, stop, target, pending.trail)
    counts = Counts(
        counts.ambiguous_bars,
        counts.conflicting_bars,
        counts.dropped_requests,
        counts.cut_sizes + (1 if cut else 0),
    )
    after = Account(
        account.cash - side * notional - fee,
        account.fees + fee,
        account.time,
        account.close,
        account.ended,
        position,
        pending,
        counts,
    )
    return after, Fill(ENTERED, side, size, price, fee, 0.0, 0.0)


@njit(cache=True, forceinline=True, **UNCOUNTED)
def at_market(account, price, rules):
    """Carry out the pending request at `price`: (account, fill that closes, fill that opens)."""
    request = account.pending.request
    leave = no_fill()
    enter = no_fill()
    units = account.position.units
    if units != 0.0:
        if request == LEAVE:
            reason = BY_EXIT
        elif request == LEAVE_TIMED:
            reason = BY_TIME
        else:
            reason = BY_REVERSE
        account, leave = closed(account, moved(price, -1 if units > 0.0 else 1, rules), reason, rules)
    if request == GO_LONG:
        account, enter = opened(account, 1, price, rules)
    elif request == GO_SHORT:
        account, enter = opened(account, -1, price, rules)
    return account, leave, enter


@njit(cache=True, forceinline=True, **UNCOUNTED)
def levels(position, pending, rules):
    """Where the open position's protective orders stand on this bar: (stop, its reason, target), nan for none."""
    side = 1 if position.units > 0.0 else -1
    stop = pending.stop if rules.stop_kind == AT else position.stop
    reason = BY_STOP
    if rules.trail_kind != NONE:
        if rules.trail_kind == PERCENT:
            trail = position.best * (1.0 - side * rules.trail_value)
        else:
            trail = position.best - side * position.trail
        if math.isnan(stop) or side * (trail - stop) > 0.0:  # the nearer counts
            stop = trail
            reason = BY_TRAIL
    target = pending.target if rules.target_kind == AT else position.target
    return stop, reason, target


# In the tests below, side * (a - b) compares exactly: a difference of two floats has the right sign. With nan,
# which stands for no such order, each of them is false.
@njit(cache=True, forceinline=True, **UNCOUNTED)
def reached(price, level, side):
    """Whether `price` is at the level of an order that stands above (side 1) or below (-1), or past it."""
    return side * (price - level) >= 0.0


@njit(cache=True, forceinline=True, **UNCOUNTED)
def touched(bar, side, stop, target):
    """What of a position's two levels the bar touches: (stop at the open, target at the open, stop, target)."""
    against = bar.low if side > 0 else bar.high
    towards = bar.high if side > 0 else bar.low
    return (
        reached(bar.open, stop, -side),
        reached(bar.open, target, side),
        reached(against, stop, -side),
        reached(towards, target, side),
    )


@njit(cache=True, forceinline=True, **UNCOUNTED)
def stop_comes_first(side, stop, target, finer):
    """Which of two levels inside one bar its finer bars reach first: (stop first, still ambiguous)."""
    for j in range(finer.start, finer.stop):
        part = Bar(0, finer.prices[0, j], finer.prices[1, j], finer.prices[2, j], math.nan)
        stop_at_open, target_at_open, stop_hit, target_hit = touched(part, side, stop, target)
        if stop_at_open or target_at_open:
            return stop_at_open, False
        if stop_hit or target_hit:
            return stop_hit, stop_hit and target_hit
    return True, True


@njit(cache=True, forceinline=True, **UNCOUNTED)
def protected(account, bar, rules, finer):
    """Test the open position's protective orders against this bar (rules 3 to 5): (account, fill)."""
    position = account.position
    side = 1 if position.units > 0.0 else -1
    stop, stop_reason, target = levels(position, account.pending, rules)
    stop_at_open, target_at_open, stop_hit, target_hit = touched(bar, side, stop, target)
    ambiguous = False
    if stop_at_open:
        price, reason = moved(bar.open, -side, rules), stop_reason
        ambiguous = target_at_open
    elif target_at_open:
        price, reason = on_tick(bar.open, -side, rules.tick), BY_TARGET
    elif stop_hit or target_hit:
        take_stop = stop_hit
        if stop_hit and target_hit:
            take_stop, ambiguous = stop_comes_first(side, stop, target, finer)
        if take_stop:
            price, reason = moved(stop, -side, rules), stop_reason
        else:
            price, reason = on_tick(target, -side, rules.tick), BY_TARGET
    else:
        return account, no_fill()
    if ambiguous:
        counts = account.counts
        account = Account(
            account.cash,
            account.fees,
            account.time,
            account.close,
            account.ended,
            position,
            account.pending,
            Counts(
                counts.ambiguous_bars + 1, counts.conflicting_bars, counts.dropped_requests, counts.cut_sizes
            ),
        )
    return closed(account, price, reason, rules)


@njit(cache=True, forceinline=True, **UNCOUNTED)
def best_after(best, units, high, low, rules):
    """The trail's best price after a bar (rule 5); without a trail nobody asks for it."""
    if rules.trail_kind == NONE:
        return best
    return max(best, high) if units > 0.0 else min(best, low)


@njit(cache=True, forceinline=True, **UNCOUNTED)
def aged(position, bar, rules):
    """An open position after a bar held to its close."""
    return Position(
        position.units,
        position.entry_price,
        position.entry_fee,
        position.carry,
        position.held + 1,
        best_after(position.best, position.units, bar.high, bar.low, rules),
        position.stop,
        position.target,
        position.trail,
    )


@njit(cache=True, forceinline=True, **UNCOUNTED)
def decided(ask, position, rules):
    """Which request this close makes of what the formula asks (rule 6): (request, conflicting, dropped)."""
    wants_long = (ask.flags & LONG) != 0
    wants_short = (ask.flags & SHORT) != 0
    leaves_long = (ask.flags & (EXIT_LONG | EXIT)) != 0
    leaves_short = (ask.flags & (EXIT_SHORT | EXIT)) != 0
    conflicting = wants_long and wants_short
    timed = position.units != 0.0 and rules.exit_after > 0 and position.held >= rules.exit_after
    wants_long = wants_long and not (conflicting or leaves_long or timed or position.units > 0.0)
    wants_short = wants_short and not (conflicting or leaves_short or timed or position.units < 0.0)
    dropped = (wants_long or wants_short) and (
        (rules.stop_kind == BY and not ask.stop > 0.0)
        or (rules.target_kind == BY and not ask.target > 0.0)
        or (rules.trail_kind == BY and not ask.trail > 0.0)
    )
    request = NOTHING
    if wants_long and not dropped:
        request = GO_LONG
    elif wants_short and not dropped:
        request = GO_SHORT
    elif (position.units > 0.0 and leaves_long) or (position.units < 0.0 and leaves_short):
        request = LEAVE
    elif timed:
        request = LEAVE_TIMED
    return request, conflicting, dropped


@njit(cache=True, forceinline=True, **UNCOUNTED)
def fill(account, bar, ask, rules, finer, is_last):
    """One bar of an account's life: (account, (fill, fill, fill, fill)), the fills in the order of time.

    `is_last` tells that no bar follows: a request made at its close is never filled, not even at that close.

    A fill that did not happen has the reason NO_FILL. An account that has ended stays as it is.
    """
    first, second, third, fourth = no_fill(), no_fill(), no_fill(), no_fill()
    if account.ended != 0:
        return account, (first, second, third, fourth)

    cash = account.cash
    position = account.position
    rate = carry_rate(position.units, rules)
    if rate != 0.0:
        cost = carry_cost(position.units, account.close, rate, account.time, bar.time)
        cash -= cost
        position = Position(
            position.units,
            position.entry_price,
            position.entry_fee,
            position.carry + cost,
            position.held,
            position.best,
            position.stop,
            position.target,
            position.trail,
        )
    account = Account(cash, account.fees, bar.time, bar.close, 0, position, account.pending, account.counts)

    if rules.at_close == 0 and account.pending.request != NOTHING:
        account, first, second = at_market(account, bar.open, rules)
    if account.position.units != 0.0 and (
        rules.stop_kind != NONE or rules.target_kind != NONE or rules.trail_kind != NONE
    ):
        account, third = protected(account, bar, rules, finer)

    position = account.position
    if position.units != 0.0:
        position = aged(position, bar, rules)
    request, conflicting, dropped = decided(ask, position, rules)
    counts = account.counts
    account = Account(
        account.cash,
        account.fees,
        account.time,
        account.close,
        0,
        position,
        Pending(request, ask.stop, ask.target, ask.trail),
        Counts(
            counts.ambiguous_bars,
            counts.conflicting_bars + (1 if conflicting else 0),
            counts.dropped_requests + (1 if dropped else 0),
            counts.cut_sizes,
        ),
    )
    if rules.at_close != 0:
        first = third
        third = no_fill()
        if request != NOTHING and not is_last:
            account, second, third = at_market(account, bar.close, rules)

    if marked(account.cash, account.position.units, bar.close) <= 0.0:
        units = account.position.units
        if units != 0.0:
            account, fourth = closed(
                account, moved(bar.close, -1 if units > 0.0 else 1, rules), BY_ZERO, rules
            )
        account = Account(
            account.cash,
            account.fees,
            account.time,
            account.close,
            1,
            account.position,
            Pending(NOTHING, math.nan, math.nan, math.nan),
            account.counts,
        )
    return account, (first, second, third, fourth)
