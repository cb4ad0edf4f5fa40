"""Buying: a checkout is ours first, with its own id, then the gateway's, so that nothing can be paid twice."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.accounts.selectors import members_of
from apps.billing.choices import ENDED, CheckoutPurpose, CheckoutStatus, SubscriptionStatus
from apps.billing.errors import BillingRefused, GatewayRefused, GatewayUnreachable
from apps.billing.gateways.base import Gateway
from apps.billing.gateways.registry import gateway
from apps.billing.gateways.states import CheckoutState
from apps.billing.gateways.taxes import tax_for
from apps.billing.models import Checkout, CreditPack, GatewayCustomer, PlanLimit, PlanPrice, Subscription
from apps.billing.services.applying import apply_states
from apps.billing.services.coupons import coupon_for, discount_of, free_coupon, use_coupon
from apps.billing.services.gateway_events import subject_locked, subject_of
from apps.journal.services import record

OPEN_FOR = timedelta(hours=24)


def buy_plan(
    workspace: Workspace,
    price: PlanPrice,
    *,
    gateway_code: str,
    actor: User,
    return_url: str,
    cancel_url: str,
    seats: int | None = None,
    coupon_code: str = "",
) -> Checkout:
    """Begin to buy a plan; the checkout's `url` is where it is paid.

    `return_url` and `cancel_url` may hold "{checkout}" for its uuid. `seats` counts those the plan includes; by
    default exactly them, or as many as there are members. Raises BillingRefused, CouponRefused, GatewayUnreachable.
    """
    provider = _open_gateway(gateway_code, price.currency)
    if not (price.is_active and price.plan.is_current and price.plan.is_offered):
        raise BillingRefused(gettext("This price is not sold any more. Choose a plan again."), field="price")
    alive = alive_subscription(workspace)
    if alive is not None and alive.gateway:
        raise BillingRefused(
            gettext("The workspace has a subscription to {name} already: change that one.").format(
                name=alive.plan.name
            ),
            field="price",
        )
    seats = seats_for(workspace, price, seats)
    coupon = coupon_for(workspace, coupon_code, price) if coupon_code.strip() else None
    full = amount_of(price, seats)
    net = full - discount_of(coupon, full)
    tax = _tax_on(workspace, net, price.currency, provider)
    _close_open(workspace)
    with transaction.atomic():
        checkout = Checkout.objects.create(
            workspace=workspace,
            gateway=gateway_code,
            purpose=CheckoutPurpose.PLAN,
            price=price,
            seats=seats,
            coupon=coupon,
            currency=price.currency,
            amount=net + tax,
            tax=tax,
            expires_at=timezone.now() + OPEN_FOR,
            started_by=actor,
        )
        use_coupon(checkout)
        _record_start(checkout, actor)
    return _open(provider, checkout, return_url, cancel_url)


def buy_credits(
    workspace: Workspace,
    pack: CreditPack,
    *,
    gateway_code: str,
    actor: User,
    return_url: str,
    cancel_url: str,
) -> Checkout:
    """Begin to buy a pack of credits, as `buy_plan`. Raises BillingRefused, GatewayUnreachable."""
    provider = _open_gateway(gateway_code, pack.currency)
    if not pack.is_active:
        raise BillingRefused(gettext("This pack is not sold any more. Choose another."), field="pack")
    tax = _tax_on(workspace, pack.amount, pack.currency, provider)
    with transaction.atomic():
        checkout = Checkout.objects.create(
            workspace=workspace,
            gateway=gateway_code,
            purpose=CheckoutPurpose.CREDITS,
            pack=pack,
            currency=pack.currency,
            amount=pack.amount + tax,
            tax=tax,
            expires_at=timezone.now() + OPEN_FOR,
            started_by=actor,
        )
        _record_start(checkout, actor)
    return _open(provider, checkout, return_url, cancel_url)


def look_up(checkout: Checkout) -> Checkout:
    """Ask the gateway how an open checkout stands and take it over, without waiting for its webhook."""
    if not checkout.external_id or checkout.status != CheckoutStatus.OPEN:
        return checkout
    code, asked = checkout.gateway, [("checkout", checkout.external_id)]
    subject = subject_of(checkout.workspace_id, code, str(checkout.uuid))
    with subject_locked(code, subject):
        states = gateway(code).fetch(asked)
        customer = next((one.customer for one in states if isinstance(one, CheckoutState)), "")
        if customer in ("", subject):
            apply_states(code, states)
        else:  # the first purchase of a new customer, whose events wait for another lock
            with subject_locked(code, customer):
                apply_states(code, gateway(code).fetch(asked))
    checkout.refresh_from_db()
    return checkout


def expire_checkouts() -> int:
    """Bring checkouts whose time is over to their end. Returns how many were looked at."""
    over = list(Checkout.objects.filter(status=CheckoutStatus.OPEN, expires_at__lte=timezone.now()))
    for checkout in over:
        try:
            look_up(checkout)
        except (GatewayUnreachable, GatewayRefused):
            continue  # the next round asks again
        if checkout.status == CheckoutStatus.OPEN:
            _drop(checkout, CheckoutStatus.EXPIRED)
    return len(over)


def alive_subscription(workspace: Workspace) -> Subscription | None:
    """The one subscription (or trial) of the workspace that has not ended."""
    return (
        Subscription.objects.filter(workspace=workspace)
        .exclude(status__in=[*ENDED, SubscriptionStatus.INCOMPLETE])
        .select_related("plan", "price__plan")
        .first()
    )


def included_seats(price: PlanPrice) -> int | None:
    """How many seats the plan includes; None: any number."""
    limit = PlanLimit.objects.filter(plan=price.plan_id, meter="seats").first()
    return 1 if limit is None else limit.amount


def seats_for(workspace: Workspace, price: PlanPrice, wanted: int | None) -> int:
    """How many seats to buy. Raises BillingRefused for too few, or for more where none are sold."""
    included = included_seats(price)
    members = members_of(workspace).count()
    least = max(members, included or 1)
    seats = least if wanted is None else max(wanted, included or 1)
    if seats < members:
        raise BillingRefused(
            gettext(
                "The workspace has {members} members, so it needs as many seats; {seats} were asked for."
            ).format(members=members, seats=seats),
            field="seats",
        )
    if included is not None and seats > included and price.seat_amount is None:
        raise BillingRefused(
            gettext("{name} has {included} seats and sells no more; {seats} are needed.").format(
                name=price.plan.name, included=included, seats=seats
            ),
            field="seats",
        )
    return seats


def amount_of(price: PlanPrice, seats: int) -> int:
    """Minor units for one interval: the plan, and the seats beyond those it includes."""
    included = included_seats(price)
    extra = 0 if included is None else max(0, seats - included)
    return price.amount + extra * (price.seat_amount or 0)


def _tax_on(workspace: Workspace, net: int, currency: str, provider: Gateway) -> int:
    """Minor units on top, where the invoice is ours; a gateway that gives invoices works its tax out itself."""
    return 0 if provider.gives_invoices else tax_for(workspace, net, currency).amount


def _open_gateway(code: str, currency: str) -> Gateway:
    """The gateway, if it can be paid with in this currency now."""
    provider = gateway(code)
    if not provider.is_ready():
        raise BillingRefused(
            gettext("{name} is not set up on this installation. Ask whoever runs it.").format(
                name=provider.name
            ),
            field="gateway",
        )
    if currency not in provider.currencies():
        raise BillingRefused(
            gettext("{name} takes {join}, not {currency}.").format(
                name=provider.name, join=", ".join(provider.currencies()), currency=currency
            ),
            field="gateway",
        )
    return provider


def _open(provider: Gateway, checkout: Checkout, return_url: str, cancel_url: str) -> Checkout:
    """Have the gateway make its page. If it cannot, the checkout ends, and its coupon is free again."""
    customer = GatewayCustomer.objects.filter(workspace=checkout.workspace, gateway=checkout.gateway).first()
    mark = str(checkout.uuid)
    try:
        opened = provider.open_checkout(
            checkout,
            customer,
            return_url=return_url.replace("{checkout}", mark),
            cancel_url=cancel_url.replace("{checkout}", mark),
        )
    except (GatewayUnreachable, GatewayRefused):
        _drop(checkout, CheckoutStatus.FAILED)
        raise
    checkout.external_id = opened.external_id
    checkout.url = opened.url
    checkout.expires_at = opened.expires_at
    checkout.save(update_fields=["external_id", "url", "expires_at", "updated_at"])
    return checkout


def _close_open(workspace: Workspace) -> None:
    """No two open checkouts of a plan: the earlier ones can no longer be paid. Raises BillingRefused if one was."""
    waiting = Checkout.objects.filter(
        workspace=workspace, purpose=CheckoutPurpose.PLAN, status=CheckoutStatus.OPEN
    ).exclude(external_id="")
    for checkout in waiting:
        try:
            gateway(checkout.gateway).close_checkout(checkout)
        except GatewayRefused as error:
            look_up(checkout)
            raise BillingRefused(
                gettext("An earlier checkout was paid a moment ago. Look at the plan again.")
            ) from error
        look_up(checkout)
        if checkout.status == CheckoutStatus.OPEN:
            _drop(checkout, CheckoutStatus.EXPIRED)


@transaction.atomic
def _drop(checkout: Checkout, status: CheckoutStatus) -> None:
    changed = Checkout.objects.filter(pk=checkout.pk, status=CheckoutStatus.OPEN).update(
        status=status, updated_at=timezone.now()
    )
    checkout.refresh_from_db()
    if changed:
        free_coupon(checkout)


def _record_start(checkout: Checkout, actor: User) -> None:
    record(
        actor=actor,
        workspace=checkout.workspace,
        action="billing.checkout.started",
        target=checkout,
        changes={
            "purpose": checkout.purpose,
            "amount": checkout.amount,
            "currency": checkout.currency,
            "gateway": checkout.gateway,
        },
    )
