"""The gateway interface, for Midtrans."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from apps.billing.choices import ENDED, CheckoutPurpose, CheckoutStatus, PaymentStatus, RefundStatus
from apps.billing.errors import GatewayRefused, NotificationBroken, SignatureWrong
from apps.billing.gateways.midtrans.client import NoSuchOrder, ask, client
from apps.billing.gateways.midtrans.orders import Course, PaidOrder, course_of
from apps.billing.gateways.midtrans.words import (
    JAKARTA,
    is_signed,
    method_of,
    minor,
    moment,
    refunds_of,
    states_of,
)
from apps.billing.gateways.states import (
    CheckoutState,
    InvoiceLineState,
    Listed,
    Notification,
    Opened,
    PaymentState,
    Preview,
    RefundState,
    State,
    SubscriptionState,
)
from apps.billing.gateways.taxes import tax_for
from apps.billing.models import (
    Checkout,
    GatewayCustomer,
    Payment,
    PlanLimit,
    PlanPrice,
    Refund,
    Subscription,
)
from apps.billing.rules.money import rounded, step
from apps.billing.rules.proration import monthly_amount, price_of, prorate, prorate_to_other_interval

log = structlog.get_logger(__name__)

LONGEST_NAME = 50  # of a line on its page
SHORTEST_OPEN = timedelta(minutes=1)
LONGEST_OPEN = timedelta(days=15)  # an order of a renewal: a week before the end, a week after


class MidtransGateway:
    """Orders are our checkouts: `Checkout.uuid` is the order's id, so no checkout can be paid twice."""

    code = "midtrans"
    name = "Midtrans"
    renews = False
    gives_invoices = False
    has_portal = False

    def is_ready(self) -> bool:
        return bool(settings.MIDTRANS_SERVER_KEY)

    def currencies(self) -> Sequence[str]:
        return ("IDR",)

    def sync_catalogue(self) -> int:
        return 0  # it keeps no prices: each order says what it costs

    # Orders

    def open_checkout(
        self, checkout: Checkout, customer: GatewayCustomer | None, *, return_url: str, cancel_url: str
    ) -> Opened:
        order = str(checkout.uuid)
        if checkout.url and checkout.external_id == order:
            return Opened(external_id=order, url=checkout.url, expires_at=checkout.expires_at)
        amount, cents = divmod(checkout.amount, step(checkout.currency))
        if cents or checkout.currency != "IDR":
            raise GatewayRefused("Midtrans takes whole rupiah.")
        now = timezone.now()
        minutes = max(SHORTEST_OPEN, checkout.expires_at - now) // timedelta(minutes=1)
        body = {
            "transaction_details": {"order_id": order, "gross_amount": amount},
            "item_details": [
                {
                    "id": checkout.purpose,
                    "name": _title(checkout)[:LONGEST_NAME],
                    "price": amount,
                    "quantity": 1,
                }
            ],
            "credit_card": {"secure": True},
            "callbacks": {"finish": return_url, "error": cancel_url},
            "expiry": {
                "start_time": now.astimezone(JAKARTA).strftime("%Y-%m-%d %H:%M:%S %z"),
                "unit": "minutes",
                "duration": minutes,
            },
        }
        made = ask(lambda: client(_notify_url()).create_transaction(body))
        return Opened(external_id=order, url=made["redirect_url"], expires_at=checkout.expires_at)

    def close_checkout(self, checkout: Checkout) -> None:
        """An order that nobody chose a way to pay for cannot be closed: it ends by itself, and we ask it then."""
        try:
            told = ask(lambda: client().transactions.status(str(checkout.uuid)))
            payment, order = states_of(told)
            if order == CheckoutStatus.COMPLETE:
                raise GatewayRefused("This checkout was paid a moment ago.")
            if payment == PaymentStatus.PENDING:
                ask(lambda: client().transactions.cancel(str(checkout.uuid)))
        except NoSuchOrder:
            return

    # Notifications

    def read_notification(self, body: bytes, headers: Mapping[str, str]) -> Notification | None:
        try:
            told = json.loads(body)
        except ValueError:
            raise NotificationBroken("The body is no JSON.") from None
        if not isinstance(told, dict) or not is_signed(told, settings.MIDTRANS_SERVER_KEY):
            raise SignatureWrong("signature_key is missing or not made with our server key.")
        try:
            order = str(UUID(told["order_id"]))
        except ValueError:
            return None  # of another shop with the same key, or the dashboard's test
        return Notification(
            event_id=sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(),  # it has no id of its own
            kind=str(told.get("transaction_status", ""))[:100],
            subject=order,
            objects=(("checkout", order),),
            made_at=moment(told.get("settlement_time") or told.get("transaction_time")) or timezone.now(),
        )

    def fetch(self, objects: Iterable[tuple[str, str]]) -> list[State]:
        """Kinds: checkout (an order's id) and subscription (its `external_id`, the first order's id)."""
        states: list[State] = []
        for kind, key in objects:
            if kind == "checkout":
                states += self._order(key)
            elif kind == "subscription":
                found = Subscription.objects.filter(gateway=self.code, external_id=key).first()
                if found is not None:
                    _one_at_a_time(found.workspace_id)
                    states += self._subscription(found.workspace_id, key)
        return states

    def _order(self, order: str) -> list[State]:
        checkout = (
            Checkout.objects.select_related("workspace", "renews")
            .filter(gateway=self.code, uuid=order)
            .first()
        )
        if checkout is None:
            log.warning("gateway_order_unknown", gateway=self.code, order=order)
            return []
        _one_at_a_time(checkout.workspace_id)
        try:
            told = ask(lambda: client().transactions.status(order))
        except NoSuchOrder:
            over = timezone.now() >= checkout.expires_at
            status = CheckoutStatus.EXPIRED if over else CheckoutStatus.OPEN
            return [CheckoutState(order=order, external_id=order, status=status)]
        payment = self._payment(checkout, told)
        _, status = states_of(told)
        if payment.status == PaymentStatus.SUCCEEDED and payment.amount != checkout.amount:
            log.error("gateway_amount_differs", order=order, asked=checkout.amount, paid=payment.amount)
            status = CheckoutStatus.FAILED
        if payment.status == PaymentStatus.SUCCEEDED and status == CheckoutStatus.COMPLETE:
            checkout.completed_at = checkout.completed_at or payment.paid_at
        states: list[State] = [
            CheckoutState(order=order, external_id=order, status=status, completed_at=checkout.completed_at)
        ]
        if checkout.purpose == CheckoutPurpose.PLAN and status == CheckoutStatus.COMPLETE:
            states += self._subscription(checkout.workspace_id, payment.subscription, also=checkout)
        return [*states, payment]

    def _payment(self, checkout: Checkout, told: Mapping[str, Any]) -> PaymentState:
        currency = str(told.get("currency") or "IDR")
        status, _ = states_of(told)
        key = str(told["transaction_id"])
        amount = minor(told.get("gross_amount"), currency)
        made_at = moment(told.get("transaction_time")) or timezone.now()
        refunds = refunds_of(told, currency)
        known = Payment.objects.filter(
            gateway=self.code, external_id=key, status=PaymentStatus.SUCCEEDED
        ).first()
        if status == PaymentStatus.CANCELED and known is not None:
            # a card's charge that was taken back before it was settled: what came in has gone out
            status = PaymentStatus.SUCCEEDED
            refunds = (
                RefundState(
                    external_id="cancel",
                    amount=amount,
                    status="succeeded",
                    made_at=made_at,
                    asked=_asked(known),
                ),
            )
        paid = status == PaymentStatus.SUCCEEDED
        is_plan = checkout.purpose == CheckoutPurpose.PLAN
        return PaymentState(
            external_id=key,
            customer="",
            purpose=checkout.purpose,
            currency=currency,
            amount=amount,
            status=status,
            made_at=made_at,
            paid_at=(known and known.paid_at) or moment(told.get("settlement_time")) or made_at
            if paid
            else None,
            refunds=refunds,
            method=method_of(told),
            failure=""
            if paid
            else str(told.get("channel_response_message") or told.get("status_message") or ""),
            order=str(checkout.uuid),
            subscription=_root(checkout) if is_plan else "",
        )

    # Subscriptions, which are ours

    def _subscription(self, workspace_id: int, root: str, *, also: Checkout | None = None) -> list[State]:
        """The state of the subscription whose first order is `root`. `also`: an order just found paid."""
        chain = Checkout.objects.filter(
            gateway=self.code, workspace_id=workspace_id, purpose=CheckoutPurpose.PLAN
        )
        paid = {
            checkout.pk: checkout
            for checkout in chain.filter(status=CheckoutStatus.COMPLETE).select_related(
                "price__plan", "renews", "workspace", "coupon"
            )
            if _root(checkout) == root
        }
        if also is not None:
            paid[also.pk] = also
        row = Subscription.objects.filter(gateway=self.code, external_id=root).first()
        now = timezone.now()
        course = course_of(
            map(_paid_order, paid.values()),
            now=now,
            ends_with_period=bool(row and row.cancel_at_period_end),
            ended_at=row.ended_at if row and row.status in ENDED else None,
        )
        if course is None:
            return []
        by_key = {checkout.price.lookup_key: checkout.price for checkout in paid.values() if checkout.price}
        any_order = next(iter(paid.values()))
        return [
            _state(
                course,
                root=root,
                workspace=str(any_order.workspace.uuid),
                price=by_key[course.now.price],
                ends=bool(row and row.cancel_at_period_end),
            )
        ]

    def preview(self, subscription: Subscription, price: PlanPrice, seats: int) -> Preview:
        """What the rest of the period costs more. A smaller plan costs nothing now and begins with the next period."""
        now = timezone.now()
        old, start, end = subscription.price, subscription.period_start, subscription.period_end
        if old is None or start is None or end is None or not start <= now < end:
            raise GatewayRefused("The next period is being paid for: change the plan after that.")
        if end > _longest(start, old.interval):
            raise GatewayRefused("The next period is paid for already: change the plan when it has begun.")
        old_amount = rounded(_full(old, subscription.seats) * self._paid_part(subscription), price.currency)
        new_amount = _full(price, seats)
        work_out = prorate if price.interval == old.interval else prorate_to_other_interval
        cost = work_out(old_amount, new_amount, start=start, end=end, at=now, currency=price.currency)
        lines: tuple[InvoiceLineState, ...] = (
            InvoiceLineState(
                text=f"Rest of {_called(price)}", amount=cost.charge, period_start=now, period_end=end
            ),
            InvoiceLineState(text=f"Unused time of {_called(old)}", amount=-cost.credit),
        )
        tax = tax_for(subscription.workspace, max(0, cost.due), price.currency)
        if tax.amount:
            lines = (
                *lines,
                InvoiceLineState(text=f"{tax.name} {tax.percent.normalize():f} %", amount=tax.amount),
            )
        return Preview(
            due_now=max(0, cost.due) + tax.amount,
            next_amount=new_amount,
            next_at=end,
            currency=price.currency,
            lines=lines if cost.due > 0 else (),
            asked_at=now,
            tax=tax.amount,
        )

    def _paid_part(self, subscription: Subscription) -> Fraction:
        """Which part of the price was paid for the present period: less than 1 with a coupon."""
        orders = Checkout.objects.filter(
            gateway=self.code,
            workspace=subscription.workspace_id,
            status=CheckoutStatus.COMPLETE,
            purpose=CheckoutPurpose.PLAN,
            prolongs=True,
        )
        last = orders.select_related("price__plan").order_by("-completed_at", "-id").first()
        if last is None or last.price is None:
            return Fraction(1)
        return min(Fraction(1), Fraction(last.amount - last.tax, _full(last.price, last.seats)))

    def change(
        self, subscription: Subscription, price: PlanPrice, seats: int, *, shown_at: datetime
    ) -> list[State]:
        raise GatewayRefused(
            "With Midtrans a change is paid as an order of its own, on the page Plan and billing."
        )

    def cancel(self, subscription: Subscription, *, at_period_end: bool) -> list[State]:
        _one_at_a_time(subscription.workspace_id)
        ended = None if at_period_end else timezone.now()
        return [_as_it_stands(subscription, ends=at_period_end, ended_at=ended)]

    def resume(self, subscription: Subscription) -> list[State]:
        _one_at_a_time(subscription.workspace_id)
        return [_as_it_stands(subscription, ends=False, ended_at=None)]

    def portal_url(self, customer: GatewayCustomer, *, return_url: str) -> str:
        raise GatewayRefused("Midtrans has no page for customers.")

    # Money back, and the books

    def refund(self, payment: Payment, refund: Refund) -> list[State]:
        """A card's charge that is not settled yet can only be taken back as a whole."""
        order = str(payment.checkout.uuid) if payment.checkout else payment.external_id
        told = ask(lambda: client().transactions.status(order))
        if told.get("transaction_status") == "capture":
            if refund.amount != payment.amount:
                raise GatewayRefused(
                    "The card payment is settled within a day; until then only all of it can go back."
                )
            ask(lambda: client().transactions.cancel(order))
        elif not any(one.asked == str(refund.uuid) for one in refunds_of(told, payment.currency)):
            body = {
                "refund_key": str(refund.uuid),
                "amount": refund.amount // step(payment.currency),
                "reason": refund.reason[:255],
            }
            answer = ask(lambda: client().transactions.refund(order, body))
            if str(answer.get("status_code")) != "200":
                raise GatewayRefused(f"Midtrans refused the refund: {answer.get('status_message')}")
        return self._order(order)

    def listed(self, since: datetime, until: datetime) -> Iterable[Listed]:
        """Midtrans has no list to ask for: each order of ours of that time is asked for, whatever we think of it."""
        made = Q(created_at__gte=since - LONGEST_OPEN) | Q(payments__refunds__made_at__gte=since)
        orders = Checkout.objects.filter(made, gateway=self.code, created_at__lt=until).exclude(
            external_id=""
        )
        for order in orders.order_by("id").values_list("uuid", flat=True).distinct().iterator():
            yield from self._listed_of(str(order))

    def _listed_of(self, order: str) -> Iterable[Listed]:
        def asked() -> dict[str, Any]:
            return ask(lambda: client().transactions.status(order))

        try:
            told = asked()
        except NoSuchOrder:
            return
        currency = str(told.get("currency") or "IDR")
        made_at = moment(told.get("transaction_time")) or timezone.now()
        key = str(told["transaction_id"])
        yield Listed(
            kind="payment",
            external_id=key,
            amount=minor(told.get("gross_amount"), currency),
            currency=currency,
            status=states_of(told)[0],
            made_at=made_at,
            order=order,
        )
        for one in refunds_of(told, currency):
            yield Listed(
                kind="refund",
                external_id=f"{key}:{one.external_id}",
                amount=one.amount,
                currency=currency,
                status=one.status,
                made_at=one.made_at,
                order=order,
            )


def _notify_url() -> str:
    return f"{settings.SITE_URL}/billing/webhooks/midtrans/"


def _one_at_a_time(workspace_id: int) -> None:
    """Until the transaction ends nobody else reads a workspace's orders: their subscription comes of all of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 8))", [f"midtrans:workspace:{workspace_id}"]
        )


def _root(checkout: Checkout) -> str:
    """The first order of the subscription that this one belongs to."""
    return checkout.renews.external_id if checkout.renews else str(checkout.uuid)


def _paid_order(checkout: Checkout) -> PaidOrder:
    assert checkout.price
    assert checkout.completed_at
    return PaidOrder(
        paid_at=checkout.completed_at,
        number=checkout.pk,
        price=checkout.price.lookup_key,
        interval=checkout.price.interval,
        seats=checkout.seats,
        prolongs=checkout.prolongs,
    )


def _state(course: Course, *, root: str, workspace: str, price: PlanPrice, ends: bool) -> SubscriptionState:
    return SubscriptionState(
        external_id=root,
        customer="",
        workspace=workspace,
        price=price.lookup_key,
        seats=course.now.seats,
        status=course.status,
        started_at=course.started_at,
        period_start=course.now.start,
        period_end=course.paid_until,
        currency=price.currency,
        monthly_amount=monthly_amount(_full(price, course.now.seats), price.interval),
        order=root,
        cancel_at_period_end=ends,
        ended_at=course.ended_at,
    )


def _as_it_stands(subscription: Subscription, *, ends: bool, ended_at: datetime | None) -> SubscriptionState:
    """The subscription with another end; read anew, since what was paid meanwhile counts."""
    subscription = Subscription.objects.select_related("price__plan", "workspace").get(pk=subscription.pk)
    assert subscription.price
    return SubscriptionState(
        external_id=subscription.external_id,
        customer="",
        workspace=str(subscription.workspace.uuid),
        price=subscription.price.lookup_key,
        seats=subscription.seats,
        status="canceled" if ended_at else subscription.status,
        started_at=subscription.started_at,
        period_start=subscription.period_start,
        period_end=subscription.period_end,
        currency=subscription.currency,
        monthly_amount=subscription.monthly_amount,
        order=subscription.external_id,
        cancel_at_period_end=ends,
        ended_at=ended_at,
    )


def _full(price: PlanPrice, seats: int) -> int:
    """Minor units for one interval."""
    limit = PlanLimit.objects.filter(plan=price.plan_id, meter="seats").first()
    included = 1 if limit is None else limit.amount
    return price_of(price.amount, price.seat_amount, seats, seats if included is None else included)


def _longest(start: datetime, interval: str) -> datetime:
    """The end of one period, with a day to spare for months that begin at their end."""
    return start + timedelta(days=367 if interval == "year" else 32)


def _called(price: PlanPrice) -> str:
    return f"{price.plan.name}, {price.get_interval_display().lower()}"


def _title(checkout: Checkout) -> str:
    if checkout.price:
        return _called(checkout.price)
    return f"{checkout.pack.credits:,} credits" if checkout.pack else "Candlewright"


def _asked(payment: Payment) -> str:
    """The refund of ours that waits for an answer: taking back a charge tells no key."""
    waiting = payment.refunds.filter(external_id="", status=RefundStatus.PENDING).order_by("id").first()
    return str(waiting.uuid) if waiting else ""
