"""Invoices and credit notes come into being in the transaction of the payment or the refund they are for."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.accounts.services import ask_for_mail
from apps.billing.choices import InvoiceKind, InvoiceStatus
from apps.billing.gateways.taxes import tax_for
from apps.billing.models import (
    BillingProfile,
    Checkout,
    Invoice,
    InvoiceLine,
    InvoiceSeries,
    Payment,
    PlanLimit,
    Refund,
)
from apps.billing.rules.money import rounded
from apps.journal.services import record

MAIL = "invoice"
ELSEWHERE = "XX"  # of a buyer who told no country; the code that ISO 3166-1 leaves to its users
NEXT_NUMBER = """
INSERT INTO billing_invoiceseries AS s (code, last) VALUES (%s, 1)
ON CONFLICT (code) DO UPDATE SET last = s.last + 1 RETURNING id, last
"""
FROM_PROFILE = ("name", "email", "line1", "line2", "postal_code", "city", "state", "country", "tax_id")


@transaction.atomic
def issue_invoice(payment: Payment) -> Invoice:
    """The invoice of a payment that succeeded; once, however often it is asked for.

    A number is taken by raising the series' count, whose row stays locked until the caller's transaction ends: it is
    given with the payment or not at all.
    """
    once = f"payment:{payment.uuid}"
    found = Invoice.objects.filter(gateway="", external_id=once).first()
    if found is not None:
        return found
    workspace = Workspace.objects.get(pk=payment.workspace_id)
    now = timezone.now()
    checkout = payment.checkout
    tax = checkout.tax if checkout else 0
    net = payment.amount - tax
    lines = _lines_of(checkout, payment, net)
    subtotal = sum(line.amount for line in lines)
    rate = tax_for(workspace, net, payment.currency)
    is_rate = bool(tax) and rate.amount == tax
    buyer = _buyer_of(workspace)
    series, number = _next_number(f"{buyer['country'] or ELSEWHERE}-{now.year}")
    invoice = Invoice.objects.create(
        workspace_id=workspace.pk,
        external_id=once,
        series=series,
        series_number=number,
        number=f"{series.code}-{number:06d}",
        status=InvoiceStatus.PAID,
        currency=payment.currency,
        subtotal=subtotal,
        discount=subtotal - net,
        tax=tax,
        tax_name=(rate.name if is_rate else "Tax") if tax else "",
        tax_percent=rate.percent if is_rate else None,
        total=payment.amount,
        seller=dict(settings.SELLER),
        buyer=buyer,
        issued_at=now,
        paid_at=payment.paid_at or now,
    )
    _keep(invoice, lines)
    payment.invoice = invoice
    payment.save(update_fields=["invoice", "updated_at"])
    _tell(workspace, invoice, "billing.invoice.issued")
    return invoice


@transaction.atomic
def issue_credit_note(refund: Refund) -> Invoice | None:
    """The credit note of a refund, in a series of its own; None where the payment has no invoice of ours.

    Tax goes back in proportion, counted over all refunds of the invoice, so that giving back all gives back all tax.
    """
    payment = refund.payment
    corrected = payment.invoice
    if corrected is None or corrected.series_id is None:
        return None
    once = f"refund:{refund.uuid}"
    found = Invoice.objects.filter(gateway="", external_id=once).first()
    if found is not None:
        return found
    workspace = Workspace.objects.get(pk=payment.workspace_id)
    now = timezone.now()
    series, number = _next_number(f"{corrected.buyer.get('country') or ELSEWHERE}-CN-{now.year}")
    earlier = Invoice.objects.filter(corrects=corrected).aggregate(total=Sum("total"), tax=Sum("tax"))
    back_so_far, tax_so_far = -(earlier["total"] or 0), -(earlier["tax"] or 0)
    share = Fraction(corrected.tax * (back_so_far + refund.amount), corrected.total)
    tax = rounded(share, corrected.currency) - tax_so_far
    net = refund.amount - tax
    note = Invoice.objects.create(
        workspace_id=workspace.pk,
        kind=InvoiceKind.CREDIT_NOTE,
        external_id=once,
        series=series,
        series_number=number,
        number=f"{series.code}-{number:06d}",
        status=InvoiceStatus.PAID,
        corrects=corrected,
        currency=corrected.currency,
        subtotal=-net,
        tax=-tax,
        tax_name=corrected.tax_name,
        tax_percent=corrected.tax_percent,
        total=-refund.amount,
        seller=dict(settings.SELLER),
        buyer=corrected.buyer,
        issued_at=now,
        paid_at=refund.made_at,
    )
    words = gettext("Given back of invoice {number}").format(number=corrected.number) + (
        f": {refund.reason}" if refund.reason else ""
    )
    _keep(note, [InvoiceLine(text=words[:300], amount=-net)])
    _tell(workspace, note, "billing.credit_note.issued")
    return note


def _next_number(code: str) -> tuple[InvoiceSeries, int]:
    """The series and its next number, which nobody else gets and nobody sees before the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER, [code])
        key, number = cursor.fetchone()
    return InvoiceSeries(pk=key, code=code, last=number), number


def _lines_of(checkout: Checkout | None, payment: Payment, net: int) -> list[InvoiceLine]:
    """What was bought, before any discount. A change of a running period is one line of what it cost."""
    if checkout is None:
        return [InvoiceLine(text=payment.get_purpose_display(), amount=net)]
    if checkout.pack is not None:
        return [
            InvoiceLine(
                text=gettext("{credits:,} credits").format(credits=checkout.pack.credits),
                amount=checkout.pack.amount,
            )
        ]
    price = checkout.price
    assert price is not None
    called = f"{price.plan.name}, {price.get_interval_display().lower()}"
    start, end = _period(checkout, payment)
    if not checkout.prolongs:
        seats = f", {checkout.seats} seats" if checkout.seats > 1 else ""
        return [
            InvoiceLine(
                text=gettext("Change to {called}{seats}").format(called=called, seats=seats),
                amount=net,
                period_end=end,
            )
        ]
    limit = PlanLimit.objects.filter(plan=price.plan_id, meter="seats").first()
    included = 1 if limit is None else limit.amount
    lines = [InvoiceLine(text=called, amount=price.amount, period_start=start, period_end=end)]
    if included is not None and checkout.seats > included and price.seat_amount:
        more = checkout.seats - included
        lines.append(
            InvoiceLine(text=gettext("Further seats"), quantity=more, amount=more * price.seat_amount)
        )
    return lines


def _period(checkout: Checkout, payment: Payment) -> tuple[datetime | None, datetime | None]:
    """The first order's period; of later ones the day until which is paid."""
    subscription = payment.subscription
    if subscription is None:
        return None, None
    return (None if checkout.renews else subscription.period_start), subscription.period_end


def _buyer_of(workspace: Workspace) -> dict[str, str]:
    profile = BillingProfile.objects.filter(workspace=workspace).first()
    buyer = {name: getattr(profile, name, "") for name in FROM_PROFILE}
    buyer["name"] = buyer["name"] or workspace.name
    buyer["email"] = buyer["email"] or workspace.owner.email
    return buyer


def _keep(invoice: Invoice, lines: list[InvoiceLine]) -> None:
    for place, line in enumerate(lines, start=1):
        line.invoice, line.place = invoice, place
    InvoiceLine.objects.bulk_create(lines)


def _tell(workspace: Workspace, invoice: Invoice, action: str) -> None:
    record(
        actor=None,
        workspace=workspace,
        action=action,
        target=invoice,
        changes={"number": invoice.number, "total": invoice.total, "currency": invoice.currency},
    )
    ask_for_mail(MAIL, to=invoice.buyer["email"], about=invoice.pk)
