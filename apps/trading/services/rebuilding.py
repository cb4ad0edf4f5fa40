"""Books built anew from what happened to them: events, fills and cash entries, which are never changed.

The tables of orders, positions and the column of cash are conveniences: whatever they say can be said from the events,
and `differences` says where it is not the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from apps.trading.models import Book, CashEntry, Fill, Order, OrderEvent, Position
from apps.trading.rules.amounts import ZERO, exactly
from apps.trading.rules.orders import OrderState, Taken, state_of
from apps.trading.rules.positions import Held, fold
from apps.trading.services import statements


@dataclass
class Rebuilt:
    """What a book's events come to: orders by id, positions by instrument id, cash."""

    orders: dict[int, OrderState] = field(default_factory=dict)
    positions: dict[int, Held] = field(default_factory=dict)
    realised: dict[int, Decimal] = field(default_factory=dict)  # by fill id
    cash: Decimal = ZERO
    cash_of_fills: Decimal = ZERO


def from_events(book: Book) -> Rebuilt:
    """The book as its events say, without a look at the tables that follow from them."""
    kinds: dict[int, list[str]] = defaultdict(list)
    for order_id, kind in (
        OrderEvent.objects.filter(order__book=book)
        .order_by("order_id", "number")
        .values_list("order_id", "kind")
    ):
        kinds[order_id].append(kind)
    built = Rebuilt(cash=CashEntry.objects.filter(book=book).aggregate(sum=Sum("amount"))["sum"] or ZERO)
    taken: dict[int, list[Taken]] = defaultdict(list)
    with exactly():
        for fill in Fill.objects.filter(book=book).order_by("id"):
            taken[fill.order_id].append(Taken(fill.units, fill.price, fill.is_last))
            held = built.positions.get(fill.instrument_id, Held())
            folded = fold(held, fill.side, fill.units, fill.price, fill.fee, fill.at)
            built.positions[fill.instrument_id] = folded.held
            built.realised[fill.pk] = folded.realised
            built.cash_of_fills += folded.cash - fill.fee
    for order_id, units in Order.objects.filter(book=book).values_list("pk", "units"):
        built.orders[order_id] = state_of(kinds[order_id], taken[order_id], units)
    return built


def differences(book: Book) -> list[str]:
    """Where the book's tables say something else than its events, in words; empty when nowhere."""
    return list(_differences(book, from_events(book)))


def _differences(book: Book, built: Rebuilt) -> Iterator[str]:
    book.refresh_from_db(fields=["cash"])
    if book.cash != built.cash:
        yield f"cash is {book.cash}, by its entries {built.cash}"
    traded = (
        CashEntry.objects.filter(book=book, kind__in=["trade", "fee"]).aggregate(sum=Sum("amount"))["sum"]
        or ZERO
    )
    if traded != built.cash_of_fills:
        yield f"entries of trades come to {traded}, the fills to {built.cash_of_fills}"
    for order in Order.objects.filter(book=book).order_by("pk"):
        stored = OrderState(order.status, order.filled, order.average)  # type: ignore[arg-type]
        if stored != built.orders[order.pk]:
            yield f"order {order} is {tuple(stored)}, by its events {tuple(built.orders[order.pk])}"
    stored_positions = {
        row.instrument_id: Held(row.units, row.cost, row.realised, row.fees, row.opened_at)
        for row in Position.objects.filter(book=book)
    }
    for instrument_id in sorted(stored_positions.keys() | built.positions.keys()):
        stored_one, built_one = stored_positions.get(instrument_id), built.positions.get(instrument_id)
        if stored_one != built_one:
            yield f"the position in instrument {instrument_id} is {stored_one}, by its fills {built_one}"
    for fill_id, realised in Fill.objects.filter(book=book).order_by("pk").values_list("pk", "realised"):
        if realised != built.realised[fill_id]:
            yield f"fill {fill_id} realised {realised}, by the fills before it {built.realised[fill_id]}"


@transaction.atomic
def rebuild(book: Book) -> list[str]:
    """Write orders, positions and cash as the events say. Returns what was different before."""
    with connection.cursor() as cursor:
        cursor.execute(statements.LOCK_BOOKS, [[book.pk]])
        built = from_events(book)
        found = list(_differences(book, built))
        if not found:
            return []
        now = timezone.now()
        Position.objects.filter(book=book).exclude(instrument_id__in=built.positions).delete()
        instruments = sorted(built.positions)
        held = [built.positions[one] for one in instruments]
        cursor.execute(
            statements.STORE_POSITIONS,
            [
                now,
                [book.pk] * len(held),
                instruments,
                *([one[column] for one in held] for column in range(5)),
            ],
        )
        ids = sorted(built.orders)
        states = [built.orders[one] for one in ids]
        cursor.execute(
            statements.STORE_ORDERS,
            [now, ids, [one.status.value for one in states], [one.filled for one in states],
             [one.average for one in states]],
        )  # fmt: skip
        Book.objects.filter(pk=book.pk).update(cash=built.cash, updated_at=now)
    return found
