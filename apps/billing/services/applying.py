"""The one place where what a gateway says becomes what we hold.

Everything here may be repeated: a state that was applied before changes nothing. The caller asked for the states while
it held the subject's lock (`services.gateway_events.subject_locked`), so a later call never brings an older state.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.billing.choices import (
    ENDED,
    GIVING,
    BucketSource,
    ChangeKind,
    CheckoutPurpose,
    CheckoutStatus,
    PaymentStatus,
    RefundStatus,
    SubscriptionStatus,
)
from apps.billing.gateways.registry import gateway
from apps.billing.gateways.states import (
    CheckoutState,
    InvoiceState,
    PaymentState,
    RefundState,
    State,
    SubscriptionState,
)
from apps.billing.models import (
    Checkout,
    GatewayCustomer,
    Invoice,
    InvoiceLine,
    Payment,
    PlanPrice,
    Refund,
    Subscription,
    SubscriptionChange,
)
from apps.billing.services.coupons import free_coupon
from apps.billing.services.credits import grant_credits, take_back_credits
from apps.billing.services.invoices import issue_credit_note, issue_invoice
from apps.billing.services.plans import BASE_PLAN, change_plan
from apps.billing.services.telling import tell_payment, tell_refund, tell_subscription
from apps.journal.services import record

log = structlog.get_logger(__name__)

PAYING = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


@transaction.atomic
def apply_states(code: str, states: Iterable[State]) -> None:
    """Take over states of the gateway `code`, in their order. What is nobody's here is logged and left alone."""
    for state in states:
        match state:
            case CheckoutState():
                _apply_checkout(code, state)
            case SubscriptionState():
                _apply_subscription(code, state)
            case InvoiceState():
                _apply_invoice(code, state)
            case PaymentState():
                _apply_payment(code, state)


def _apply_checkout(code: str, state: CheckoutState) -> None:
    checkout = _checkout_of(code, state.order)
    if checkout is None:
        log.warning("gateway_order_unknown", gateway=code, order=state.order)
        return
    if state.customer:
        know_customer(checkout.workspace, code, state.customer)
    if checkout.status == CheckoutStatus.COMPLETE:
        return
    checkout.external_id = state.external_id
    checkout.status = state.status
    checkout.completed_at = state.completed_at
    checkout.save(update_fields=["external_id", "status", "completed_at", "updated_at"])
    if state.status in (CheckoutStatus.EXPIRED, CheckoutStatus.FAILED):
        free_coupon(checkout)


def _apply_subscription(code: str, state: SubscriptionState) -> None:
    workspace = _workspace_of(code, customer=state.customer, uuid=state.workspace)
    if workspace is None:
        log.warning("gateway_subscription_unknown", gateway=code, subscription=state.external_id)
        return
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    price = _price_of(state.price)
    mine = Subscription.objects.filter(workspace=workspace)
    subscription = mine.filter(gateway=code, external_id=state.external_id).first()
    is_new = subscription is None
    if subscription is None:
        subscription = Subscription(workspace=workspace, gateway=code, external_id=state.external_id)
    before = Worth.of(subscription)
    status = SubscriptionStatus(state.status)
    if status not in (*ENDED, SubscriptionStatus.INCOMPLETE):
        _end_trials(mine)
        other = mine.exclude(pk=subscription.pk).exclude(status__in=[*ENDED, SubscriptionStatus.INCOMPLETE])
        if other.exists():
            # the daily comparison shows it to staff until one of the two is ended at the gateway
            log.error(
                "second_subscription", gateway=code, subscription=state.external_id, workspace=workspace.pk
            )
            return
    moved = is_new or (subscription.status, subscription.plan_id) != (status, price.plan_id)
    overdue = status == SubscriptionStatus.PAST_DUE
    subscription.plan = price.plan
    subscription.price = price
    subscription.seats = state.seats
    subscription.status = status
    subscription.started_at = state.started_at
    subscription.period_start = state.period_start
    subscription.period_end = state.period_end
    subscription.trial_end = state.trial_end
    subscription.cancel_at_period_end = state.cancel_at_period_end
    subscription.ended_at = state.ended_at if status in ENDED else None
    subscription.monthly_amount = state.monthly_amount
    subscription.currency = state.currency
    subscription.past_due_since = (subscription.past_due_since or timezone.now()) if overdue else None
    subscription.save()
    _keep_change(subscription, before)
    if moved:
        record(
            actor=None,
            workspace=workspace,
            action="billing.subscription.changed",
            target=subscription,
            changes={
                "status": [before.status, status],
                "plan": [before.plan, price.plan.code],
                "gateway": code,
            },
        )
        tell_subscription(subscription, before=before.status)
    settle_plan(workspace)


def _apply_invoice(code: str, state: InvoiceState) -> None:
    workspace = _workspace_of(code, customer=state.customer)
    if workspace is None:
        log.warning("gateway_invoice_unknown", gateway=code, invoice=state.external_id)
        return
    invoice, _ = Invoice.objects.update_or_create(
        gateway=code,
        external_id=state.external_id,
        defaults={
            "workspace_id": workspace.pk,
            "number": state.number,
            "status": state.status,
            "currency": state.currency,
            "subtotal": state.subtotal,
            "discount": state.discount,
            "tax": state.tax,
            "total": state.total,
            "buyer": state.buyer,
            "hosted_url": state.hosted_url,
            "pdf_url": state.pdf_url,
            "issued_at": state.issued_at,
            "paid_at": state.paid_at,
        },
    )
    invoice.lines.all().delete()
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            place=place,
            text=line.text[:300],
            quantity=line.quantity,
            amount=line.amount,
            period_start=line.period_start,
            period_end=line.period_end,
        )
        for place, line in enumerate(state.lines, start=1)
    )


def _apply_payment(code: str, state: PaymentState) -> None:
    checkout = _checkout_of(code, state.order) if state.order else None
    workspace = checkout.workspace if checkout else _workspace_of(code, customer=state.customer)
    if workspace is None:
        log.warning("gateway_payment_unknown", gateway=code, payment=state.external_id)
        return
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    payment = Payment.objects.filter(gateway=code, external_id=state.external_id).first()
    before = payment.status if payment else ""
    if payment is None:
        payment = Payment(workspace_id=workspace.pk, gateway=code, external_id=state.external_id)
    succeeded_refunds = sum(one.amount for one in state.refunds if one.status == RefundStatus.SUCCEEDED)
    payment.purpose = state.purpose
    payment.checkout = checkout or payment.checkout
    payment.subscription = (
        Subscription.objects.filter(gateway=code, external_id=state.subscription).first()
        if state.subscription
        else payment.subscription
    )
    if state.invoice:
        payment.invoice = Invoice.objects.filter(gateway=code, external_id=state.invoice).first()
    payment.currency = state.currency
    payment.amount = state.amount
    payment.refunded = succeeded_refunds
    payment.fee = state.fee
    payment.status = state.status
    payment.method = state.method[:60]
    payment.failure = state.failure[:300]
    payment.made_at = state.made_at
    payment.paid_at = state.paid_at
    payment.save()
    if payment.status == PaymentStatus.SUCCEEDED and before != PaymentStatus.SUCCEEDED:
        _succeeded(workspace, payment)
    elif payment.status == PaymentStatus.FAILED and before != PaymentStatus.FAILED:
        _failed(workspace, payment)
    for one in state.refunds:
        _apply_refund(workspace, payment, one)


def _apply_refund(workspace: Workspace, payment: Payment, state: RefundState) -> None:
    mine = Refund.objects.filter(payment=payment)
    refund = mine.filter(external_id=state.external_id).first()
    if refund is None and state.asked:
        refund = mine.filter(uuid=state.asked).first()
    if refund is None:
        refund = Refund(payment=payment, reason=state.reason[:300])
    before = refund.status if refund.pk else ""
    refund.external_id = state.external_id
    refund.amount = state.amount
    refund.status = state.status
    refund.made_at = state.made_at
    refund.save()
    if refund.status == RefundStatus.SUCCEEDED and before != RefundStatus.SUCCEEDED:
        _given_back(workspace, payment, refund)


def _succeeded(workspace: Workspace, payment: Payment) -> None:
    """Money came in: what it bought is given, in the same transaction."""
    record(
        actor=None,
        workspace=workspace,
        action="billing.payment.succeeded",
        target=payment,
        changes={"amount": payment.amount, "currency": payment.currency, "purpose": payment.purpose},
    )
    pack = payment.checkout.pack if payment.checkout else None
    if payment.purpose == CheckoutPurpose.CREDITS and pack is not None:
        grant_credits(
            workspace,
            pack.credits,
            key=f"purchase:{payment.uuid}",
            source=BucketSource.PURCHASED,
            actor=None,
            reference=f"billing.payment:{payment.uuid}",
        )
    if not gateway(payment.gateway).gives_invoices:
        issue_invoice(payment)
    tell_payment(workspace, payment)


def _failed(workspace: Workspace, payment: Payment) -> None:
    record(
        actor=None,
        workspace=workspace,
        action="billing.payment.failed",
        target=payment,
        changes={"amount": payment.amount, "currency": payment.currency, "why": payment.failure},
    )
    tell_payment(workspace, payment)


def _given_back(workspace: Workspace, payment: Payment, refund: Refund) -> None:
    """Money went back: its share of the bought credits goes too, as far as they are unspent."""
    record(
        actor=None,
        workspace=workspace,
        action="billing.payment.refunded",
        target=payment,
        changes={"amount": refund.amount, "currency": payment.currency},
    )
    issue_credit_note(refund)
    tell_refund(workspace, payment, refund)
    pack = payment.checkout.pack if payment.checkout else None
    if payment.purpose == CheckoutPurpose.CREDITS and pack is not None:
        share = pack.credits * refund.amount // payment.amount
        if share:
            take_back_credits(
                workspace, share, key=f"refund:{refund.uuid}", reference=f"billing.refund:{refund.uuid}"
            )


def settle_plan(workspace: Workspace) -> None:
    """Put the workspace on the plan that its subscription gives; without one that gives any, on the base plan."""
    giving = (
        Subscription.objects.filter(workspace=workspace, status__in=GIVING).select_related("plan").first()
    )
    if giving is None:
        change_plan(workspace, BASE_PLAN, actor=None)
    else:
        change_plan(workspace, giving.plan.code, version=giving.plan.version, actor=None)


def know_customer(workspace: Workspace, code: str, external_id: str) -> GatewayCustomer:
    """Keep what the gateway calls this workspace."""
    return GatewayCustomer.objects.update_or_create(
        workspace=workspace, gateway=code, defaults={"external_id": external_id}
    )[0]


class Worth:
    """What a subscription was before a change: its words, and what it brought a month."""

    def __init__(self, status: str, plan: str, amount: int, currency: str) -> None:
        self.status, self.plan, self.amount, self.currency = status, plan, amount, currency

    @classmethod
    def of(cls, subscription: Subscription) -> Worth:
        if subscription.pk is None:
            return cls("", "", 0, "")
        pays = subscription.status in PAYING
        return cls(
            subscription.status,
            subscription.plan.code if pays else "",
            subscription.monthly_amount if pays else 0,
            subscription.currency,
        )


def _keep_change(subscription: Subscription, before: Worth) -> None:
    """A line for the revenue reports, if the month's revenue or the paying plan is another now."""
    now = Worth.of(subscription)
    if (now.amount, now.plan) == (before.amount, before.plan):
        return
    if not before.plan:
        paid_once = SubscriptionChange.objects.filter(workspace_id=subscription.workspace_id).exists()
        kind = ChangeKind.RETURN if paid_once else ChangeKind.NEW
    elif not now.plan:
        kind = ChangeKind.CHURN
    else:
        kind = ChangeKind.EXPANSION if now.amount >= before.amount else ChangeKind.CONTRACTION
    SubscriptionChange.objects.create(
        workspace_id=subscription.workspace_id,
        subscription_uuid=subscription.uuid,
        at=subscription.ended_at or timezone.now() if kind == ChangeKind.CHURN else timezone.now(),
        kind=kind,
        plan_before=before.plan,
        plan_after=now.plan,
        currency=subscription.currency,
        amount_before=before.amount,
        amount_after=now.amount,
    )


def _end_trials(mine: Any) -> None:
    """A subscription that is paid for ends the trial that led to it."""
    mine.filter(gateway="", status=SubscriptionStatus.TRIALING).update(
        status=SubscriptionStatus.CANCELED, ended_at=timezone.now(), updated_at=timezone.now()
    )


def _checkout_of(code: str, order: str) -> Checkout | None:
    return (
        Checkout.objects.select_for_update(of=("self",), no_key=True)
        .select_related("workspace", "pack")
        .filter(gateway=code, uuid=order)
        .first()
    )


def _workspace_of(code: str, *, customer: str, uuid: str = "") -> Workspace | None:
    """Whom a customer of the gateway is; `uuid` is what we gave the gateway to tell back."""
    found = Workspace.objects.filter(
        gateway_customers__gateway=code, gateway_customers__external_id=customer
    ).first()
    if found is None and uuid:
        found = Workspace.objects.filter(uuid=uuid).first()
        if found is not None and customer:
            know_customer(found, code, customer)
    return found


def _price_of(lookup_key: str) -> PlanPrice:
    """The price with this name at gateways. Raises PlanPrice.DoesNotExist."""
    code, version, interval, currency = lookup_key.rsplit("-", 3)
    return PlanPrice.objects.select_related("plan").get(
        plan__code=code,
        plan__version=version.removeprefix("v"),
        interval=interval,
        currency=currency.upper(),
    )
