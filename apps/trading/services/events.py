"""What happens to orders besides fills: stored as it came, and the order moved where it may follow."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.core.arrays import integers, moments, texts
from apps.trading import hooks
from apps.trading.choices import EventKind, OrderStatus
from apps.trading.rules.amounts import ZERO
from apps.trading.rules.orders import Taken, after_event, with_fills
from apps.trading.services import statements


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened to an order of ours. `exchange_order_id` and `submitted_at` are kept where given."""

    account_id: int
    client_order_id: str
    kind: EventKind
    at: datetime
    source: str
    words: str = ""
    exchange_order_id: str = ""
    submitted_at: datetime | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Order:
    """What of an order its events move, and what that depends on."""

    id: int
    stage: str
    status: str
    words: str
    exchange_order_id: str
    submitted_at: datetime | None
    filled: Decimal
    average: Decimal | None
    units: Decimal | None


@transaction.atomic
def record_events(events: Iterable[NewEvent]) -> dict[str, OrderStatus]:
    """Append the events and move their orders. Returns the status of each order afterwards, by client order id.

    An event that may not follow the order's present state is kept and moves nothing. Raises ValueError for an order
    that the account does not have.
    """
    wanted = list(events)
    if not wanted:
        return {}
    asked = [
        integers(sorted({event.account_id for event in wanted})),
        texts(sorted({event.client_order_id for event in wanted})),
    ]
    with connection.cursor() as cursor:
        cursor.execute(statements.LOCK_BOOKS_OF_ORDERS, asked)
        cursor.execute(statements.ORDERS_OF_EVENTS, asked)
        orders = {(row[0], row[1]): _Order(*row[2:]) for row in cursor.fetchall()}
        turns: Counter[int] = Counter()
        numbers: list[int] = []
        data: list[str] = []
        for event in wanted:
            order = orders.get((event.account_id, event.client_order_id))
            if order is None:
                raise ValueError(f"account {event.account_id} has no order {event.client_order_id}")
            turns[order.id] += 1
            numbers.append(turns[order.id])
            data.append(_data(event))
            _move(order, event)
        moved = sorted(orders.values(), key=lambda order: order.id)
        cursor.execute(
            statements.STORE_EVENTS,
            [
                integers(orders[event.account_id, event.client_order_id].id for event in wanted),
                integers(numbers),
                texts(event.kind.value for event in wanted),
                texts(data),
                moments(event.at for event in wanted),
                texts(event.source for event in wanted),
                timezone.now(),
                integers(order.id for order in moved),
                texts(order.stage for order in moved),
                texts(order.status for order in moved),
                texts(order.words for order in moved),
                texts(order.exchange_order_id for order in moved),
                moments(order.submitted_at for order in moved),
            ],
        )
    hooks.order_changed.send_on_commit(order_ids=[order.id for order in moved])
    return {name: OrderStatus(order.status) for (_, name), order in orders.items()}


def _data(event: NewEvent) -> str:
    data = {**event.data, **({"words": event.words} if event.words else {})}
    if event.exchange_order_id:
        data["exchange_order_id"] = event.exchange_order_id
    return json.dumps(data)


def _move(order: _Order, event: NewEvent) -> None:
    stage = after_event(order.stage, event.kind).value
    if stage != order.stage:
        order.words = event.words[:300]
    is_whole = order.status == OrderStatus.FILLED
    taken = [Taken(order.filled, order.average or ZERO, is_whole)] if order.filled else []
    order.stage = stage
    order.status = with_fills(stage, taken, order.units).status.value
    order.exchange_order_id = event.exchange_order_id or order.exchange_order_id
    order.submitted_at = event.submitted_at or order.submitted_at
