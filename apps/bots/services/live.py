"""Bots that trade at an exchange: the ledger is the truth, and the simulator's account follows it.

Before each bar the account is given what the book holds. The fill step then decides what the formula's conditions mean
for such a position, and whether the bar touched a protective level; what comes of it goes out as orders, and nothing
that the simulator would have filled counts.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from numpy.typing import NDArray

from apps.bots.services.crew import Crew
from apps.engine.sim import kernel
from apps.engine.sim.account import AT, BY, NOTHING, Account, Position
from apps.engine.sim.accounts import Accounts
from apps.markets.models import Instrument
from apps.trading.choices import UNDER_WAY
from apps.trading.models import Book, Intent, Order
from apps.trading.models import Position as HeldPosition
from apps.trading.selectors import smallest_units
from apps.trading.services import amount_of

NOBODY = np.empty(0, np.int64)


class UnderWay(NamedTuple):
    """Slots of live bots that are not free at this bar.

    `waiting`: an order is under way; they ask for nothing until it is over, so that nothing is bought twice.
    `leaving`: what was to close their position ended and left something open; it is closed before anything else.
    """

    waiting: NDArray[np.int64] = NOBODY
    leaving: NDArray[np.int64] = NOBODY

    @property
    def silent(self) -> NDArray[np.int64]:
        """Those whose formula is not heeded."""
        return np.union1d(self.waiting, self.leaving)


def sync_live(crew: Crew, accounts: Accounts) -> UnderWay:
    """Give each live bot's account the cash and the position of its book; a few queries for all of them.

    Less than the exchange takes orders for is no position: it cannot be sold, and does not keep a bot from entering.
    """
    slots = {crew.members[slot].book_id: slot for slot in np.flatnonzero(crew.live).tolist()}
    cash = dict(Book.objects.filter(pk__in=slots).values_list("pk", "cash"))
    smallest = smallest_units(
        {crew.members[slot].account_id for slot in slots.values()},
        Instrument.objects.get(pk=crew.place.instrument_id),
    )
    held = {
        book: (float(units), float(cost), float(fees))
        for book, units, cost, fees in HeldPosition.objects.filter(
            book__in=slots, instrument=crew.place.instrument_id
        ).values_list("book_id", "units", "cost", "fees")
        if abs(units) >= smallest[crew.members[slots[book]].account_id]
    }
    for book, slot in slots.items():
        units, cost, fees = held.get(book, (0.0, 0.0, 0.0))
        accounts.put(
            slot, _following(crew, accounts.account(slot), slot, float(cash[book]), units, cost, fees)
        )
    orders = Order.objects.filter(book__in=slots, status__in=UNDER_WAY).values_list("book_id", flat=True)
    waiting = {slots[book] for book in orders}
    units_held = accounts.row("units")
    leaving = {slots[book] for book in _to_be_closed(list(slots)) if units_held[slots[book]] != 0.0} - waiting
    return UnderWay(np.array(sorted(waiting), np.int64), np.array(sorted(leaving), np.int64))


def _to_be_closed(books: list[int]) -> list[int]:
    """Books in which the last thing asked for was that the position be closed, by the bot and not by a person's hand;
    whatever became of that."""
    last = Intent.objects.filter(book=OuterRef("pk")).order_by("-decided_at", "-pk")
    closing = last.values(closes=JSONObject(closes="reduce_only", by="why__by"))[:1]
    asked = Book.objects.filter(pk__in=books).annotate(last=Subquery(closing)).values_list("pk", "last")
    return [book for book, one in asked if one and one["closes"] and not one["by"]]


def hold_levels(
    crew: Crew, accounts: Accounts, waiting: NDArray[np.int64], reached: NDArray[np.float64]
) -> None:
    """While an entry is under way, the distances measured at its signal's close stand (rule 3 of docs/fills.md)."""
    for slot in waiting.tolist():
        rules = crew.rules[slot]
        kinds = (rules.stop_kind, rules.target_kind, rules.trail_kind)
        for row, (kind, name) in enumerate(zip(kinds, ("stop", "target", "trail"), strict=True), start=1):
            if kind == BY:
                reached[row, slot] = accounts.row(f"pending_{name}")[slot]


def _following(
    crew: Crew, account: Account, slot: int, cash: float, units: float, cost: float, fees: float
) -> Account:
    pending = account.pending._replace(request=NOTHING)  # it was handed over as an intent
    position = account.position
    if units == 0.0:
        nan = math.nan
        position = Position(0.0, nan, 0.0, 0.0, 0, nan, nan, nan, nan)
    elif position.units == 0.0 or (position.units > 0.0) != (units > 0.0):
        position = _entered(crew, account, slot, units, cost / units)
    else:
        position = position._replace(units=units, entry_price=cost / units)
    return account._replace(cash=cash, fees=fees, position=position, pending=pending, ended=0)


def _entered(crew: Crew, account: Account, slot: int, units: float, price: float) -> Position:
    """A position that the exchange has just given, its levels measured from what was really paid."""
    rules, pending = crew.rules[slot], account.pending
    side = 1 if units > 0.0 else -1
    stop = kernel.level_from(price, -side, rules.stop_kind, rules.stop_value, pending.stop)
    target = kernel.level_from(price, side, rules.target_kind, rules.target_value, pending.target)
    return Position(units, price, abs(units) * price * rules.fee, 0.0, 0, price, stop, target, pending.trail)


def live_units(crew: Crew, accounts: Accounts, slot: int, *, buys: bool, price: float) -> Decimal | None:
    """How much an entry at about `price` buys or sells, by the fill step's own sizing; with what it must close first.
    The account's slippage is kept in reserve, as a backtest pays it.

    None where the size is not defined or below the instrument's smallest: trading then refuses it and says so.
    """
    rules, account = crew.rules[slot], accounts.account(slot)
    side = 1 if buys else -1
    pending = account.pending
    price = kernel.moved(price, side, rules)
    stop = kernel.level_from(price, -side, rules.stop_kind, rules.stop_value, pending.stop)
    if rules.stop_kind == AT:
        stop = pending.stop
    equity = float(accounts.equity[slot])
    size, _ = kernel.sized(equity, price, side * (price - stop), rules)
    held = account.position.units
    closing = abs(held) if held * side < 0.0 else 0.0
    return amount_of(size + closing) if size > 0.0 else None
