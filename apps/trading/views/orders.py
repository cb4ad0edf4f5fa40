"""Orders, and what was refused before it became one."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.core.errors import DomainError
from apps.trading.access import get_order_for
from apps.trading.forms.portfolio import OrderFilterForm
from apps.trading.rules.amounts import ZERO
from apps.trading.selectors import books_of, orders_of, refused_intents_of
from apps.trading.services import cancel_order

PAGE_SIZE = 50


@needs("trading.view")
@require_GET
def order_list(request: HttpRequest) -> HttpResponse:
    return _list(request, "orders")


@needs("trading.view")
@require_GET
def refused_list(request: HttpRequest) -> HttpResponse:
    """Intents that the risk checks refused, and why."""
    return _list(request, "refused")


def _list(request: HttpRequest, tab: str) -> HttpResponse:
    form = OrderFilterForm(request.GET)
    chosen = form.chosen()
    wanted = orders_of if tab == "orders" else refused_intents_of
    page = Paginator(wanted(request.workspace, chosen), PAGE_SIZE).get_page(request.GET.get("page"))
    kept = {"status": chosen.status, "symbol": chosen.symbol, "book": chosen.book or ""}
    context = {
        "tab": tab,
        "page": page,
        "chosen": chosen,
        "statuses": form.fields["status"].choices,
        "books": books_of(request.workspace),
        "query": urlencode({name: value for name, value in kept.items() if value}),
    }
    return render(request, f"trading/{'order' if tab == 'orders' else 'refused'}_list.html", context)


@needs("trading.view")
@require_GET
def order_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The order with everything that happened to it, in its order."""
    order = get_order_for(request.workspace, uuid)
    fills = list(order.fills.order_by("id"))
    context = {
        "order": order,
        "events": order.events.order_by("number"),
        "fills": fills,
        "fees": sum((fill.fee for fill in fills), ZERO),
        "realised": sum((fill.realised for fill in fills), ZERO),
    }
    return render(request, "trading/order_detail.html", context)


@needs("trading.manage")
@require_POST
def order_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    order = get_order_for(request.workspace, uuid)
    try:
        order = cancel_order(order, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        done = (
            gettext("The order is cancelled.")
            if order.is_over
            else gettext("The exchange is asked to cancel it.")
        )
        messages.success(request, done)
    return redirect("trading:order-detail", uuid=uuid)
