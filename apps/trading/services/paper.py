"""What the paper broker did at one bar, for any number of bots, in a constant number of statements.

The fills themselves are computed by the simulator's own fill step, by whoever runs the bots; here they are checked,
booked and remembered, in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from apps.trading.choices import EventKind, EventSource
from apps.trading.rules.keys import client_order_id
from apps.trading.rules.risk import Refused
from apps.trading.services import statements
from apps.trading.services.events import NewEvent, record_events
from apps.trading.services.filling import NewFill, record_fills_of
from apps.trading.services.placing import NewIntent, place


@dataclass(frozen=True, slots=True)
class Price:
    """The price that values an instrument at a source (`Book.price_source`) from `at` on."""

    source: str
    instrument_id: int
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class PaperFill:
    """A fill of the intent `key`, asked now or before. `number` tells the fills of one intent apart, from 0.

    `is_last` is false while more of the order is to come.
    """

    key: str
    account_id: int
    units: Decimal
    price: Decimal
    fee: Decimal
    at: datetime
    reason: str
    number: int = 0
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class PaperEnd:
    """An order that ends without (further) fills: `kind` is cancelled, rejected or expired."""

    key: str
    account_id: int
    kind: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PaperBatch:
    """One bar of many bots. Intents are stored first, then fills, then ends, and prices last.

    `begin_day` are the books for which these prices are the first of a day. The caller alone writes to them: others
    with the same price source may be under way in another transaction, and each begins its own.
    """

    prices: Sequence[Price] = ()
    begin_day: Sequence[int] = ()
    asked: Sequence[NewIntent] = ()
    filled: Sequence[PaperFill] = ()
    ended: Sequence[PaperEnd] = ()


@dataclass(frozen=True, slots=True)
class PaperResult:
    """`refused`: the intents that must not reach the market, by key, and why. `fill_ids` are those of new fills."""

    refused: dict[str, Refused] = field(default_factory=dict)
    fill_ids: list[int] = field(default_factory=list)


@transaction.atomic
def record_paper(batch: PaperBatch) -> PaperResult:
    """Store the batch; what is stored already changes nothing.

    What was asked before is filled first: a position that opened at this bar's open may be closed on the same bar.

    A fill in the batch must not be of an intent that is refused: ask first (`place`), or look at `refused` before the
    next bar. Fills of intents that close (`reduce_only`) may be asked and filled in one batch.
    """
    asked_now = {intent.key for intent in batch.asked}
    fill_ids = record_fills_of(_fill(fill) for fill in batch.filled if fill.key not in asked_now)
    placed = place(batch.asked)
    refused = {one.key: one.refused for one in placed if one.refused is not None}
    fill_ids += record_fills_of(
        _fill(fill) for fill in batch.filled if fill.key in asked_now and fill.key not in refused
    )
    record_events(
        NewEvent(
            end.account_id,
            client_order_id(end.key),
            EventKind(end.kind),
            end.at,
            EventSource.PAPER,
            words=end.words,
        )
        for end in batch.ended
        if end.key not in refused
    )
    store_prices(
        batch.prices, books=batch.begin_day
    )  # last: a day begins with what is held after the fills of its first bar
    return PaperResult(refused, fill_ids)


def _fill(fill: PaperFill) -> tuple[int, NewFill]:
    return (
        fill.account_id,
        NewFill(
            client_order_id=client_order_id(fill.key),
            trade_id=f"{fill.key[:40]}:{fill.number}",
            units=fill.units,
            price=fill.price,
            at=fill.at,
            fee=fill.fee,
            is_last=fill.is_last,
            reason=fill.reason,
        ),
    )


def store_prices(prices: Sequence[Price], *, books: Sequence[int] | None = None) -> None:
    """Value every position at these prices from now on; an older price than the one there is left out.

    With the first price of a day (UTC) the day's loss starts anew for those of the books (None: of all) that hold
    something there.
    """
    newest = {
        (price.source, price.instrument_id): price for price in sorted(prices, key=lambda price: price.at)
    }
    if not newest:
        return
    rows = newest.values()
    columns: list[list[Any]] = [
        [price.source for price in rows],
        [price.instrument_id for price in rows],
        [price.price for price in rows],
        [price.at for price in rows],
    ]
    with connection.cursor() as cursor:
        if books is None or len(books):
            cursor.execute(statements.BEGIN_DAYS, [*columns, None if books is None else list(books)])
        cursor.execute(statements.STORE_MARKS, columns)
