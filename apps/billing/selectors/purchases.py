"""Reads of what is sold, and of what a workspace bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from apps.accounts.models import Workspace
from apps.billing.gateways.base import Gateway
from apps.billing.gateways.registry import ready_gateways
from apps.billing.models import BillingProfile, Checkout, CreditPack, Invoice, Payment, PlanPrice

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class PaperFilter:
    """Which invoices or payments to show; empty values show everything. `until` is not included."""

    text: str = ""
    status: str = ""
    since: datetime | None = None
    until: datetime | None = None


def prices_sold(currency: str = "") -> QuerySet[PlanPrice]:
    """Prices of the plans that are offered now, the smallest plan first, months before years."""
    found = PlanPrice.objects.filter(is_active=True, plan__is_current=True, plan__is_offered=True)
    if currency:
        found = found.filter(currency=currency)
    return found.select_related("plan").order_by("plan__rank", "currency", "interval", "id")


def packs_sold(currency: str = "") -> QuerySet[CreditPack]:
    found = CreditPack.objects.filter(is_active=True)
    return found.filter(currency=currency) if currency else found


def ways_to_pay() -> dict[str, list[Gateway]]:
    """The gateways that are set up, by what they can be paid in; currencies that nothing is sold in are left out."""
    sold = set(prices_sold().values_list("currency", flat=True).order_by().distinct())
    sold |= set(packs_sold().values_list("currency", flat=True).order_by().distinct())
    found: dict[str, list[Gateway]] = {}
    for one in ready_gateways():
        for currency in one.currencies():
            if currency in sold:
                found.setdefault(currency, []).append(one)
    return found


def payments_of(workspace: Workspace, chosen: PaperFilter | None = None) -> QuerySet[Payment]:
    """What was paid, or was to be, newest first."""
    found = (
        Payment.objects.filter(workspace_id=workspace.pk)
        .select_related("invoice", "checkout__pack", "checkout__price__plan")
        .order_by("-made_at", "-id")
    )
    if chosen is None:
        return found
    if chosen.text:
        found = found.filter(
            Q(method__icontains=chosen.text)
            | Q(external_id__icontains=chosen.text)
            | Q(invoice__number__icontains=chosen.text)
        )
    if chosen.status == "refunded":
        found = found.filter(refunded__gt=0)
    elif chosen.status:
        found = found.filter(status=chosen.status)
    return _between(found, "made_at", chosen)


def invoices_of(workspace: Workspace, chosen: PaperFilter | None = None) -> QuerySet[Invoice]:
    """Invoices and credit notes, newest first."""
    found = Invoice.objects.filter(workspace_id=workspace.pk).order_by("-issued_at", "-id")
    if chosen is None:
        return found
    if chosen.text:
        found = found.filter(Q(number__icontains=chosen.text) | Q(lines__text__icontains=chosen.text))
        found = found.distinct()
    if chosen.status:
        found = found.filter(status=chosen.status)
    return _between(found, "issued_at", chosen)


def checkouts_of(workspace: Workspace) -> QuerySet[Checkout]:
    found = Checkout.objects.filter(workspace=workspace)
    return found.select_related("workspace", "price__plan", "pack", "coupon").order_by("-id")


def profile_of(workspace: Workspace) -> BillingProfile:
    """Whom invoices are made out to; an empty one, not stored, where nobody wrote any."""
    found = BillingProfile.objects.filter(workspace=workspace).first()
    return found or BillingProfile(workspace=workspace)


def _between(rows: QuerySet[M], moment: str, chosen: PaperFilter) -> QuerySet[M]:
    if chosen.since:
        rows = rows.filter(**{f"{moment}__gte": chosen.since})
    if chosen.until:
        rows = rows.filter(**{f"{moment}__lt": chosen.until})
    return rows
