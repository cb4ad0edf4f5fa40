"""The plan and what is paid for it: see, choose, confirm a change, cancel, take that back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.accounts.selectors import members_of
from apps.billing.access import get_price
from apps.billing.answers import addresses
from apps.billing.choices import SubscriptionStatus
from apps.billing.errors import BillingRefused
from apps.billing.models import Checkout, PlanPrice, Subscription
from apps.billing.money_forms import CancelForm, PlanForm
from apps.billing.rules.capabilities import CAPABILITIES
from apps.billing.selectors import plan_of
from apps.billing.selectors.purchases import (
    checkouts_of,
    invoices_of,
    payments_of,
    prices_sold,
    profile_of,
    ways_to_pay,
)
from apps.billing.services.checkouts import (
    alive_subscription,
    amount_of,
    buy_plan,
    included_seats,
    seats_for,
)
from apps.billing.services.renewals import change_by_order, is_paid_by_order
from apps.billing.services.subscriptions import (
    cancel_subscription,
    change_subscription,
    portal_url,
    preview_change,
    resume_subscription,
)
from apps.billing.views.buying import to_pay
from apps.core.errors import DomainError
from apps.core.manner import day_words

SHOWN = 5


@needs("billing.view")
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    workspace = request.workspace
    subscription = alive_subscription(workspace)
    context = {
        "plan": plan_of(workspace),
        "subscription": subscription,
        "amount": _amount(subscription),
        "is_overdue": subscription is not None and subscription.status == SubscriptionStatus.PAST_DUE,
        "is_trial": subscription is not None and subscription.status == SubscriptionStatus.TRIALING,
        "waiting": checkouts_of(workspace).filter(status="open").exclude(url="").first(),
        "payments": payments_of(workspace)[:SHOWN],
        "invoices": invoices_of(workspace)[:SHOWN],
        "members": members_of(workspace).count(),
        "profile": profile_of(workspace),
        "can_pay": bool(ways_to_pay()),
        "has_portal": workspace.gateway_customers.exists(),
    }
    return render(request, "billing/overview.html", context)


@needs("billing.manage")
def plan(request: HttpRequest) -> HttpResponse:
    """Choose a plan, an interval and seats; a new one is paid next, a change is confirmed next."""
    workspace = request.workspace
    subscription = _paid(alive_subscription(workspace))
    ways = ways_to_pay()
    currency = subscription.currency if subscription else _currency(request, ways)
    prices = prices_sold(currency)
    form = PlanForm(
        request.POST or None,
        prices=prices,
        ways=ways.get(currency, []),
        is_change=subscription is not None,
        initial={
            "price": _wanted(request, list(prices), subscription),
            "seats": _seats(request, subscription),
        },
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            if subscription is not None:
                preview_change(workspace, values["price"], seats=values["seats"])
                return redirect(_confirm_url(values["price"], values["seats"]))
            checkout = buy_plan(
                workspace,
                values["price"],
                gateway_code=values["gateway"],
                actor=request.user,
                seats=values["seats"],
                coupon_code=values["coupon"],
                **addresses(request),
            )
            return to_pay(checkout)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {
        "form": form,
        "subscription": subscription,
        "current": plan_of(workspace),
        "offers": _offers(list(prices)) if subscription or ways else [],
        "currency": currency,
        "currencies": [] if subscription else sorted(ways),
        "chosen": str(form["price"].value() or ""),
        "members": members_of(workspace).count(),
    }
    return render(request, "billing/plan.html", context, status=422 if form.errors else 200)


@needs("billing.manage")
def plan_confirm(request: HttpRequest) -> HttpResponse:
    """What a change costs now and from then on; a POST makes it, at the price that was shown."""
    workspace = request.workspace
    sent = request.POST if request.method == "POST" else request.GET
    if "price" not in sent:
        return redirect("money:plan")
    seats = int(sent["seats"]) if sent.get("seats", "").isdecimal() and len(sent["seats"]) < 6 else None
    try:
        price = get_price(sent["price"])
        if request.method == "POST":
            if is_paid_by_order(workspace):
                return _by_order(request, change_by_order(workspace, price, actor=request.user, seats=seats))
            shown_at = _moment(request.POST.get("shown_at", ""))
            changed = change_subscription(
                workspace, price, actor=request.user, shown_at=shown_at, seats=seats
            )
            messages.success(
                request,
                gettext("The workspace is on {name} with {seats}.").format(
                    name=changed.plan.name, seats=_seat_words(changed.seats)
                ),
            )
            return redirect("money:overview")
        preview = preview_change(workspace, price, seats=seats)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("money:plan")
    subscription = alive_subscription(workspace)
    assert subscription is not None
    taken = seats_for(workspace, price, seats)
    context = {
        "price": price,
        "seats": taken,
        "amount": amount_of(price, taken),
        "asked_seats": seats,
        "preview": preview,
        "subscription": subscription,
        "loses": _loses(subscription, price),
    }
    return render(request, "billing/plan_confirm.html", context)


def _by_order(request: HttpRequest, order: Checkout) -> HttpResponse:
    """On to the payment, or word of when the change begins."""
    if order.url:
        return to_pay(order)
    assert order.renews
    assert order.renews.period_end
    assert order.price
    begins = day_words(order.renews.period_end)
    messages.success(
        request,
        gettext("{name} begins on {begins}, when the next period is paid.").format(
            name=order.price.plan.name, begins=begins
        ),
    )
    return redirect("money:overview")


@needs("billing.manage")
def cancel(request: HttpRequest) -> HttpResponse:
    """Ask once what ends and when; a POST ends it with the paid period."""
    workspace = request.workspace
    subscription = alive_subscription(workspace)
    if subscription is None or subscription.cancel_at_period_end:
        messages.error(request, gettext("There is nothing to cancel."))
        return redirect("money:overview")
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ended = cancel_subscription(workspace, actor=request.user, reason=form.cleaned_data["reason"])
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            until = ended.period_end or ended.trial_end
            words = (
                gettext("{name} goes on until {until} and then ends.").format(
                    name=ended.plan.name, until=day_words(until)
                )
                if until and not ended.is_over
                else gettext("{name} has ended.").format(name=ended.plan.name)
            )
            messages.success(request, words)
            return redirect("money:overview")
    return render(
        request,
        "billing/cancel.html",
        {"form": form, "subscription": subscription, "plan": subscription.plan},
    )


@needs("billing.manage")
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    try:
        subscription = resume_subscription(request.workspace, actor=request.user)
        messages.success(request, gettext("{name} goes on.").format(name=subscription.plan.name))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("money:overview")


@needs("billing.manage")
@require_POST
def portal(request: HttpRequest) -> HttpResponse:
    """To the gateway's own page for cards. A page in between, since forms may not lead to other sites."""
    try:
        url = portal_url(request.workspace, return_url=request.build_absolute_uri(reverse("money:overview")))
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("money:overview")
    return render(request, "billing/leaving.html", {"url": url, "what": "your payment account"})


def _paid(subscription: Subscription | None) -> Subscription | None:
    return subscription if subscription is not None and subscription.gateway else None


def _amount(subscription: Subscription | None) -> int | None:
    if subscription is None or subscription.price is None:
        return None
    return amount_of(subscription.price, subscription.seats)


def _currency(request: HttpRequest, ways: dict[str, Any]) -> str:
    wanted = request.GET.get("currency", "") or request.POST.get("currency", "")
    return wanted if wanted in ways else next(iter(ways), "USD")


def _wanted(request: HttpRequest, prices: list[PlanPrice], subscription: Subscription | None) -> str:
    """The price that the address names, by uuid or as ?plan=pro&interval=year; or the present one."""
    plan_code, interval = request.GET.get("plan", ""), request.GET.get("interval", "month")
    for price in prices:
        named = plan_code == price.plan.code and interval == price.interval
        if named or request.GET.get("price") == str(price.uuid):
            return str(price.uuid)
    return str(subscription.price.uuid) if subscription and subscription.price else ""


def _seats(request: HttpRequest, subscription: Subscription | None) -> int | None:
    asked = request.GET.get("seats", "")
    if asked.isdecimal() and len(asked) < 6:
        return int(asked)
    if subscription is None or subscription.price is None:
        return None
    included = included_seats(subscription.price)  # these change with the plan; those beyond them are wanted
    return subscription.seats if included is not None and subscription.seats > included else None


def _confirm_url(price: PlanPrice, seats: int | None) -> str:
    address = f"{reverse('money:plan-confirm')}?price={price.uuid}"
    return f"{address}&seats={seats}" if seats else address


def _offers(prices: list[PlanPrice]) -> list[dict[str, Any]]:
    """By plan: its prices, and how many seats it includes (None: any number)."""
    found: dict[int, dict[str, Any]] = {}
    for price in prices:
        offer = found.setdefault(
            price.plan_id, {"plan": price.plan, "prices": [], "seats": included_seats(price)}
        )
        offer["prices"].append(price)
    return list(found.values())


def _loses(subscription: Subscription, price: PlanPrice) -> list[str]:
    """What the change takes away, in words; what is not built yet is missed by nobody."""
    gone = set(subscription.plan.capabilities) - set(price.plan.capabilities)
    return [one.words for key, one in CAPABILITIES.items() if key in gone and not one.is_coming]


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None  # type: ignore[assignment]
    if found is None or found.tzinfo is None:
        raise BillingRefused(gettext("Look at what the change costs once more, then confirm it."))
    return found


def _seat_words(seats: int) -> str:
    return gettext("1 seat") if seats == 1 else gettext("{seats} seats").format(seats=seats)
