"""Payments and invoices: lists, files, and whom they are made out to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from apps.accounts.models import Workspace
from apps.accounts.needs import needs
from apps.billing.access import get_invoice_for
from apps.billing.answers import pdf_of
from apps.billing.lists import INVOICES, PAYMENTS
from apps.billing.money_forms import INVOICE_STATUSES, PAYMENT_STATUSES, PapersForm, ProfileForm
from apps.billing.selectors.purchases import invoices_of, payments_of, profile_of
from apps.billing.services.papers import invoices_csv, payments_csv
from apps.billing.services.profiles import change_profile
from apps.core.lists import Asked, Listing
from apps.core.streaming import stream_file


@needs("billing.view")
@require_GET
def payments(request: HttpRequest) -> HttpResponseBase:
    form = PapersForm(request.GET, statuses=PAYMENT_STATUSES)
    return _list(request, PAYMENTS, form, payments_of(request.workspace, form.chosen()))


@needs("billing.view")
@require_GET
def payments_file(request: HttpRequest) -> HttpResponseBase:
    """The chosen payments as CSV."""
    rows = payments_of(request.workspace, PapersForm(request.GET, statuses=PAYMENT_STATUSES).chosen())
    return _file(request, "payments", payments_csv(rows))


@needs("billing.view")
@require_GET
def invoices(request: HttpRequest) -> HttpResponseBase:
    form = PapersForm(request.GET, statuses=INVOICE_STATUSES)
    return _list(request, INVOICES, form, invoices_of(request.workspace, form.chosen()))


@needs("billing.view")
@require_GET
def invoices_file(request: HttpRequest) -> HttpResponseBase:
    """The chosen invoices as CSV."""
    rows = invoices_of(request.workspace, PapersForm(request.GET, statuses=INVOICE_STATUSES).chosen())
    return _file(request, "invoices", invoices_csv(rows))


@needs("billing.view")
@require_GET
def invoice_pdf(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return pdf_of(get_invoice_for(request.workspace, uuid))


@needs("billing.view", writing="billing.manage")
def profile(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        here = request.workspace
        if request.method == "POST":  # of two who save at once, the second sees what the first has saved
            here = Workspace.objects.select_for_update(no_key=True).get(pk=here.pk)
        form = ProfileForm(request.POST or None, instance=profile_of(here))
        is_saved = request.method == "POST" and form.is_valid()
        if is_saved:
            change_profile(here, form.cleaned_data, actor=request.user)
    if is_saved:
        messages.success(request, gettext("Saved. It stands on invoices made from now on."))
        return redirect("money:profile")
    return render(request, "billing/profile.html", {"form": form}, status=409 if form.overtaken else 200)


def _list(request: HttpRequest, listing: Listing, form: PapersForm, rows: QuerySet[Any]) -> HttpResponseBase:
    return Asked(listing, request).answer(rows, f"billing/{listing.name}.html", {"form": form})


def _file(request: HttpRequest, kind: str, lines: Any) -> HttpResponseBase:
    name = f"{kind}-{request.workspace.slug}.csv"
    return stream_file(request, lines, name=name, content_type="text/csv; charset=utf-8")
