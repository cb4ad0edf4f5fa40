"""The receipt of value: what a month brought the workspace, and what it cost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.core.snapshots import one_snapshot
from apps.pages.receipts import month_of, next_month, receipt_of


@needs("billing.view")
@require_GET
@one_snapshot()
def receipt(request: HttpRequest) -> HttpResponse:
    today = datetime.now(UTC).date()
    present = today.replace(day=1)
    month = month_of(request.GET["month"]) if request.GET.get("month") else _before(present)
    first = request.workspace.created_at.astimezone(UTC).date().replace(day=1)
    if month is None or not date(2000, 1, 1) <= month <= present:
        raise Http404(gettext("There is no receipt of such a month."))
    context = {
        "receipt": receipt_of(request.workspace, month, today=today),
        "before": _before(month) if month > first else None,
        "after": next_month(month) if month < present else None,
        "present": present,
    }
    return render(request, "pages/receipt.html", context)


def _before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)
