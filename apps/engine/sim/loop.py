"""The loop over the fill step: from one bar on which something happens to the next.

On most bars `fill` would only let time pass: nobody asks anything that counts, no order is touched. Such quiet
stretches are crossed in tight loops that write equity alone; every other bar is given to `fill`. What is left
behind is bit for bit what `fill` leaves, called bar by bar (tests/engine/sim/test_against_reference.py).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numba.cpython.unsafe.numbers import trailing_zeros

from apps.engine.sim.account import (
    AT,
    ENTERED,
    NO_FILL,
    NONE,
    NOTHING,
    Account,
    Ask,
    Bar,
    Counts,
    Finer,
    Pending,
    Position,
    Rules,
)  # fmt: skip
from apps.engine.sim.kernel import best_after, carry_cost, carry_rate, decided, fill, levels, marked, value_at
from apps.engine.sim.spec import EXIT, EXIT_LONG, EXIT_SHORT, LONG, SHORT
from apps.engine.uncounted import UNCOUNTED

# Where `simulate` writes its trades: rows of an int64[4, m] and a float64[7, m] buffer, one column per entry.
SIDE, REASON, ENTRY_INDEX, EXIT_INDEX = 0, 1, 2, 3
SIZE, ENTRY_PRICE, EXIT_PRICE, ENTRY_FEE, EXIT_FEE, CARRY, PNL = 0, 1, 2, 3, 4, 5, 6
MOST_FILLS = 4  # on one bar

BLOCK = 8  # bars that are looked at together


@njit(cache=True, forceinline=True, **UNCOUNTED)
def record(done, i, whole, real, row):
    """Write one fill into the trade columns; returns the column of the trade that is or will be open."""
    if done.reason == NO_FILL:
        return row
    if done.reason == ENTERED:
        whole[SIDE, row] = done.side
        whole[ENTRY_INDEX, row] = i
        real[SIZE, row] = done.units
        real[ENTRY_PRICE, row] = done.price
        real[ENTRY_FEE, row] = done.fee
        return row
    whole[REASON, row] = done.reason
    whole[EXIT_INDEX, row] = i
    real[EXIT_PRICE, row] = done.price
    real[EXIT_FEE, row] = done.fee
    real[CARRY, row] = done.carry
    real[PNL, row] = done.pnl
    return row + 1


@njit(cache=True, forceinline=True, **UNCOUNTED)
def asked_at(i, flags, stops, targets, trails):
    """What the formula asks at the close of bar i."""
    flag = np.int64(flags[i])  # as in a single step, where it comes from Python
    return Ask(flag, value_at(stops, i), value_at(targets, i), value_at(trails, i))  # type: ignore[arg-type]


@njit(cache=True, forceinline=True, **UNCOUNTED)
def heeded(units):
    """The flags that can make a close do something, given what is held (rule 6)."""
    if units > 0.0:
        return SHORT | EXIT_LONG | EXIT
    if units < 0.0:
        return LONG | EXIT_SHORT | EXIT
    return LONG | SHORT


@njit(cache=True, forceinline=True, **UNCOUNTED)
def word_of(flags, i):
    """The flags of bars i..i+7 as one number, that of bar i lowest; the compiler makes one load of it."""
    eight = flags[i : i + BLOCK]
    word = np.uint64(0)
    for k in range(BLOCK):
        word |= np.uint64(eight[k]) << np.uint64(8 * k)
    return word


@njit(cache=True, forceinline=True, **UNCOUNTED)
def masks(mask):
    """`mask` for each of the eight bars of a word."""
    return np.uint64(mask) * np.uint64(0x0101010101010101)


@njit(cache=True, forceinline=True, **UNCOUNTED)
def first_in(word):
    """Which of the eight bars of a word that is not 0 has a flag first."""
    return trailing_zeros(word) >> 3  # type: ignore[call-arg]


# The three loops below take eight bars at a time: they mark all of them, and only then look whether one of them ends
# the stretch. What is marked beyond its end is marked again later. So a stretch costs one wrong guess of the
# processor, not one per question. (Slices of known length have no negative indexes, which lets the compiler make
# vectors.) `asking` is 1 when the bar whose close asks something still belongs to the stretch.
@njit(cache=True, forceinline=True, **UNCOUNTED)
def flat_until(cash, mask, asking, i, stop, flags, equity):
    """Mark bars from i on, holding nothing; returns the end of the quiet stretch, at most `stop`."""
    wide = masks(mask)
    while i + BLOCK <= stop:
        values = equity[i : i + BLOCK]
        for k in range(BLOCK):
            values[k] = cash
        word = word_of(flags, i) & wide
        if word != 0:
            return i + first_in(word) + asking
        i += BLOCK
    while i < stop:
        if flags[i] & mask:
            equity[i] = cash
            return i + asking
        equity[i] = cash
        i += 1
    return i


@njit(cache=True, forceinline=True, **UNCOUNTED)
def held_until(cash, units, mask, asking, i, stop, close, flags, equity):
    """Likewise while a position is held that no order protects; an equity of 0 or less ends the stretch before it."""
    wide = masks(mask)
    while i + BLOCK <= stop:
        values, prices = equity[i : i + BLOCK], close[i : i + BLOCK]
        spent = 0
        for k in range(BLOCK):
            value = marked(cash, units, prices[k])
            values[k] = value
            spent |= value <= 0.0
        word = word_of(flags, i) & wide
        if spent:
            break
        if word != 0:
            return i + first_in(word) + asking
        i += BLOCK
    while i < stop:
        value = marked(cash, units, close[i])
        if value <= 0.0:
            return i
        equity[i] = value
        if flags[i] & mask:
            return i + asking
        i += 1
    return i


@njit(cache=True, forceinline=True, **UNCOUNTED)
def protected_until(cash, units, lower, upper, mask, asking, i, stop, open_, high, low, close, flags, equity):
    """Likewise between two fixed levels; a bar that touches one ends the stretch before it. nan is never touched."""
    wide = masks(mask)
    while i + BLOCK <= stop:
        values, prices = equity[i : i + BLOCK], close[i : i + BLOCK]
        opens, highs, lows = open_[i : i + BLOCK], high[i : i + BLOCK], low[i : i + BLOCK]
        hit = 0
        for k in range(BLOCK):
            value = marked(cash, units, prices[k])
            values[k] = value
            hit |= (
                (value <= 0.0) | (lows[k] <= lower) | (highs[k] >= upper)
                | (opens[k] <= lower) | (opens[k] >= upper)
            )  # fmt: skip
        word = word_of(flags, i) & wide
        if hit:
            break
        if word != 0:
            return i + first_in(word) + asking
        i += BLOCK
    while i < stop:
        value = marked(cash, units, close[i])
        if value <= 0.0 or low[i] <= lower or high[i] >= upper or open_[i] <= lower or open_[i] >= upper:
            return i
        equity[i] = value
        if flags[i] & mask:
            return i + asking
        i += 1
    return i


@njit(cache=True, forceinline=True, **UNCOUNTED)
def followed_until(
    account, rate, mask, asking, i, stop, time, open_, high, low, close, flags, stops, targets, rules, equity
):
    """Likewise for levels that move and for what pays carry, bar by bar: (end, cash, carry, best)."""
    position = account.position
    units, cash, carry, best = position.units, account.cash, position.carry, position.best
    at_stop, at_target = account.pending.stop, account.pending.target
    since, before = account.time, account.close
    is_long = units > 0.0
    while i < stop:
        cost = carry_cost(units, before, rate, since, time[i]) if rate != 0.0 else 0.0
        held = Position(units, 0.0, 0.0, 0.0, 0, best, position.stop, position.target, position.trail)
        stop_level, _, target_level = levels(held, Pending(NOTHING, at_stop, at_target, math.nan), rules)
        lower = stop_level if is_long else target_level
        upper = target_level if is_long else stop_level
        value = marked(cash - cost, units, close[i])
        if value <= 0.0 or low[i] <= lower or high[i] >= upper or open_[i] <= lower or open_[i] >= upper:
            break
        asks = (flags[i] & mask) != 0
        if asks and asking == 0:
            break
        equity[i] = value
        cash -= cost
        carry += cost
        best = best_after(best, units, high[i], low[i], rules)
        at_stop, at_target = value_at(stops, i), value_at(targets, i)
        since, before = time[i], close[i]
        i += 1
        if asks:
            break
    return i, cash, carry, best


@njit(cache=True, forceinline=True, **UNCOUNTED)
def dated(account, time):
    """The account as seen on the bar that opened at `time`."""
    return Account(
        account.cash,
        account.fees,
        time,
        account.close,
        account.ended,
        account.position,
        account.pending,
        account.counts,
    )


@njit(cache=True, forceinline=True, **UNCOUNTED)
def unprotected(rules):
    """The same rules, where they hold neither protective orders nor carry nor fills at the close.

    That these are constants is known to the compiler where `fill` is called with them, and it leaves out the rest.
    """
    return Rules(
        rules.fee,
        rules.slip,
        0,
        rules.tick,
        rules.lot,
        rules.min_size,
        rules.min_notional,
        0.0,
        0.0,
        rules.size_kind,
        rules.size_value,
        NONE,
        math.nan,
        NONE,
        math.nan,
        NONE,
        math.nan,
        rules.exit_after,
    )


@njit(cache=True, **UNCOUNTED)
def simulate(account, start, stop, time, open_, high, low, close, flags, stops, targets, trails, rules,
             finer_prices, inside, equity, whole, real, row):  # fmt: skip
    """Step bars start..stop-1: (account, column of the next trade, bars done).

    `stops`, `targets`, `trails` are float64[n], or empty where the formula has no such series. `inside` is
    int64[2, n], the first of the finer bars inside each bar and the one after the last, or int64[2, 0]. `equity[i]` is
    written for each bar done. Fewer than stop bars are done where the account ended, and where the trade columns
    could be full: then the caller makes them longer and goes on.
    """
    last = close.size - 1
    room = whole.shape[1] - MOST_FILLS
    asking = 1 - rules.at_close  # a request filled at its own close is not quiet
    has_levels = rules.stop_kind != NONE or rules.target_kind != NONE
    moving = rules.trail_kind != NONE or rules.stop_kind == AT or rules.target_kind == AT
    watched = has_levels or moving
    # Columns that nothing asks for are left alone: to fetch a value from memory takes longer than a whole step.
    charged = rules.borrow_per_day != 0.0 or rules.funding_per_day != 0.0
    simple = asking == 1 and not watched and not charged
    i = start
    while i < stop and account.ended == 0:
        if account.pending.request == NOTHING:
            position = account.position
            units, cash, carry, best = position.units, account.cash, position.carry, position.best
            mask = heeded(units)
            rate = carry_rate(units, rules)
            until = stop
            if units != 0.0 and rules.exit_after > 0:
                until = max(i, min(until, i + rules.exit_after - position.held - rules.at_close))
            if units == 0.0:
                until = flat_until(cash, mask, asking, i, until, flags, equity)
            elif moving or rate != 0.0:
                until, cash, carry, best = followed_until(
                    account, rate, mask, asking, i, until, time, open_, high, low, close, flags, stops, targets,
                    rules, equity,
                )  # fmt: skip
            elif has_levels:
                lower, upper = position.stop, position.target
                if units < 0.0:
                    lower, upper = upper, lower
                until = protected_until(
                    cash, units, lower, upper, mask, asking, i, until, open_, high, low, close, flags, equity
                )
            else:
                until = held_until(cash, units, mask, asking, i, until, close, flags, equity)
            if until > i:
                before = until - 1
                position = Position(
                    units,
                    position.entry_price,
                    position.entry_fee,
                    carry,
                    position.held + (until - i if units != 0.0 else 0),
                    best,
                    position.stop,
                    position.target,
                    position.trail,
                )
                ask = asked_at(before, flags, stops, targets, trails)
                request, conflicting, dropped = decided(ask, position, rules)
                counts = account.counts
                account = Account(
                    cash,
                    account.fees,
                    time[before] if charged else account.time,
                    close[before],
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
                i = until
                continue
        if row > room:
            break
        if simple:
            bar = Bar(account.time, open_[i], math.nan, math.nan, close[i])
            ask = Ask(np.int64(flags[i]), math.nan, math.nan, math.nan)  # type: ignore[arg-type]
            account, fills = fill(account, bar, ask, unprotected(rules), Finer(finer_prices, 0, 0), False)
            row = record(fills[0], i, whole, real, row)
            row = record(fills[1], i, whole, real, row)
            row = record(fills[3], i, whole, real, row)
            equity[i] = marked(account.cash, account.position.units, bar.close)
            i += 1
            continue
        now = time[i] if charged else account.time
        top, bottom = (high[i], low[i]) if watched else (math.nan, math.nan)
        bar = Bar(now, open_[i], top, bottom, close[i])
        ask = asked_at(i, flags, stops, targets, trails)
        first = inside[0, i] if inside.size else 0
        beyond = inside[1, i] if inside.size else 0
        account, fills = fill(account, bar, ask, rules, Finer(finer_prices, first, beyond), i == last)
        row = record(fills[0], i, whole, real, row)
        row = record(fills[1], i, whole, real, row)
        row = record(fills[2], i, whole, real, row)
        row = record(fills[3], i, whole, real, row)
        equity[i] = marked(account.cash, account.position.units, bar.close)
        i += 1
    if i > start:
        account = dated(account, time[i - 1])
    return account, row, i
