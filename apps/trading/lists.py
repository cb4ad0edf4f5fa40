"""The lists of orders, refused intents, accounts and their differences, lifted switches and tax lots."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.db.models.functions import Lower
from django.http import HttpRequest

from apps.core.lists import NEWEST, Act, Asked, Column, Listing, Sort, named, pick, words
from apps.core.words import gettext_lazy
from apps.trading.choices import DiscrepancyKind, LotMethod, OrderStatus, SwitchScope
from apps.trading.models import Intent
from apps.trading.selectors import OrderChoice, books_of, currencies_of
from apps.trading.services import cancel_order
from apps.trading.services.exchange import resolve_discrepancy


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

DIFFERENCES = Listing(
    "differences",
    filters=(
        pick("kind", gettext_lazy("Any kind"), DiscrepancyKind.choices),
        pick(
            "state",
            gettext_lazy("Any state"),
            [("open", gettext_lazy("Open")), ("done", gettext_lazy("Looked at"))],
        ),
    ),
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("found", lambda row: row.created_at),
        Column("kind", lambda row: row.kind),
        Column("what", lambda row: row.words),
        Column("looked_at", lambda row: row.resolved_at),
        Column("by", lambda row: row.resolved_by.display_name if row.resolved_by else ""),
    ),
    acts=(
        Act(
            "resolve",
            gettext_lazy("Looked at"),
            lambda row, request: resolve_discrepancy(row, actor=request.user),
            (
                gettext_lazy("1 difference was looked at."),
                gettext_lazy("{n} differences were looked at."),
            ),
        ),
    ),
    right="trading.manage",
)

LIFTED = Listing(
    "lifted-switches",
    filters=(
        words(gettext_lazy("Search")),
        pick("scope", gettext_lazy("Anything stopped"), SwitchScope.choices),
    ),
    sorts={
        "lifted": Sort(gettext_lazy("Lifted"), "lifted_at", down=True),
        "new": NEWEST,
    },
    order="-lifted",
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("scope", lambda row: row.scope),
        Column("of", lambda row: row.book.name if row.book else row.value),
        Column("why", lambda row: row.reason),
        Column("thrown", lambda row: row.created_at),
        Column("thrown_by", lambda row: row.actor.display_name if row.actor else ""),
        Column("lifted", lambda row: row.lifted_at),
        Column("lifted_by", lambda row: row.lifted_by.display_name if row.lifted_by else ""),
    ),
)


def _currencies(request: HttpRequest) -> list[tuple[str, str]]:
    found = currencies_of(request.workspace)
    return [(name, name) for name in found] if len(found) > 1 else []


LOTS = Listing(
    "lots",
    filters=(
        _SYMBOL,
        pick("state", gettext_lazy("Closed"), [("open", gettext_lazy("Still open"))]),
        pick(
            "method", LotMethod.FIFO.label, [each for each in LotMethod.choices if each[0] != LotMethod.FIFO]
        ),
        words(gettext_lazy("Any year"), "year"),
        pick("currency", gettext_lazy("Most used currency"), _currencies),
        _BOOK,
    ),
    sorts={
        "at": Sort(gettext_lazy("Newest"), "at", down=True),
        "profit": Sort(gettext_lazy("Profit"), "profit", down=True),
        "cost": Sort(gettext_lazy("Cost"), "cost", down=True),
    },
    order="-at",
    columns=(
        Column("book", lambda row: row.book.name),
        Column("symbol", lambda row: row.instrument.symbol),
        Column("side", lambda row: "long" if row.lot.side == "buy" else "short"),
        Column("units", lambda row: row.lot.units),
        Column("opened_at", lambda row: row.lot.opened_at),
        Column("closed_at", lambda row: getattr(row.lot, "closed_at", None)),
        Column("cost", lambda row: row.lot.cost),
        Column("proceeds", lambda row: getattr(row.lot, "proceeds", None)),
        Column("fees", lambda row: row.lot.fees),
        Column("profit", lambda row: getattr(row.lot, "profit", None)),
        Column("method", lambda row: row.method),
        Column("currency", lambda row: row.book.currency),
    ),
)


def choice_of(asked: Asked) -> OrderChoice:
    """What the filters of orders and refused intents ask for."""
    values = asked.values
    return OrderChoice(values.get("status", ""), values["symbol"], values["book"] or None)  # type: ignore[arg-type]
