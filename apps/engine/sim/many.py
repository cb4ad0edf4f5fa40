"""One closed bar for many accounts: a loop over the fill step (`apps.engine.sim.kernel`), and nothing else.

Accounts and rules lie number by number, not account by account: row k of `REALS` is the k-th of REAL for all of them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from apps.engine.sim.account import (
    NO_FILL,
    Account,
    Ask,
    Bar,
    Counts,
    Finer,
    Pending,
    Position,
    Rules,
)  # fmt: skip
from apps.engine.sim.kernel import fill
from apps.engine.uncounted import UNCOUNTED

# The rows of an account's real and whole numbers; `pending_` and `position` names as in `account.py`.
REAL = (
    "cash", "fees", "close", "units", "entry_price", "entry_fee", "carry", "best", "stop", "target", "trail",
    "pending_stop", "pending_target", "pending_trail",
)  # fmt: skip
WHOLE = (
    "time", "ended", "held", "request",
    "ambiguous_bars", "conflicting_bars", "dropped_requests", "cut_sizes",
)  # fmt: skip
RULE_REAL = (
    "fee", "slip", "tick", "lot", "min_size", "min_notional", "borrow_per_day", "funding_per_day",
    "size_value", "stop_value", "target_value", "trail_value",
)  # fmt: skip
RULE_WHOLE = ("at_close", "size_kind", "stop_kind", "target_kind", "trail_kind", "exit_after")
# The rows of the fills' whole and real numbers.
FILL_WHOLE = ("account", "number", "reason", "side")
FILL_REAL = ("units", "price", "fee", "pnl", "carry")
MOST_FILLS = 4  # of one account on one bar


@njit(cache=True, forceinline=True, **UNCOUNTED)
def account_at(i, real, whole):
    return Account(
        real[0, i],
        real[1, i],
        whole[0, i],
        real[2, i],
        whole[1, i],
        Position(
            real[3, i],
            real[4, i],
            real[5, i],
            real[6, i],
            whole[2, i],
            real[7, i],
            real[8, i],
            real[9, i],
            real[10, i],
        ),
        Pending(whole[3, i], real[11, i], real[12, i], real[13, i]),
        Counts(whole[4, i], whole[5, i], whole[6, i], whole[7, i]),
    )


@njit(cache=True, forceinline=True, **UNCOUNTED)
def put_account(account, i, real, whole):
    position, pending, counts = account.position, account.pending, account.counts
    real[0, i] = account.cash
    real[1, i] = account.fees
    real[2, i] = account.close
    real[3, i] = position.units
    real[4, i] = position.entry_price
    real[5, i] = position.entry_fee
    real[6, i] = position.carry
    real[7, i] = position.best
    real[8, i] = position.stop
    real[9, i] = position.target
    real[10, i] = position.trail
    real[11, i] = pending.stop
    real[12, i] = pending.target
    real[13, i] = pending.trail
    whole[0, i] = account.time
    whole[1, i] = account.ended
    whole[2, i] = position.held
    whole[3, i] = pending.request
    whole[4, i] = counts.ambiguous_bars
    whole[5, i] = counts.conflicting_bars
    whole[6, i] = counts.dropped_requests
    whole[7, i] = counts.cut_sizes


@njit(cache=True, forceinline=True, **UNCOUNTED)
def rules_at(i, real, whole, share):
    """The rules of account i, its size cut to `share` of what they say (1 changes no bit of it)."""
    return Rules(
        real[0, i],
        real[1, i],
        whole[0, i],
        real[2, i],
        real[3, i],
        real[4, i],
        real[5, i],
        real[6, i],
        real[7, i],
        whole[1, i],
        real[8, i] * share,
        whole[2, i],
        real[9, i],
        whole[3, i],
        real[10, i],
        whole[4, i],
        real[11, i],
        whole[5, i],
    )


@njit(cache=True, forceinline=True, **UNCOUNTED)
def put_fill(fill, i, number, row, whole, real):
    """Write a fill that happened behind those already there; the row after it."""
    if fill.reason == NO_FILL:
        return row
    whole[0, row] = i
    whole[1, row] = number
    whole[2, row] = fill.reason
    whole[3, row] = fill.side
    real[0, row] = fill.units
    real[1, row] = fill.price
    real[2, row] = fill.fee
    real[3, row] = fill.pnl
    real[4, row] = fill.carry
    return row + 1


@njit(cache=True, **UNCOUNTED)
def fill_accounts(
    real,
    whole,
    rule_real,
    rule_whole,
    time,
    prices,
    flags,
    asked,
    shares,
    finer_prices,
    is_last,
    out_whole,
    out_real,
):
    """Step every account over one bar, in place; how many fills were written to `out_whole` and `out_real`.

    `prices` float64[4]: open, high, low, close. `flags` uint8[n] and `asked` float64[3, n] (stop, target, trail) are
    what each formula asks at this close; `shares` float64[n] the part of its size an entry gets on this bar.
    """
    bar = Bar(time, prices[0], prices[1], prices[2], prices[3])
    row = 0
    for i in range(flags.size):
        ask = Ask(np.int64(flags[i]), asked[0, i], asked[1, i], asked[2, i])  # type: ignore[arg-type]
        rules = rules_at(i, rule_real, rule_whole, shares[i])
        finer = Finer(finer_prices, 0, finer_prices.shape[1])
        account, fills = fill(account_at(i, real, whole), bar, ask, rules, finer, is_last)
        put_account(account, i, real, whole)
        row = put_fill(fills[0], i, 0, row, out_whole, out_real)
        row = put_fill(fills[1], i, 1, row, out_whole, out_real)
        row = put_fill(fills[2], i, 2, row, out_whole, out_real)
        row = put_fill(fills[3], i, 3, row, out_whole, out_real)
    return row
