"""Several legs on one account: their bars in the order of time, each filled by the fill step's own functions.

Every price, level, size and fee of a leg comes from `apps.engine.sim.kernel`; this module only says in which order
the legs come and what of the shared cash each may use (docs/portfolios.md). A leg is lent the account's cash for the
length of one call. No fastmath, for the reasons given there.
"""

import math
from typing import get_type_hints

import numpy as np
from numba import njit

from apps.engine.sim.account import (
    BY_EXIT,
    BY_REVERSE,
    BY_TIME,
    BY_ZERO,
    GO_LONG,
    GO_SHORT,
    LEAVE,
    LEAVE_TIMED,
    NO_FILL,
    NONE,
    NOTHING,
    SIZE_PERCENT,
    Account,
    Ask,
    Bar,
    Counts,
    Finer,
    Pending,
    Position,
    Rules,
)
from apps.engine.sim.kernel import (
    ON_GRID,
    aged,
    carry_cost,
    carry_rate,
    closed,
    decided,
    levels,
    moved,
    on_lot,
    opened,
    protected,
    touched,
)

NEVER = np.iinfo(np.int64).max  # the time of what does not come
LEAVE_AT_ZERO = 5  # a request beside kernel.NOTHING ... LEAVE_TIMED: the account is at zero
BY_REBALANCE = 9  # a reason beside kernel.NO_FILL ... BY_ZERO
ROWS_A_MOMENT = 4  # trades of one leg at one moment, at most

_WHOLE, _REAL = np.int64, np.float64


def _columns(kind: type) -> list[tuple[str, type]]:
    """The fields of one of the kernel's named tuples, as columns of a table."""
    return [(name, _WHOLE if note is int else _REAL) for name, note in get_type_hints(kind).items()]


RULES = np.dtype(_columns(Rules))
LEG = np.dtype(
    [
        ("offset", _WHOLE),  # its first bar's place in the joined columns
        ("count", _WHOLE),  # its bars
        ("timeframe", _WHOLE),  # length of a bar, ms
        ("weight", _REAL),
        ("stop_at", _WHOLE),  # place of its series of stops in `series`, -1 for none; likewise the next two
        ("target_at", _WHOLE),
        ("trail_at", _WHOLE),
        ("finer_at", _WHOLE),  # place of its bars in `finer_inside`, -1 for none
        ("bar", _WHOLE),  # the bar that opened last, -1 before the first
        ("opens", _WHOLE),  # when the next bar opens, and the present one closes; NEVER for none
        ("closes", _WHOLE),
        ("time", _WHOLE),  # opening of the bar before, for borrow and funding
        ("close", _REAL),  # last close
        ("first_close", _REAL),
        ("mark", _REAL),  # last price seen: an open or a close
        ("fees", _REAL),
        ("flow", _REAL),  # all that the leg brought into the account's cash, less what it took out
        ("held_points", _WHOLE),
        ("share_sum", _REAL),
        ("entry_bar", _WHOLE),
        *_columns(Position),
        *((f"pending_{name}", kind) for name, kind in _columns(Pending)),
        *_columns(Counts),
        ("rebalances", _WHOLE),
        ("cut_rebalances", _WHOLE),
    ]
)
BOOK = np.dtype(
    [
        ("cash", _REAL),
        ("ended", _WHOLE),
        ("due", _WHOLE),  # 1: positions are to be brought back to their weights
        ("period", _WHOLE),  # the next of `period_starts`
        ("points", _WHOLE),  # of the equity curve, written so far
        ("samples", _WHOLE),  # of the legs' samples
        ("trades", _WHOLE),
        ("trades_seen", _WHOLE),  # at the last point of the curve
        ("changes", _WHOLE),  # rebalancing fills
        ("moments", _WHOLE),  # events passed
    ]
)

# Columns of the trades' buffers, int64[5, m] and float64[7, m], and of the rebalancing fills', [2, m] and [3, m].
TRADE_LEG, TRADE_SIDE, TRADE_REASON, TRADE_ENTRY, TRADE_EXIT = 0, 1, 2, 3, 4
SIZE, ENTRY_PRICE, EXIT_PRICE, ENTRY_FEE, EXIT_FEE, CARRY, PNL = 0, 1, 2, 3, 4, 5, 6
CHANGE_LEG, CHANGE_BAR = 0, 1
CHANGE_UNITS, CHANGE_PRICE, CHANGE_FEE = 0, 1, 2


@njit(cache=True)
def closings(offset, count, timeframe, time, closing, opening):
    """The distinct closes of all legs' bars, in order, into `closing`, and the opening of the latest bar of the
    shortest timeframe that closes there (where none does, that long before) into `opening`; returns how many.

    A bar closes its timeframe after its opening, or where the leg's next bar opens, whichever is first.
    """
    legs = len(offset)
    shortest = timeframe[0]
    for k in range(legs):
        shortest = min(shortest, timeframe[k])
    bar = np.zeros(legs, np.int64)
    nexts = np.empty(legs, np.int64)
    for k in range(legs):
        nexts[k] = closing_of(offset[k], count[k], timeframe[k], time, 0)
    points = 0
    while True:
        now = NEVER
        for k in range(legs):
            now = min(now, nexts[k])
        if now == NEVER:
            return points
        latest = np.int64(-NEVER)
        for k in range(legs):
            if nexts[k] == now:
                if timeframe[k] == shortest:
                    latest = max(latest, time[offset[k] + bar[k]])
                bar[k] += 1
                nexts[k] = closing_of(offset[k], count[k], timeframe[k], time, bar[k])
        closing[points] = now
        opening[points] = now - shortest if latest == -NEVER else latest
        points += 1


@njit(cache=True, forceinline=True)
def closing_of(offset, count, timeframe, time, bar):
    """When a leg's bar closes; NEVER where it has no such bar."""
    if bar >= count:
        return NEVER
    closes = time[offset + bar] + timeframe
    if bar + 1 < count:
        closes = min(closes, time[offset + bar + 1])
    return closes


@njit(cache=True, forceinline=True)
def rules_of(row):
    return Rules(
        row.fee,
        row.slip,
        row.at_close,
        row.tick,
        row.lot,
        row.min_size,
        row.min_notional,
        row.borrow_per_day,
        row.funding_per_day,
        row.size_kind,
        row.size_value,
        row.stop_kind,
        row.stop_value,
        row.target_kind,
        row.target_value,
        row.trail_kind,
        row.trail_value,
        row.exit_after,
    )


@njit(cache=True, forceinline=True)
def all_of_it(rules):
    """The same rules for an entry that takes everything it is given."""
    return Rules(
        rules.fee,
        rules.slip,
        rules.at_close,
        rules.tick,
        rules.lot,
        rules.min_size,
        rules.min_notional,
        rules.borrow_per_day,
        rules.funding_per_day,
        SIZE_PERCENT,
        1.0,
        rules.stop_kind,
        rules.stop_value,
        rules.target_kind,
        rules.target_value,
        rules.trail_kind,
        rules.trail_value,
        rules.exit_after,
    )


@njit(cache=True, forceinline=True)
def position_of(leg):
    return Position(
        leg.units,
        leg.entry_price,
        leg.entry_fee,
        leg.carry,
        leg.held,
        leg.best,
        leg.stop,
        leg.target,
        leg.trail,
    )


@njit(cache=True, forceinline=True)
def put_position(leg, position):
    leg.units = position.units
    leg.entry_price = position.entry_price
    leg.entry_fee = position.entry_fee
    leg.carry = position.carry
    leg.held = position.held
    leg.best = position.best
    leg.stop = position.stop
    leg.target = position.target
    leg.trail = position.trail


@njit(cache=True, forceinline=True)
def lent(leg, cash):
    """The leg as an account of the fill step that holds `cash`."""
    return Account(
        cash,
        leg.fees,
        leg.time,
        leg.close,
        0,
        position_of(leg),
        Pending(leg.pending_request, leg.pending_stop, leg.pending_target, leg.pending_trail),
        Counts(leg.ambiguous_bars, leg.conflicting_bars, leg.dropped_requests, leg.cut_sizes),
    )


@njit(cache=True, forceinline=True)
def give_back(leg, account):
    """What the fill step made of the leg; its cash is the caller's affair."""
    leg.fees = account.fees
    put_position(leg, account.position)
    counts = account.counts
    leg.ambiguous_bars = counts.ambiguous_bars
    leg.conflicting_bars = counts.conflicting_bars
    leg.dropped_requests = counts.dropped_requests
    leg.cut_sizes = counts.cut_sizes


@njit(cache=True, forceinline=True)
def write_trade(
    book, k, leg, reason, side, size, entry_price, price, entry_fee, fee, carry, pnl, whole, real
):
    row = book.trades
    whole[TRADE_LEG, row] = k
    whole[TRADE_SIDE, row] = side
    whole[TRADE_REASON, row] = reason
    whole[TRADE_ENTRY, row] = leg.entry_bar
    whole[TRADE_EXIT, row] = leg.bar
    real[SIZE, row] = size
    real[ENTRY_PRICE, row] = entry_price
    real[EXIT_PRICE, row] = price
    real[ENTRY_FEE, row] = entry_fee
    real[EXIT_FEE, row] = fee
    real[CARRY, row] = carry
    real[PNL, row] = pnl
    book.trades = row + 1


@njit(cache=True, forceinline=True)
def settle(book, k, leg, before, account, done, whole, real):
    """Book a fill that closed the position `before`."""
    book.cash = account.cash
    leg.flow -= done.side * (done.units * done.price) + done.fee
    give_back(leg, account)
    write_trade(
        book, k, leg, done.reason, -done.side, done.units, before.entry_price, done.price, before.entry_fee,
        done.fee, done.carry, done.pnl, whole, real,
    )  # fmt: skip


@njit(cache=True)
def leave(book, k, leg, rules, price, reason, whole, real):
    """Close the leg's position at the market."""
    before = position_of(leg)
    side = -1 if before.units > 0.0 else 1
    account, done = closed(lent(leg, book.cash), moved(price, side, rules), reason, rules)
    settle(book, k, leg, before, account, done, whole, real)


@njit(cache=True, forceinline=True)
def equity_of(book, legs):
    """Cash, and every position at its last mark."""
    equity = book.cash
    for k in range(len(legs)):
        if legs[k].units != 0.0:
            equity += legs[k].units * legs[k].mark
    return equity


@njit(cache=True, forceinline=True)
def free_of(book, legs):
    """What may be spent: cash, less the shorts' proceeds and the collateral of the same value."""
    shorts = 0.0
    for k in range(len(legs)):
        if legs[k].units < 0.0:
            shorts -= legs[k].units * legs[k].mark
    return book.cash - 2.0 * shorts


@njit(cache=True)
def enter(book, legs, k, rules, price):
    """Open a position of the leg's share of equity, or of what may be spent where that is less."""
    leg = legs[k]
    side = 1 if leg.pending_request == GO_LONG else -1
    share = leg.weight * equity_of(book, legs)
    free = free_of(book, legs)
    account, done = opened(lent(leg, share), side, price, rules)
    if done.reason != NO_FILL and done.units > free / (done.price * (1.0 + rules.fee)):
        account, done = opened(lent(leg, free), side, price, all_of_it(rules))
        if done.reason != NO_FILL:
            leg.cut_sizes += 1
            account = with_cuts(account, leg.cut_sizes)
    give_back(leg, account)
    if done.reason == NO_FILL:
        return
    notional = done.units * done.price
    book.cash = book.cash - side * notional - done.fee
    leg.flow -= side * notional + done.fee
    leg.entry_bar = leg.bar


@njit(cache=True, forceinline=True)
def with_cuts(account, cuts):
    counts = account.counts
    return Account(
        account.cash,
        account.fees,
        account.time,
        account.close,
        account.ended,
        account.position,
        account.pending,
        Counts(counts.ambiguous_bars, counts.conflicting_bars, counts.dropped_requests, cuts),
    )


@njit(cache=True, forceinline=True)
def is_rebalanced(leg, row):
    """Whether the leg holds a position whose size is a share of equity."""
    return leg.units != 0.0 and row.size_kind == SIZE_PERCENT


@njit(cache=True, forceinline=True)
def share_of(leg, row):
    """The share of the account's equity that a position of the leg is to have."""
    return min(row.size_value, 1.0) * leg.weight


@njit(cache=True)
def is_time_to_rebalance(book, legs, rules, here, opening, last_time, period_starts):
    """Whether a rebalancing is due and every position it concerns has a price now; one whose bars are over
    keeps nobody waiting."""
    while book.period < len(period_starts) and period_starts[book.period] <= opening:
        book.period += 1
        book.due = 1
    if book.due == 0:
        return False
    for k in range(len(legs)):
        if is_rebalanced(legs[k], rules[k]) and here[k] == 0 and opening <= last_time[k]:
            return False
    return True


@njit(cache=True)
def rebalance(book, legs, rules, here, price, whole, real, changes, change_values):
    """Bring the positions back to their shares of the present equity: first what is sold off, then what is added."""
    equity = equity_of(book, legs)
    book.due = 0
    for adding in range(2):
        for k in range(len(legs)):
            leg = legs[k]
            if here[k] == 0 or not is_rebalanced(leg, rules[k]):
                continue
            rule = rules_of(rules[k])
            size = abs(leg.units)
            target = on_lot(share_of(leg, rules[k]) * equity / price[k], rule.lot)
            change = target - size
            if not target > 0.0 or abs(change) <= ON_GRID * size or (change > 0.0) != (adding == 1):
                continue
            if adding == 1:
                add_to(book, legs, k, rule, price[k], change, changes, change_values)
            else:
                take_from(book, k, leg, rule, price[k], -change, whole, real, changes, change_values)


@njit(cache=True)
def take_from(book, k, leg, rules, market_price, wanted, whole, real, changes, change_values):
    """Sell off a part of a position (buy back, of a short): a closed trade of that size."""
    side = 1 if leg.units > 0.0 else -1
    price = moved(market_price, -side, rules)
    size = on_lot(wanted, rules.lot)
    if not is_tradable(size, price, rules):
        return
    part = size / abs(leg.units)
    notional = size * price
    fee = notional * rules.fee
    entry_fee = leg.entry_fee * part
    carry = leg.carry * part
    pnl = side * (price - leg.entry_price) * size - entry_fee - fee - carry
    write_trade(
        book, k, leg, BY_REBALANCE, side, size, leg.entry_price, price, entry_fee, fee, carry, pnl, whole, real
    )  # fmt: skip
    book.cash = book.cash + side * notional - fee
    leg.flow += side * notional - fee
    leg.fees += fee
    leg.units -= side * size
    leg.entry_fee -= entry_fee
    leg.carry -= carry
    write_change(book, k, leg, -side * size, price, fee, changes, change_values)


@njit(cache=True)
def add_to(book, legs, k, rules, market_price, wanted, changes, change_values):
    """Add to a position, as far as cash reaches; its entry price becomes the average."""
    leg = legs[k]
    side = 1 if leg.units > 0.0 else -1
    price = moved(market_price, side, rules)
    most = free_of(book, legs) / (price * (1.0 + rules.fee))
    cut = wanted > most
    size = on_lot(most if cut else wanted, rules.lot)
    if cut:
        leg.cut_rebalances += 1
    if not is_tradable(size, price, rules):
        return
    notional = size * price
    fee = notional * rules.fee
    held = abs(leg.units)
    book.cash = book.cash - side * notional - fee
    leg.flow -= side * notional + fee
    leg.fees += fee
    leg.entry_price = (held * leg.entry_price + notional) / (held + size)
    leg.entry_fee += fee
    leg.units += side * size
    write_change(book, k, leg, side * size, price, fee, changes, change_values)


@njit(cache=True, forceinline=True)
def is_tradable(size, price, rules):
    return size > 0.0 and size >= rules.min_size and size * price >= rules.min_notional


@njit(cache=True, forceinline=True)
def write_change(book, k, leg, units, price, fee, changes, change_values):
    row = book.changes
    changes[CHANGE_LEG, row] = k
    changes[CHANGE_BAR, row] = leg.bar
    change_values[CHANGE_UNITS, row] = units
    change_values[CHANGE_PRICE, row] = price
    change_values[CHANGE_FEE, row] = fee
    book.changes = row + 1
    leg.rebalances += 1


@njit(cache=True)
def trade_at_market(book, legs, rules, here, price, opening, last_time, period_starts, whole, real, changes,
                    change_values):  # fmt: skip
    """Carry out the requests of the legs that have a price now: exits, then rebalancing, then entries."""
    for k in range(len(legs)):
        leg = legs[k]
        if here[k] == 0 or leg.units == 0.0 or leg.pending_request == NOTHING:
            continue
        reason = BY_REVERSE
        if leg.pending_request == LEAVE:
            reason = BY_EXIT
        elif leg.pending_request == LEAVE_TIMED:
            reason = BY_TIME
        elif leg.pending_request == LEAVE_AT_ZERO:
            reason = BY_ZERO
        leave(book, k, leg, rules_of(rules[k]), price[k], reason, whole, real)
    if book.ended == 1:
        return
    if is_time_to_rebalance(book, legs, rules, here, opening, last_time, period_starts):
        rebalance(book, legs, rules, here, price, whole, real, changes, change_values)
    for k in range(len(legs)):
        request = legs[k].pending_request
        if here[k] == 1 and request in (GO_LONG, GO_SHORT):
            enter(book, legs, k, rules_of(rules[k]), price[k])


@njit(cache=True, forceinline=True)
def open_bar(book, leg, row, time, open_):
    """The leg's next bar opens: what carrying its position has cost since the opening before is paid."""
    at = leg.offset + leg.bar + 1
    now = time[at]
    rate = carry_rate(leg.units, row)
    if rate != 0.0:
        cost = carry_cost(leg.units, leg.close, rate, leg.time, now)
        book.cash -= cost
        leg.flow -= cost
        leg.carry += cost
    leg.bar += 1
    leg.time = now
    leg.opens = time[at + 1] if leg.bar + 1 < leg.count else NEVER
    leg.closes = min(now + leg.timeframe, leg.opens)
    leg.mark = open_[at]


@njit(cache=True, forceinline=True)
def is_touched(leg, bar, rules):
    """Whether the bar reaches a protective order: seldom, and only then is the fill step's work needed."""
    if rules.stop_kind == NONE and rules.target_kind == NONE and rules.trail_kind == NONE:
        return False
    pending = Pending(leg.pending_request, leg.pending_stop, leg.pending_target, leg.pending_trail)
    stop, _, target = levels(position_of(leg), pending, rules)
    stop_at_open, target_at_open, stop_hit, target_hit = touched(
        bar, 1 if leg.units > 0.0 else -1, stop, target
    )
    return stop_at_open or target_at_open or stop_hit or target_hit


@njit(cache=True, forceinline=True)
def close_bar(
    book, k, leg, rules, time, open_, high, low, close, flags, series, finer_prices, finer_inside, whole, real
):
    """The leg's bar is over: its protective orders, then what its formula asks at the close."""
    i = leg.bar
    at = leg.offset + i
    bar = Bar(time[at], open_[at], high[at], low[at], close[at])
    ask = Ask(
        np.int64(flags[at]),  # type: ignore[arg-type]
        series[leg.stop_at + i] if leg.stop_at >= 0 else math.nan,
        series[leg.target_at + i] if leg.target_at >= 0 else math.nan,
        series[leg.trail_at + i] if leg.trail_at >= 0 else math.nan,
    )
    if leg.units != 0.0 and is_touched(leg, bar, rules):
        first = finer_inside[0, leg.finer_at + i] if leg.finer_at >= 0 else 0
        beyond = finer_inside[1, leg.finer_at + i] if leg.finer_at >= 0 else 0
        before = position_of(leg)
        account, done = protected(lent(leg, book.cash), bar, rules, Finer(finer_prices, first, beyond))
        if done.reason != NO_FILL:
            settle(book, k, leg, before, account, done, whole, real)
    leg.closes = NEVER
    leg.close = bar.close
    leg.mark = bar.close
    if i == 0:
        leg.first_close = bar.close
    position = position_of(leg)
    if position.units != 0.0:
        position = aged(position, bar, rules)
        leg.held = position.held
        leg.best = position.best
    if book.ended == 1:
        return
    request, conflicting, dropped = decided(ask, position, rules)
    leg.pending_request = request
    leg.pending_stop = ask.stop
    leg.pending_target = ask.target
    leg.pending_trail = ask.trail
    if conflicting:
        leg.conflicting_bars += 1
    if dropped:
        leg.dropped_requests += 1


@njit(cache=True)
def end(book, legs, rules, here, price, whole, real):
    """Equity has fallen to 0: what has a price now is closed, the rest waits for its next one."""
    book.ended = 1
    for k in range(len(legs)):
        leg = legs[k]
        leg.pending_request = NOTHING
        if leg.units == 0.0:
            continue
        if here[k] == 1:
            leave(book, k, leg, rules_of(rules[k]), price[k], BY_ZERO, whole, real)
        else:
            leg.pending_request = LEAVE_AT_ZERO


@njit(cache=True, forceinline=True)
def is_over(book, legs):
    """Whether an account at zero has nothing left that could still be closed, and its curve shows that."""
    if book.ended == 0 or book.trades != book.trades_seen:
        return False
    for k in range(len(legs)):
        leg = legs[k]
        if leg.units != 0.0 and (leg.opens != NEVER or leg.closes != NEVER):
            return False
    return True


@njit(cache=True, forceinline=True)
def write_point(book, legs, rules, drift, equity, gross, hold, is_sample, contributions, shares):
    """One point of the curves, and whether a position has drifted from its share by more than `drift`."""
    point = book.points
    value = equity_of(book, legs)
    total = 0.0
    market = 0.0
    rest = 1.0
    for k in range(len(legs)):
        leg = legs[k]
        market += leg.weight * (leg.mark / leg.first_close if leg.first_close > 0.0 else 1.0)
        rest -= leg.weight
        if leg.units != 0.0:
            exposed = abs(leg.units) * leg.mark
            total += exposed
            leg.held_points += 1
            if value > 0.0:
                leg.share_sum += exposed / value
                if is_rebalanced(leg, rules[k]) and abs(exposed / value - share_of(leg, rules[k])) > drift:
                    book.due = 1
    equity[point] = value
    gross[point] = total
    hold[point] = market + rest
    if is_sample[point]:
        for k in range(len(legs)):
            leg = legs[k]
            exposed = leg.units * leg.mark if leg.units != 0.0 else 0.0
            contributions[book.samples, k] = leg.flow + exposed
            shares[book.samples, k] = exposed / value if value > 0.0 else math.nan
        book.samples += 1
    book.points = point + 1
    book.trades_seen = book.trades


@njit(cache=True)
def simulate(books, legs, rules, time, open_, high, low, close, flags, series, finer_prices, finer_inside, last_time,
             period_starts, drift, equity, gross, hold, is_sample, contributions, shares, whole, real, changes,
             change_values, here, price, moments):  # fmt: skip
    """Go through the next `moments` moments, or fewer where a buffer could overflow; returns whether all is done.

    A moment is a time at which bars close or open. What closes comes before what opens.
    """
    book = books[0]
    n = len(legs)
    stop = book.moments + moments
    while book.moments < stop:
        if (
            book.trades + ROWS_A_MOMENT * n > whole.shape[1]
            or book.changes + ROWS_A_MOMENT * n > changes.shape[1]
        ):
            return False
        now = NEVER
        closing = False
        for k in range(n):
            now = min(now, legs[k].opens, legs[k].closes)
        if now == NEVER or is_over(book, legs):
            return True
        at_close = rules[0].at_close
        opening = np.int64(-NEVER)
        for k in range(n):
            leg = legs[k]
            here[k] = 0
            if leg.closes == now:
                close_bar(
                    book, k, leg, rules_of(rules[k]), time, open_, high, low, close, flags, series, finer_prices,
                    finer_inside, whole, real,
                )  # fmt: skip
                # a request on a leg's last bar is never filled, not even at that close
                here[k] = 1
                price[k] = leg.mark
                opening = max(opening, leg.time)
                closing = True
        if closing:
            if at_close == 1:
                for k in range(n):
                    if here[k] == 1 and legs[k].opens == NEVER and book.ended == 0:
                        legs[k].pending_request = NOTHING
            if at_close == 1 or book.ended == 1:
                trade_at_market(
                    book, legs, rules, here, price, opening, last_time, period_starts, whole, real, changes,
                    change_values,
                )  # fmt: skip
            if book.ended == 0 and equity_of(book, legs) <= 0.0:
                end(book, legs, rules, here, price, whole, real)
            write_point(book, legs, rules, drift, equity, gross, hold, is_sample, contributions, shares)
        if is_over(book, legs):
            return True
        opens = False
        for k in range(n):
            leg = legs[k]
            here[k] = 0
            if leg.opens == now:
                open_bar(book, leg, rules[k], time, open_)
                here[k] = 1
                price[k] = leg.mark
                opens = True
        if opens and (at_close == 0 or book.ended == 1):
            trade_at_market(
                book, legs, rules, here, price, now, last_time, period_starts, whole, real, changes, change_values
            )  # fmt: skip
        book.moments += 1
    return False
