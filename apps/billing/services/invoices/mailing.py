"""Invoices by mail, with the PDF; the outbox of `accounts` sends them, and again after a failure."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.services import sends
from apps.billing.choices import InvoiceKind
from apps.billing.models import Invoice
from apps.billing.rules.money import money
from apps.billing.services.invoices.issuing import MAIL
from apps.billing.services.invoices.printing import invoice_pdf


@sends(MAIL, limited=False)
def mail_invoice(invoice_id: int) -> None:
    """Send it to the address that stands on it; one that was sent is not sent again."""
    invoice = Invoice.objects.filter(pk=invoice_id, mailed_at=None).first()
    if invoice is None:
        return
    is_note = invoice.kind == InvoiceKind.CREDIT_NOTE
    context = {
        "invoice": invoice,
        "is_note": is_note,
        "total": money(abs(invoice.total), invoice.currency),
        "seller": invoice.seller.get("name", ""),
        "url": f"{settings.SITE_URL}/settings/workspace/billing/invoices/",
        "site_url": settings.SITE_URL,
    }
    message = EmailMultiAlternatives(
        f"{gettext('Credit note') if is_note else gettext('Invoice')} {invoice.number}",
        render_to_string("billing/email/invoice.txt", context).strip() + "\n",
        to=[invoice.buyer["email"]],
    )
    message.attach_alternative(render_to_string("billing/email/invoice.html", context), "text/html")
    message.attach(f"{invoice.number}.pdf", invoice_pdf(invoice), "application/pdf")
    message.send()
    Invoice.objects.filter(pk=invoice.pk).update(mailed_at=timezone.now())
