"""What pages and API do alike: where gateways lead back to, and an invoice's file."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from apps.billing.models import Invoice
from apps.billing.services.invoices import invoice_pdf


def addresses(request: HttpRequest) -> dict[str, str]:
    """Where a gateway leads people back to; it fills in the checkout."""
    page = request.build_absolute_uri("/settings/workspace/billing/checkouts/") + "{checkout}/"
    return {"return_url": f"{page}?back=paid", "cancel_url": f"{page}?back=left"}


def pdf_of(invoice: Invoice) -> HttpResponse:
    """Our own, or the gateway's where that made the invoice. Raises Http404 where there is none yet."""
    if invoice.series_id is not None:
        answer = HttpResponse(invoice_pdf(invoice), content_type="application/pdf")
        answer["Content-Disposition"] = f'attachment; filename="{invoice.number}.pdf"'
        return answer
    if not invoice.pdf_url:
        raise Http404(gettext("This invoice has no PDF yet."))
    return HttpResponseRedirect(invoice.pdf_url)
