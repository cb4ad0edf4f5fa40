"""A position as the fold of its fills, at average cost.

What trades bring in cash and what the open units cost are kept so that `realised == cash of trades + cost` holds to the
last place after every fill: of a fill that closes a part, the part's share of the cost is rounded once, and the profit
is what is left.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from apps.trading.choices import Side
from apps.trading.rules.amounts import ZERO, exactly, rounded


class Held(NamedTuple):
    """`units` and `cost` are negative for a short; both 0 when flat."""

    units: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    opened_at: datetime | None = None


class Folded(NamedTuple):
    """A position after a fill, and what the fill did: cash of the trade (signed), profit realised."""

    held: Held
    cash: Decimal
    realised: Decimal


def fold(held: Held, side: str, units: Decimal, price: Decimal, fee: Decimal, at: datetime) -> Folded:
    """The position after `units` were bought or sold. Raises ValueError for units or a price that is not positive."""
    if units <= 0 or price <= 0:
        raise ValueError(f"a fill of {units} units at {price}")
    with exactly():
        change = units if side == Side.BUY else -units
        cash = rounded(-change * price)
        fees = held.fees + fee
        if not held.units or (held.units > 0) == (change > 0):  # opens, or adds to what is open
            grown = Held(held.units + change, held.cost - cash, held.realised, fees, held.opened_at or at)
            return Folded(grown, cash, ZERO)
        closing = min(abs(change), abs(held.units))
        if closing == abs(held.units):
            released = held.cost
        else:
            released = rounded(held.cost * closing / abs(held.units))
        brought = cash if closing == abs(change) else rounded(cash * closing / abs(change))
        realised = brought - released
        left = held.units + change
        if closing == abs(change):  # no more than was held
            opened_at = held.opened_at if left else None
            after = Held(left, held.cost - released, held.realised + realised, fees, opened_at)
        else:  # the rest opens the other side
            after = Held(left, brought - cash, held.realised + realised, fees, at)
        return Folded(after, cash, realised)


def open_profit(units: Decimal, cost: Decimal, price: Decimal) -> Decimal:
    """What closing at `price` would realise, before fees."""
    with exactly():
        return rounded(units * price) - cost
