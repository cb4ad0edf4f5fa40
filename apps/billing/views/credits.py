"""What a workspace has of credits, what becomes of them, and everything that happened to them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.billing.forms import StatementForm
from apps.billing.lists import STATEMENT
from apps.billing.rules import next_reset
from apps.billing.selectors import plan_of
from apps.billing.selectors.credits import credits_of, statement_of, use_by_day
from apps.billing.services.credits import statement_csv
from apps.core.lists import Asked
from apps.core.streaming import stream_file


@needs("billing.view")
@require_GET
def credits(request: HttpRequest) -> HttpResponseBase:
    workspace = request.workspace
    form = StatementForm(request.GET)
    asked = Asked(STATEMENT, request)
    days = use_by_day(workspace)
    return asked.answer(
        statement_of(workspace, form.chosen()),
        "billing/credits.html",
        lambda _: {
            "credits": credits_of(workspace),
            "plan": plan_of(workspace),
            "next_month": next_reset("month", days[-1].day),
            "days": days,
            "most": max(1, *(day.used for day in days)),
            "used": sum(day.used for day in days),
            "form": form,
        },
    )


@needs("billing.view")
@require_GET
def statement(request: HttpRequest) -> HttpResponseBase:
    """The chosen transactions as CSV."""
    rows = statement_of(request.workspace, StatementForm(request.GET).chosen())
    name = f"credits-{request.workspace.slug}.csv"
    return stream_file(request, statement_csv(rows), name=name, content_type="text/csv; charset=utf-8")
