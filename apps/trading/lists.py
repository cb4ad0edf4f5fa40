"""The lists of orders, refused intents and accounts."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.db.models.functions import Lower
from django.http import HttpRequest

from apps.core.lists import Act, Asked, Column, Listing, Sort, named, pick, words
from apps.core.words import gettext_lazy
from apps.trading.choices import OrderStatus
from apps.trading.models import Intent
from apps.trading.selectors import OrderChoice, books_of
from apps.trading.services import cancel_order


def _books(request: HttpRequest) -> list[tuple[Any, str]]:
    return named(books_of(request.workspace), request, "book")


_SYMBOL = words(gettext_lazy("Symbol"), "symbol")
_BOOK = pick("book", gettext_lazy("Any bot"), _books)

ORDERS = Listing(
    "orders",
    filters=(
        _SYMBOL,
        pick(
            "status",
            gettext_lazy("Any status"),
            [("under_way", gettext_lazy("Under way")), *OrderStatus.choices],
        ),
        _BOOK,
    ),
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("placed", lambda row: row.created_at),
        Column("side", lambda row: row.side),
        Column("symbol", lambda row: row.instrument.symbol),
        Column("kind", lambda row: row.kind),
        Column("bot", lambda row: row.book.name),
        Column("purpose", lambda row: row.intent.purpose),
        Column("units", lambda row: row.units),
        Column("filled", lambda row: row.filled),
        Column("average", lambda row: row.average),
        Column("status", lambda row: row.status),
        Column("result", lambda row: "simulated" if row.account.is_paper else "live"),
    ),
    acts=(
        Act(
            "cancel",
            gettext_lazy("Cancel"),
            lambda row, request: cancel_order(row, actor=request.user),
            (
                gettext_lazy("1 order is cancelled, or its exchange is asked to."),
                gettext_lazy("{n} orders are cancelled, or their exchange is asked to."),
            ),
            icon="x",
            question=gettext_lazy("Cancel what is not filled of the chosen orders?"),
            danger=True,
        ),
    ),
    right="trading.manage",
    of=lambda uuids: reduce(or_, (Intent.of_uuid(uuid, "intent__") for uuid in uuids)),
)

REFUSED = Listing(
    "refused-orders",
    filters=(_SYMBOL, _BOOK),
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("decided", lambda row: row.decided_at),
        Column("side", lambda row: row.side),
        Column("symbol", lambda row: row.instrument.symbol),
        Column("bot", lambda row: row.book.name),
        Column("units", lambda row: row.units),
        Column("refused_for", lambda row: row.refused_for),
        Column("why", lambda row: row.refusal),
    ),
)

ACCOUNTS = Listing(
    "accounts",
    filters=(words(gettext_lazy("Name or exchange")),),
    sorts={
        "name": Sort(gettext_lazy("Account"), Lower("name")),
        "kind": Sort(gettext_lazy("Kind"), Lower("exchange")),
        "state": Sort(gettext_lazy("State"), "state"),
        "currency": Sort(gettext_lazy("Currency"), "currency"),
    },
    order="name",
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("name", lambda row: row.name),
        Column("kind", lambda row: row.kind),
        Column("exchange", lambda row: row.exchange),
        Column("state", lambda row: row.state),
        Column("currency", lambda row: row.currency),
    ),
)


def choice_of(asked: Asked) -> OrderChoice:
    """What the filters of orders and refused intents ask for."""
    values = asked.values
    return OrderChoice(values.get("status", ""), values["symbol"], values["book"] or None)  # type: ignore[arg-type]
