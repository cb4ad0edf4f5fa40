"""The one way from a workspace and an id to what it bought. Each raises Http404, also for what is another's."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.billing.models import Checkout, CreditPack, Invoice, Payment, PlanPrice
from apps.billing.selectors.purchases import checkouts_of, invoices_of, payments_of, prices_sold
from apps.core.by_uuid import by_uuid


def get_checkout_for(workspace: Workspace, uuid: UUID | str) -> Checkout:
    found = by_uuid(checkouts_of(workspace), uuid)
    if found is None:
        raise Http404(gettext("No such checkout."))
    return found


def get_payment_for(workspace: Workspace, uuid: UUID | str) -> Payment:
    found = by_uuid(payments_of(workspace), uuid)
    if found is None:
        raise Http404(gettext("No such payment."))
    return found


def get_invoice_for(workspace: Workspace, uuid: UUID | str) -> Invoice:
    found = by_uuid(invoices_of(workspace), uuid)
    if found is None:
        raise Http404(gettext("No such invoice."))
    return found


def get_price(uuid: UUID | str) -> PlanPrice:
    """A price that is sold now."""
    found = by_uuid(prices_sold(), uuid)
    if found is None:
        raise Http404(gettext("No such price."))
    return found


def get_pack(uuid: UUID | str) -> CreditPack:
    """Credits that are sold now."""
    found = by_uuid(CreditPack.objects.filter(is_active=True), uuid)
    if found is None:
        raise Http404(gettext("No such pack of credits."))
    return found
