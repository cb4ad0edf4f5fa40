"""Runs side by side."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.backtests.access import get_backtests_for
from apps.backtests.errors import CannotCompare
from apps.backtests.models import Backtest
from apps.backtests.selectors import comparison_chart, comparison_of


@needs("backtests.view")
@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """`?run=<uuid>&run=<uuid>`: the runs in the order they are named."""
    backtests = _chosen(request)
    try:
        comparison = comparison_of(backtests)
    except CannotCompare as error:
        messages.error(request, error.message)
        return redirect("backtests:backtest-list")
    context = {"comparison": comparison, "query": request.GET.urlencode()}
    return render(request, "backtests/compare.html", context)


@needs("backtests.view")
@require_GET
def compare_chart(request: HttpRequest) -> JsonResponse:
    backtests = _chosen(request)
    try:
        comparison_of(backtests)
    except CannotCompare as error:
        return JsonResponse(error.problem(), status=error.status)
    return JsonResponse(comparison_chart(backtests))


def _chosen(request: HttpRequest) -> list[Backtest]:
    try:
        uuids = [UUID(value) for value in request.GET.getlist("run") or request.GET.getlist("chosen")]
    except ValueError:
        raise Http404(gettext("No such backtest.")) from None
    return get_backtests_for(request.workspace, uuids)
