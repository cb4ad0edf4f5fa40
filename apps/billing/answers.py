"""What pages and API do alike: where gateways lead back to, and an invoice's file."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from apps.billing.models import Invoice


def addresses(request: HttpRequest) -> dict[str, str]:
    """Where a gateway leads people back to; it fills in the checkout."""
    page = request.build_absolute_uri("/settings/workspace/billing/checkouts/") + "{checkout}/"
    return {"return_url": f"{page}?back=paid", "cancel_url": f"{page}?back=left"}


def pdf_of(invoice: Invoice) -> HttpResponse:
    """The gateway's PDF where it made the invoice. Raises Http404 where there is none."""
    if not invoice.pdf_url:
        raise Http404("This invoice has no PDF.")
    return HttpResponseRedirect(invoice.pdf_url)
