"""What a workspace has of credits, what becomes of them, and everything that happened to them."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.billing.forms import StatementForm
from apps.billing.models import LedgerTransaction
from apps.billing.rules import next_reset
from apps.billing.selectors import plan_of
from apps.billing.selectors.credits import credits_of, statement_of, use_by_day
from apps.billing.services.credits import statement_csv
from apps.core.streaming import stream_file

PAGE_SIZE = 50


@needs("billing.view")
@require_GET
def credits(request: HttpRequest) -> HttpResponse:
    workspace = request.workspace
    form = StatementForm(request.GET)
    rows, older = _page(request, form)
    query = request.GET.copy()
    query.pop("before", None)
    chosen = {name: value for name, value in query.items() if value}
    days = use_by_day(workspace)
    today = days[-1].day
    context = {
        "credits": credits_of(workspace),
        "plan": plan_of(workspace),
        "next_month": next_reset("month", today),
        "days": days,
        "most": max(1, *(day.used for day in days)),
        "used": sum(day.used for day in days),
        "form": form,
        "rows": rows,
        "older": older,
        "query": query.urlencode() if chosen else "",
        "is_filtered": bool(chosen),
        "is_first_page": "before" not in request.GET,
    }
    return render(request, "billing/credits.html", context)


@needs("billing.view")
@require_GET
def statement(request: HttpRequest) -> HttpResponseBase:
    """The chosen transactions as CSV."""
    rows = statement_of(request.workspace, StatementForm(request.GET).chosen())
    name = f"credits-{request.workspace.slug}.csv"
    return stream_file(request, statement_csv(rows), name=name, content_type="text/csv; charset=utf-8")


def _page(request: HttpRequest, form: StatementForm) -> tuple[list[LedgerTransaction], UUID | None]:
    """The rows before the one that the address names, and where the next page begins."""
    rows = statement_of(request.workspace, form.chosen())
    try:
        before = UUID(request.GET["before"]) if request.GET.get("before") else None
    except ValueError:
        before = None
    if before:
        place = statement_of(request.workspace).filter(uuid=before).values_list("id", flat=True).first()
        rows = rows.filter(id__lt=place) if place else rows
    found = list(rows[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return shown, shown[-1].uuid if len(found) > PAGE_SIZE else None
