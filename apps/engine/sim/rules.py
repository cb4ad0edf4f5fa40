"""From what a formula asks and under which conditions to the numbers the fill step works with."""

from __future__ import annotations

import math

from apps.engine.sim import account
from apps.engine.sim.spec import Orders, Protection, SimParams

_PROTECTIONS = {"percent": account.PERCENT, "by": account.BY, "at": account.AT}
_SIZES = {
    "percent": account.SIZE_PERCENT,
    "quote": account.SIZE_QUOTE,
    "units": account.SIZE_UNITS,
    "risk": account.SIZE_RISK,
}

REASONS = {
    account.ENTERED: "entry",
    account.BY_EXIT: "exit",
    account.BY_TIME: "exit_after",
    account.BY_REVERSE: "reverse",
    account.BY_STOP: "stop_loss",
    account.BY_TARGET: "take_profit",
    account.BY_TRAIL: "trailing_stop",
    account.BY_ZERO: "account_at_zero",
}


def rules_of(orders: Orders, params: SimParams) -> account.Rules:
    """The constants of a run; `orders` and `params` must have passed their checks."""
    stop_kind, stop_value = _protection(orders.stop)
    target_kind, target_value = _protection(orders.target)
    trail_kind, trail_value = _protection(orders.trail)
    return account.Rules(
        fee=float(params.fee),
        slip=float(params.slippage_bps) / 10_000.0,
        at_close=1 if params.fill == "close" else 0,
        tick=float(params.tick),
        lot=float(params.lot),
        min_size=float(params.min_size),
        min_notional=float(params.min_notional),
        borrow_per_day=float(params.borrow_per_day),
        funding_per_day=float(params.funding_per_day),
        size_kind=_SIZES[orders.size.kind],
        size_value=float(orders.size.value),
        stop_kind=stop_kind,
        stop_value=stop_value,
        target_kind=target_kind,
        target_value=target_value,
        trail_kind=trail_kind,
        trail_value=trail_value,
        exit_after=int(orders.exit_after or 0),
    )


def _protection(protection: Protection | None) -> tuple[int, float]:
    if protection is None:
        return account.NONE, math.nan
    return _PROTECTIONS[protection.kind], float(protection.value)


def new_account(cash: float) -> account.Account:
    """An account that holds `cash` and has seen no bar."""
    nan = math.nan
    return account.Account(
        cash=float(cash),
        fees=0.0,
        time=0,
        close=nan,
        ended=0,
        position=account.Position(0.0, nan, 0.0, 0.0, 0, nan, nan, nan, nan),
        pending=account.Pending(account.NOTHING, nan, nan, nan),
        counts=account.Counts(0, 0, 0, 0),
    )
