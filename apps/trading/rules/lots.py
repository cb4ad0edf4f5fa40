"""Tax lots: which units that were opened are the ones that were closed, first, last or dearest first.

What a lot cost and what its closing brought are cut by its share of the units, rounded once, the last part taking what
is left; so the lots of a book add up to its fills to the last place, whichever method chooses among them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from apps.trading.choices import LotMethod, Side
from apps.trading.rules.amounts import ZERO, exactly, rounded


class Traded(NamedTuple):
    """A fill as the lots see it."""

    side: str
    units: Decimal
    price: Decimal
    fee: Decimal
    at: datetime


class ClosedLot(NamedTuple):
    """Units opened at one fill and closed at another. `profit` is net of both fees' shares."""

    side: str  # buy: was held long
    units: Decimal
    opened_at: datetime
    closed_at: datetime
    cost: Decimal  # what opening them paid (a short: was paid), positive
    proceeds: Decimal
    fees: Decimal
    profit: Decimal


class OpenLot(NamedTuple):
    side: str
    units: Decimal
    opened_at: datetime
    cost: Decimal
    fees: Decimal


@dataclass(slots=True)
class _Lot:
    """What is left of the units one fill opened: units, their notional and their share of its fee."""

    side: str
    price: Decimal
    units: Decimal
    notional: Decimal
    fee: Decimal
    at: datetime


@dataclass
class Lots:
    closed: list[ClosedLot] = field(default_factory=list)
    open: list[OpenLot] = field(default_factory=list)


def lots_of(fills: Iterable[Traded], method: str) -> Lots:
    """The lots of one instrument in one book, from its fills in their order."""
    standing: list[_Lot] = []
    closed: list[ClosedLot] = []
    with exactly():
        for fill in fills:
            left = _Lot(
                fill.side, fill.price, fill.units, rounded(fill.units * fill.price), fill.fee, fill.at
            )
            while left.units and standing and standing[0].side != left.side:
                index = _chosen(standing, method)
                units = min(standing[index].units, left.units)
                closed.append(_closed(_taken(standing[index], units), _taken(left, units)))
                if not standing[index].units:
                    del standing[index]
            if left.units:
                standing.append(left)
    found = [OpenLot(lot.side, lot.units, lot.at, lot.notional, lot.fee) for lot in standing]
    return Lots(closed, found)


def _chosen(standing: list[_Lot], method: str) -> int:
    """Which lot is closed next; of lots at one price the earlier."""
    if method == LotMethod.LIFO:
        return len(standing) - 1
    if method == LotMethod.HIFO:  # of shorts the cheapest: that with the least profit
        sign = 1 if standing[0].side == Side.BUY else -1
        return max(range(len(standing)), key=lambda one: (sign * standing[one].price, -one))
    return 0


def _taken(lot: _Lot, units: Decimal) -> _Lot:
    """Cut `units` off a lot, with their share of its notional and fee."""
    if units == lot.units:
        notional, fee = lot.notional, lot.fee
    else:
        notional, fee = rounded(lot.notional * units / lot.units), rounded(lot.fee * units / lot.units)
    part = _Lot(lot.side, lot.price, units, notional, fee, lot.at)
    lot.units -= units
    lot.notional -= notional
    lot.fee -= fee
    return part


def _closed(opened: _Lot, closing: _Lot) -> ClosedLot:
    fees = opened.fee + closing.fee
    gain = (
        closing.notional - opened.notional if opened.side == Side.BUY else opened.notional - closing.notional
    )
    return ClosedLot(
        opened.side, opened.units, opened.at, closing.at, opened.notional, closing.notional, fees, gain - fees
    )


def profit_of(lots: Lots) -> Decimal:
    """What the closed lots brought, net of fees."""
    with exactly():
        return sum((lot.profit for lot in lots.closed), ZERO)
