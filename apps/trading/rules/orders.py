"""What an order's events and fills come to, in whichever order they arrived.

Exchanges report fills, acceptance and cancellation over several lines, so a fill may be known before the order is.
Fills are added up; of the other events each moves the state where it may follow, and changes nothing where it may not.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from apps.trading.choices import EventKind, OrderStatus
from apps.trading.rules.amounts import ZERO, exactly, rounded

P, S, U, O = OrderStatus.PENDING, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN, OrderStatus.OPEN  # noqa: E741

# event: (the states it may follow, the state it leads to)
NEXT: dict[str, tuple[tuple[OrderStatus, ...], OrderStatus]] = {
    EventKind.SUBMITTING: ((P,), S),  # never from unknown: what may have arrived is not sent again
    EventKind.UNKNOWN: ((S,), U),
    EventKind.NOT_FOUND: ((S, U), P),
    EventKind.ACCEPTED: ((P, S, U), O),
    EventKind.REJECTED: ((P, S, U), OrderStatus.REJECTED),
    EventKind.CANCELLED: ((P, S, U, O), OrderStatus.CANCELLED),
    EventKind.EXPIRED: ((P, S, U, O), OrderStatus.EXPIRED),
}


class Taken(NamedTuple):
    """What one fill says of its order."""

    units: Decimal
    price: Decimal
    is_last: bool


class OrderState(NamedTuple):
    status: OrderStatus
    filled: Decimal
    average: Decimal | None


def after_event(status: str, kind: str) -> OrderStatus:
    """The state after an event, fills apart; the same where the event may not follow."""
    allowed, to = NEXT.get(kind, ((), OrderStatus(status)))
    return to if status in allowed else OrderStatus(status)


def state_of(kinds: Iterable[str], fills: Iterable[Taken], units: Decimal | None) -> OrderState:
    """An order's state from everything known of it; `units` is what was ordered, None where the fill decides it."""
    status = OrderStatus.PENDING
    for kind in kinds:
        status = after_event(status, kind)
    return with_fills(status, fills, units)


def with_fills(status: str, fills: Iterable[Taken], units: Decimal | None) -> OrderState:
    """The state once fills are counted: filled whole beats everything, and an open order with some is partly filled."""
    filled = paid = ZERO
    is_last = False
    with exactly():
        for fill in fills:
            filled += fill.units
            paid += fill.units * fill.price
            is_last = is_last or fill.is_last
        average = rounded(paid / filled) if filled else None
    if filled and (is_last or (units is not None and filled >= units)):
        return OrderState(OrderStatus.FILLED, filled, average)
    if filled and status in (P, S, O):
        return OrderState(OrderStatus.PARTLY_FILLED, filled, average)
    return OrderState(OrderStatus(status), filled, average)
