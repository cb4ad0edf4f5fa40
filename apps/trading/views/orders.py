"""Orders, and what was refused before it became one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.core.errors import DomainError
from apps.core.lists import Asked
from apps.trading.access import get_order_for
from apps.trading.lists import ORDERS, REFUSED, choice_of
from apps.trading.rules.amounts import ZERO
from apps.trading.selectors import orders_of, refused_intents_of
from apps.trading.services import cancel_order


@needs("trading.view", writing="trading.manage", plan=("", ALWAYS))
@require_http_methods(["GET", "HEAD", "POST"])
def order_list(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST cancels the orders that are chosen."""
    asked = Asked(ORDERS, request)
    if request.method == "POST":
        return asked.act(orders_of(request.workspace))
    rows = orders_of(request.workspace, choice_of(asked))
    return asked.answer(rows, "trading/order_list.html", {"tab": "orders"})


@needs("trading.view")
@require_GET
def refused_list(request: HttpRequest) -> HttpResponseBase:
    """Intents that the risk checks refused, and why."""
    asked = Asked(REFUSED, request)
    rows = refused_intents_of(request.workspace, choice_of(asked))
    return asked.answer(rows, "trading/refused_list.html", {"tab": "refused"})


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
