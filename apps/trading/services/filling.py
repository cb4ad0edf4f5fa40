"""Fills: each counted once, however often it is reported; orders, positions and cash follow in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.core.arrays import booleans, decimals, integers, moments, texts
from apps.trading import hooks
from apps.trading.models import TradingAccount
from apps.trading.rules.amounts import ZERO, exactly, rounded
from apps.trading.rules.orders import Taken, with_fills
from apps.trading.rules.positions import Held, fold
from apps.trading.services import statements


@dataclass(frozen=True, slots=True)
class NewFill:
    """A fill as the exchange (or the simulator) reports it. `trade_id` is unique in the account.

    `fee` is in the book's currency, `fee_paid` and `fee_currency` are what was charged, where that is another.
    """

    client_order_id: str
    trade_id: str
    units: Decimal
    price: Decimal
    at: datetime
    fee: Decimal = ZERO
    fee_currency: str = ""
    fee_paid: Decimal | None = None
    is_last: bool = False
    reason: str = ""


# how the columns of INSERT_FILLS are written, in the order of the rows of `_fold`
_COLUMNS: tuple[Callable[[Iterable[Any]], str], ...] = (
    integers, integers, integers, integers, texts, texts, decimals, decimals, decimals, texts, decimals, decimals,
    texts, booleans, moments, decimals,
)  # fmt: skip


@dataclass(slots=True)
class _Order:
    """An order under the fold: what is known of it before these fills, and what they add."""

    id: int
    account_id: int
    book_id: int
    instrument_id: int
    side: str
    units: Decimal | None
    stage: str
    currency: str
    filled: Decimal
    paid: Decimal
    is_last: bool
    changed: bool = False


@transaction.atomic
def record_fills(account: TradingAccount, fills: Sequence[NewFill]) -> list[int]:
    """Store the fills that are new, and bring orders, positions and cash forward. Returns the ids of the new ones.

    Raises ValueError for a fill of an order that the account does not have: what others traded is no fill of ours.
    """
    return record_fills_of((account.pk, fill) for fill in fills)


@transaction.atomic
def record_fills_of(fills: Iterable[tuple[int, NewFill]]) -> list[int]:
    """`record_fills` for fills of many accounts: pairs of an account's id and a fill."""
    wanted = sorted(dict.fromkeys(fills), key=lambda pair: (pair[1].at, pair[1].trade_id))
    if not wanted:
        return []
    accounts = sorted({account for account, _ in wanted})
    names = sorted({fill.client_order_id for _, fill in wanted})
    orders, positions, known = _read(accounts, names, wanted)
    now = timezone.now()
    rows, cash = _fold(wanted, orders, positions, known)
    if not rows:
        return []
    ids = _write(rows, cash, orders, positions, now)
    hooks.filled.send_on_commit(fill_ids=ids)
    hooks.order_changed.send_on_commit(
        order_ids=sorted(order.id for order in orders.values() if order.changed)
    )
    return ids


def _read(
    accounts: list[int], names: list[str], wanted: list[tuple[int, NewFill]]
) -> tuple[dict[tuple[int, str], _Order], dict[tuple[int, int], Held], set[tuple[int, str]]]:
    with connection.cursor() as cursor:
        asked = [integers(accounts), texts(names)]
        cursor.execute(statements.LOCK_BOOKS_OF_ORDERS, asked)
        cursor.execute(statements.FILLED_ORDERS, asked)
        orders: dict[tuple[int, str], _Order] = {}
        positions: dict[tuple[int, int], Held] = {}
        for row in cursor.fetchall():
            (
                name,
                order_id,
                account,
                book,
                instrument,
                side,
                units,
                stage,
                currency,
                *held,
                filled,
                paid,
                is_last,
            ) = row
            orders[account, name] = _Order(
                order_id, account, book, instrument, side, units, stage, currency, filled, paid, is_last
            )
            positions[book, instrument] = Held(*held) if held[0] is not None else Held()
        cursor.execute(
            statements.KNOWN_FILLS,
            [integers(account for account, _ in wanted), texts(fill.trade_id for _, fill in wanted)],
        )
        return orders, positions, set(cursor.fetchall())


def _fold(
    wanted: list[tuple[int, NewFill]],
    orders: dict[tuple[int, str], _Order],
    positions: dict[tuple[int, int], Held],
    known: set[tuple[int, str]],
) -> tuple[list[tuple[Any, ...]], dict[int, Decimal]]:
    rows: list[tuple[Any, ...]] = []
    cash: dict[int, Decimal] = {}
    for account, fill in wanted:
        order = orders.get((account, fill.client_order_id))
        if order is None:
            raise ValueError(f"account {account} has no order {fill.client_order_id}")
        if (account, fill.trade_id) in known:
            continue
        known.add((account, fill.trade_id))
        place = order.book_id, order.instrument_id
        # as the columns will hold them, so that what is folded now is what a rebuild folds
        units, price, fee = rounded(fill.units), rounded(fill.price), rounded(fill.fee)
        folded = fold(positions[place], order.side, units, price, fee, fill.at)
        positions[place] = folded.held
        with exactly():
            cash[order.book_id] = cash.get(order.book_id, ZERO) + folded.cash - fee
            order.filled += units
            order.paid += units * price
        order.is_last = order.is_last or fill.is_last
        order.changed = True
        rows.append(
            (
                order.id,
                account,
                order.book_id,
                order.instrument_id,
                fill.trade_id,
                order.side,
                units,
                price,
                fee,
                fill.fee_currency or order.currency,
                fee if fill.fee_paid is None else fill.fee_paid,
                folded.realised,
                fill.reason,
                fill.is_last,
                fill.at,
                folded.cash,
            )
        )
    return rows, cash


def _write(
    rows: list[tuple[Any, ...]],
    cash: dict[int, Decimal],
    orders: dict[tuple[int, str], _Order],
    positions: dict[tuple[int, int], Held],
    now: datetime,
) -> list[int]:
    changed = sorted((order for order in orders.values() if order.changed), key=lambda order: order.id)
    places = sorted({(order.book_id, order.instrument_id) for order in changed})
    states = [_state(order) for order in changed]
    held = [positions[place] for place in places]
    with connection.cursor() as cursor:
        columns = zip(*rows, strict=True)
        cursor.execute(
            statements.INSERT_FILLS,
            [write(column) for write, column in zip(_COLUMNS, columns, strict=True)],
        )
        ids = [fill for (fill,) in cursor.fetchall()]
        cursor.execute(
            statements.STORE_POSITIONS,
            [now, integers(book for book, _ in places), integers(instrument for _, instrument in places),
             decimals(one.units for one in held), decimals(one.cost for one in held),
             decimals(one.realised for one in held), decimals(one.fees for one in held),
             moments(one.opened_at for one in held)],
        )  # fmt: skip
        books = sorted(cash)
        cursor.execute(statements.ADD_CASH, [now, integers(books), decimals(cash[book] for book in books)])
        cursor.execute(
            statements.STORE_ORDERS,
            [
                now,
                integers(order.id for order in changed),
                texts(status for status, _, _ in states),
                decimals(filled for _, filled, _ in states),
                decimals(average for _, _, average in states),
            ],
        )
    return ids


def _state(order: _Order) -> tuple[str, Decimal, Decimal | None]:
    with exactly():
        average = order.paid / order.filled
    state = with_fills(order.stage, [Taken(order.filled, average, order.is_last)], order.units)
    return state.status.value, state.filled, rounded(average)
