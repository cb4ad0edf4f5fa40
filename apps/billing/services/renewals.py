"""Subscriptions at gateways that charge nothing by themselves: each period, and each change, is paid by an order.

Seven days before the paid time ends the workspace is asked for the next payment. It may be paid for seven days after
the end as well; then the subscription ends. A smaller plan begins with the period that is paid next.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.billing.choices import ENDED, CheckoutPurpose, CheckoutStatus, Interval, SubscriptionStatus
from apps.billing.errors import BillingRefused, GatewayRefused, GatewayUnreachable
from apps.billing.gateways.registry import gateway, ready_gateways
from apps.billing.gateways.taxes import tax_for
from apps.billing.models import Checkout, PlanPrice, Subscription
from apps.billing.services.applying import apply_states
from apps.billing.services.checkouts import amount_of, look_up, seats_for
from apps.billing.services.gateway_events import subject_locked
from apps.billing.services.subscriptions import paid_subscription, preview_change
from apps.billing.services.telling import tell_renewal
from apps.journal.services import record

log = structlog.get_logger(__name__)

AHEAD = timedelta(days=7)
SHORTEST_MONTH, SHORTEST_YEAR = timedelta(days=28), timedelta(days=365)
GRACE = timedelta(days=7)  # as long as the gateways' own folders give it


def is_paid_by_order(workspace: Workspace) -> bool:
    """Whether a change of its subscription is paid as an order, rather than carried out by the gateway."""
    return not gateway(paid_subscription(workspace).gateway).renews


@transaction.atomic
def change_by_order(
    workspace: Workspace, price: PlanPrice, *, actor: User, seats: int | None = None
) -> Checkout:
    """Change a subscription whose gateway does not charge by itself.

    More than what is paid already: a checkout for the difference until the period's end; its `url` is where it is
    paid, and the change holds from then on. Otherwise the change begins with the next period, for which a checkout
    without a `url` waits. Raises BillingRefused, GatewayRefused, GatewayUnreachable.
    """
    subscription = Subscription.objects.select_for_update(of=("self",)).get(
        pk=paid_subscription(workspace).pk
    )
    provider = next((one for one in ready_gateways() if one.code == subscription.gateway), None)
    if provider is None or provider.renews:
        raise BillingRefused(gettext("This subscription is changed at once, without an order."))
    seats = seats_for(workspace, price, seats)
    cost = preview_change(workspace, price, seats=seats)
    assert subscription.period_end is not None
    _drop_planned(subscription)
    now_or_later = cost.due_now > 0
    net = cost.due_now - cost.tax if now_or_later else amount_of(price, seats)
    tax = tax_for(workspace, net, price.currency).amount
    checkout = Checkout.objects.create(
        workspace=workspace,
        gateway=subscription.gateway,
        purpose=CheckoutPurpose.PLAN,
        price=price,
        seats=seats,
        renews=subscription,
        prolongs=not now_or_later,
        currency=price.currency,
        amount=net + tax,
        tax=tax,
        expires_at=min(timezone.now() + timedelta(hours=24), subscription.period_end)
        if now_or_later
        else subscription.period_end + GRACE,
        started_by=actor,
    )
    record(
        actor=actor,
        workspace=workspace,
        action="billing.subscription.change_asked",
        target=subscription,
        changes={
            "price": price.lookup_key,
            "seats": seats,
            "amount": checkout.amount,
            "at_once": now_or_later,
        },
    )
    if now_or_later:
        _open_page(checkout)
    return checkout


def planned_change(subscription: Subscription) -> Checkout | None:
    """The order of the next period, where it was made already: another plan, or one that waits to be paid."""
    return (
        Checkout.objects.filter(renews=subscription, prolongs=True, status=CheckoutStatus.OPEN)
        .select_related("price__plan")
        .order_by("-id")
        .first()
    )


def ask_for_renewals(now: datetime | None = None) -> int:
    """Make and tell of the orders that are due. Returns how many are new. What a gateway cannot do now, it is asked
    again in an hour."""
    now = now or timezone.now()
    asked = 0
    due = _alive().filter(cancel_at_period_end=False, period_end__lte=now + AHEAD, period_end__gt=now - GRACE)
    for pk in due.values_list("pk", flat=True):
        try:
            with transaction.atomic():
                asked += _ask(pk)
        except (GatewayUnreachable, GatewayRefused, BillingRefused) as error:
            log.warning("renewal_not_asked_for", subscription=pk, why=error.message)
    return asked


def move_on(now: datetime | None = None) -> int:
    """Bring subscriptions to where they stand now: a period paid ahead, overdue, or over. Returns how many it saw.

    An order that was paid without our hearing of it is looked up first, so that nobody who paid is ended.
    """
    now = now or timezone.now()
    month_over = Q(price__interval=Interval.MONTH, period_start__lte=now - SHORTEST_MONTH)
    year_over = Q(price__interval=Interval.YEAR, period_start__lte=now - SHORTEST_YEAR)
    over = list(_alive().filter(Q(period_end__lte=now) | month_over | year_over))
    for subscription in over:
        try:
            for checkout in _orders_of(subscription).exclude(external_id=""):
                look_up(checkout)
            with subject_locked(subscription.gateway, subscription.external_id):
                provider = next(one for one in ready_gateways() if one.code == subscription.gateway)
                apply_states(provider.code, provider.fetch([("subscription", subscription.external_id)]))
        except (GatewayUnreachable, GatewayRefused) as error:
            log.warning("renewal_not_looked_up", subscription=subscription.pk, why=error.message)
            continue
        subscription.refresh_from_db()
        if subscription.status in ENDED:
            _orders_of(subscription).update(status=CheckoutStatus.EXPIRED, updated_at=timezone.now())
    return len(over)


def _alive() -> QuerySet[Subscription]:
    codes = [one.code for one in ready_gateways() if not one.renews]
    return Subscription.objects.filter(
        gateway__in=codes, status__in=[SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE]
    ).order_by("pk")


def _orders_of(subscription: Subscription) -> QuerySet[Checkout]:
    return Checkout.objects.filter(renews=subscription, status=CheckoutStatus.OPEN)


def _ask(pk: int) -> int:
    """Make the order of the next period and its page, unless it is there. Whoever comes second waits and finds it."""
    subscription = (
        Subscription.objects.select_for_update(of=("self",))
        .select_related("workspace", "price__plan")
        .get(pk=pk)
    )
    price, end = subscription.price, subscription.period_end
    assert price is not None
    assert end is not None
    checkout = planned_change(subscription)
    if checkout is not None and checkout.url:
        return 0
    if checkout is None:
        seats = seats_for(subscription.workspace, price, subscription.seats)
        net = amount_of(price, seats)
        tax = tax_for(subscription.workspace, net, price.currency).amount
        checkout = Checkout.objects.create(
            workspace=subscription.workspace,
            gateway=subscription.gateway,
            purpose=CheckoutPurpose.PLAN,
            price=price,
            seats=seats,
            renews=subscription,
            currency=price.currency,
            amount=net + tax,
            tax=tax,
            expires_at=end + GRACE,
        )
        record(
            actor=None,
            workspace=subscription.workspace,
            action="billing.renewal.asked",
            target=checkout,
            changes={"amount": checkout.amount, "currency": checkout.currency},
        )
    _open_page(checkout)
    tell_renewal(subscription, checkout)
    return 1


def _open_page(checkout: Checkout) -> None:
    provider = next(one for one in ready_gateways() if one.code == checkout.gateway)
    back = f"{settings.SITE_URL}/settings/workspace/billing/checkouts/{checkout.uuid}/"
    opened = provider.open_checkout(checkout, None, return_url=back, cancel_url=back)
    checkout.external_id, checkout.url, checkout.expires_at = (
        opened.external_id,
        opened.url,
        opened.expires_at,
    )
    checkout.save(update_fields=["external_id", "url", "expires_at", "updated_at"])


def _drop_planned(subscription: Subscription) -> None:
    """Another wish takes the place of an earlier one. Raises BillingRefused when that is being paid."""
    if _orders_of(subscription).exclude(external_id="").exists():
        raise BillingRefused(
            gettext("A payment for this subscription waits already: pay it, or let it expire.")
        )
    _orders_of(subscription).update(status=CheckoutStatus.EXPIRED, updated_at=timezone.now())
