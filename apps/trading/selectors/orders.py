"""Orders, fills and refused intents of a workspace, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Workspace
from apps.trading.choices import UNDER_WAY
from apps.trading.models import Fill, Intent, Order


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """Which orders (fills, intents) are wanted; empty: all. `status` may be "under_way"."""

    status: str = ""
    symbol: str = ""
    book: UUID | None = None


def orders_of(workspace: Workspace, choice: OrderChoice = OrderChoice()) -> QuerySet[Order]:
    orders = Order.objects.filter(book__workspace=workspace)
    if choice.status == "under_way":
        orders = orders.filter(status__in=UNDER_WAY)
    elif choice.status:
        orders = orders.filter(status=choice.status)
    if choice.symbol:
        orders = orders.filter(instrument__symbol__iexact=choice.symbol)
    if choice.book:
        orders = orders.filter(book__uuid=choice.book)
    return orders.select_related("book", "instrument", "account", "intent").order_by("-id")


def fills_of(workspace: Workspace, choice: OrderChoice = OrderChoice()) -> QuerySet[Fill]:
    fills = Fill.objects.filter(book__workspace=workspace)
    if choice.symbol:
        fills = fills.filter(instrument__symbol__iexact=choice.symbol)
    if choice.book:
        fills = fills.filter(book__uuid=choice.book)
    return fills.select_related("book", "instrument", "order").order_by("-id")


def refused_intents_of(workspace: Workspace, choice: OrderChoice = OrderChoice()) -> QuerySet[Intent]:
    intents = Intent.objects.filter(book__workspace=workspace).exclude(refused_for="")
    if choice.symbol:
        intents = intents.filter(instrument__symbol__iexact=choice.symbol)
    if choice.book:
        intents = intents.filter(book__uuid=choice.book)
    return intents.select_related("book", "instrument").order_by("-id")
