"""Buying: to the gateway's page and back, and what became of it; credits by the pack."""

from __future__ import annotations

from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.billing.access import get_checkout_for
from apps.billing.answers import addresses
from apps.billing.choices import CheckoutPurpose, CheckoutStatus
from apps.billing.gateways.registry import gateway
from apps.billing.models import Checkout
from apps.billing.money_forms import PackForm
from apps.billing.selectors.credits import credits_of
from apps.billing.selectors.purchases import packs_sold, ways_to_pay
from apps.billing.services.checkouts import alive_subscription, buy_credits, look_up
from apps.core.errors import DomainError

log = structlog.get_logger(__name__)

LONG = 60  # seconds after which a confirmation that did not come is called late


def to_pay(checkout: Checkout) -> HttpResponse:
    """To the checkout's own page, which leads on: forms may not lead to other sites."""
    return redirect(reverse("money:checkout", args=[checkout.uuid]) + "?go=1")


@needs("billing.manage")
@require_GET
def checkout(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Where a purchase stands; asked for again every two seconds while its payment is being confirmed."""
    found = get_checkout_for(request.workspace, uuid)
    back = request.GET.get("back", "")
    is_leaving = "go" in request.GET and found.status == CheckoutStatus.OPEN and bool(found.url)
    if found.status == CheckoutStatus.OPEN and not is_leaving:
        try:
            look_up(found)
        except DomainError as error:  # its webhook brings it all the same
            log.warning("checkout_not_looked_up", checkout=str(found.uuid), error=error.message)
    is_given = found.status == CheckoutStatus.COMPLETE and (
        found.purpose == CheckoutPurpose.CREDITS or _has_plan(found)
    )
    context = {
        "checkout": found,
        "gateway": gateway(found.gateway),
        "is_leaving": is_leaving,
        "is_given": is_given,
        "is_left": back == "left" and found.status == CheckoutStatus.OPEN,
        "is_waiting": not is_given
        and (
            found.status == CheckoutStatus.COMPLETE
            or (found.status == CheckoutStatus.OPEN and back == "paid")
        ),
        "is_late": (timezone.now() - found.updated_at).total_seconds() > LONG,
    }
    return render(request, "billing/checkout.html", context)


@needs("billing.manage")
def credits_buy(request: HttpRequest) -> HttpResponse:
    workspace = request.workspace
    ways = {currency: found for currency, found in ways_to_pay().items() if packs_sold(currency).exists()}
    wanted = request.GET.get("currency", "") or request.POST.get("currency", "")
    currency = wanted if wanted in ways else next(iter(ways), "USD")
    packs = packs_sold(currency)
    form = PackForm(request.POST or None, packs=packs, ways=ways.get(currency, []))
    if request.method == "POST" and form.is_valid():
        try:
            return to_pay(
                buy_credits(
                    workspace,
                    form.cleaned_data["pack"],
                    gateway_code=form.cleaned_data["gateway"],
                    actor=request.user,
                    **addresses(request),
                )
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {
        "form": form,
        "packs": packs,
        "currency": currency,
        "currencies": sorted(ways),
        "credits": credits_of(workspace),
        "chosen": str(form["pack"].value() or ""),
    }
    return render(request, "billing/credits_buy.html", context, status=422 if form.errors else 200)


def _has_plan(found: Checkout) -> bool:
    """Whether what was bought is there: the subscription comes by an object of its own."""
    subscription = alive_subscription(found.workspace)
    return subscription is not None and subscription.price_id == found.price_id
