"""Money back: staff ask for it here, the gateway carries it out, and what it then says is applied like any webhook."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.billing.choices import PaymentStatus, RefundStatus
from apps.billing.errors import BillingRefused, GatewayRefused, GatewayUnreachable
from apps.billing.gateways.registry import gateway
from apps.billing.models import Payment, Refund
from apps.billing.rules.money import money, step
from apps.billing.services.applying import apply_states
from apps.billing.services.gateway_events import subject_locked, subject_of
from apps.journal.services import record

SHORTEST_REASON, LONGEST_REASON = 3, 300
ANSWERED_BY = timedelta(minutes=5)


def refund_payment(payment: Payment, amount: int, *, reason: str, actor: User) -> Refund:
    """Give back `amount` minor units of a payment. The reason is shown to the workspace.

    The wish is stored before the gateway is asked, so that an answer that never came is asked for again under the same
    name and nothing goes back twice. Raises BillingRefused, GatewayRefused (nothing was given back), and
    GatewayUnreachable (it is tried again by itself).
    """
    refund = _wish(payment, amount, " ".join(reason.split()), actor)
    carry_out(refund)
    return refund


def carry_out(refund: Refund) -> None:
    """Ask the gateway for a stored refund, however often. Raises GatewayRefused, GatewayUnreachable."""
    payment = refund.payment
    order = str(payment.checkout.uuid) if payment.checkout else payment.external_id
    subject = subject_of(payment.workspace_id, payment.gateway, order)
    try:
        with subject_locked(payment.gateway, subject):
            apply_states(payment.gateway, gateway(payment.gateway).refund(payment, refund))
    except GatewayRefused:
        Refund.objects.filter(pk=refund.pk, status=RefundStatus.PENDING, external_id="").update(
            status=RefundStatus.FAILED, updated_at=timezone.now()
        )
        raise
    refund.refresh_from_db()


def carry_out_waiting() -> int:
    """Ask again for refunds that never got an answer. Returns how many were asked for."""
    waiting = Refund.objects.filter(
        status=RefundStatus.PENDING, external_id="", created_at__lt=timezone.now() - ANSWERED_BY
    ).select_related("payment__checkout")
    found = list(waiting)
    for refund in found:
        try:
            carry_out(refund)
        except (GatewayRefused, GatewayUnreachable):
            continue  # refused: written down; unreachable: the next round
    return len(found)


@transaction.atomic
def _wish(payment: Payment, amount: int, reason: str, actor: User) -> Refund:
    payment = Payment.objects.select_for_update(of=("self",)).select_related("checkout").get(pk=payment.pk)
    if payment.status != PaymentStatus.SUCCEEDED:
        raise BillingRefused(gettext("Only a payment that succeeded can be given back."))
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise BillingRefused(
            gettext(
                "Give a reason of {shortest_reason} to {longest_reason} characters; the workspace reads it."
            ).format(shortest_reason=SHORTEST_REASON, longest_reason=LONGEST_REASON),
            field="reason",
            status=422,
        )
    taken = payment.refunds.exclude(status=RefundStatus.FAILED).aggregate(sum=Sum("amount"))["sum"] or 0
    left = payment.amount - taken
    if not 0 < amount <= left:
        raise BillingRefused(
            gettext("Between {currency} and {left} can be given back.").format(
                currency=money(step(payment.currency), payment.currency), left=money(left, payment.currency)
            ),
            field="amount",
            status=422,
        )
    if amount % step(payment.currency):
        raise BillingRefused(
            gettext("{currency} is paid in steps of {currency_2}.").format(
                currency=payment.currency, currency_2=money(step(payment.currency), payment.currency)
            ),
            field="amount",
            status=422,
        )
    refund = Refund.objects.create(
        payment=payment,
        amount=amount,
        status=RefundStatus.PENDING,
        reason=reason,
        asked_by_id=actor.pk,
        made_at=timezone.now(),
    )
    record(
        actor=actor,
        workspace=Workspace.objects.filter(pk=payment.workspace_id).first(),
        action="billing.refund.asked",
        target=payment,
        changes={"amount": amount, "currency": payment.currency},
    )
    return refund
