"""Backtest pages: list, ask, watch, read the report, take the numbers home."""

from __future__ import annotations

import csv
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.backtests.access import get_backtest_for
from apps.backtests.choices import Status
from apps.backtests.errors import NotReady
from apps.backtests.forms import BacktestForm
from apps.backtests.selectors import (
    TRADE_COLUMNS,
    backtests_of,
    drawdown_chart,
    equity_chart,
    equity_of,
    in_iso,
    metrics_in_order,
    price_chart,
    trade_page,
    trades_of,
)
from apps.backtests.services import cancel_backtest, delete_backtest, submit_backtest
from apps.billing.selectors import meters_of
from apps.core.errors import DomainError
from apps.formulas.access import get_formula_for
from apps.formulas.selectors import check_report

TRADES_PER_PAGE = 25
CHARTS = {"price": price_chart, "equity": equity_chart, "drawdown": drawdown_chart}


@login_required
@require_GET
def backtest_list(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    status = request.GET.get("status", "")
    backtests = backtests_of(request.workspace)
    if query:
        backtests = backtests.filter(formula_name__icontains=query) | backtests.filter(
            bar_set__instrument__symbol__icontains=query
        )
    if status in Status.values:
        backtests = backtests.filter(status=status)
    page = Paginator(backtests, 25).get_page(request.GET.get("page"))
    context = {"page": page, "query": query, "status": status, "statuses": Status.choices}
    return render(request, "backtests/backtest_list.html", context)


@login_required
def backtest_new(request: HttpRequest, formula: UUID) -> HttpResponse:
    """Choose market and costs for a formula; a POST submits and leads to the run."""
    source = get_formula_for(request.workspace, formula)
    report = check_report(source.text)
    if not report["ok"]:
        messages.error(request, "Mend the formula's errors before running it.")
        return redirect("formulas:formula-detail", uuid=source.uuid)
    form = BacktestForm(
        request.POST or None, workspace=request.workspace, text=source.text, inputs=report["inputs"]
    )
    if request.method == "POST" and form.is_valid():
        try:
            backtest, is_new = submit_backtest(request.workspace, form.to_request(source), actor=request.user)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            if not is_new:
                messages.info(
                    request, "You ran exactly this before: this is its stored result, free of charge."
                )
            return redirect("backtests:backtest-detail", uuid=backtest.uuid)
    meter = next((m for m in meters_of(request.workspace) if m.meter == "backtests"), None)
    context = {"form": form, "formula": source, "report": report, "meter": meter}
    return render(request, "backtests/backtest_new.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def backtest_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    backtest = get_backtest_for(request.workspace, uuid)
    context: dict[str, Any] = {"backtest": backtest}
    if backtest.status == Status.DONE:
        context |= _trade_context(request, backtest) | {"metrics": metrics_in_order(backtest)}
    return render(request, "backtests/backtest_detail.html", context)


@login_required
@require_GET
def backtest_status(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The progress fragment; once the run has ended it makes the page load its report."""
    backtest = get_backtest_for(request.workspace, uuid)
    response = render(request, "backtests/_progress.html", {"backtest": backtest})
    if backtest.is_finished:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_GET
def backtest_trades(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The trade table as a fragment: sorted and paged on the server."""
    backtest = get_backtest_for(request.workspace, uuid)
    return render(
        request, "backtests/_trades.html", {"backtest": backtest, **_trade_context(request, backtest)}
    )


def _trade_context(request: HttpRequest, backtest: Any) -> dict[str, Any]:
    sort = request.GET.get("sort", "entry_time")
    sort = sort if sort in TRADE_COLUMNS else "entry_time"
    descending = request.GET.get("dir") == "desc"
    number = request.GET.get("page", "1")
    page = max(1, int(number)) if number.isdigit() else 1
    rows, total = trade_page(backtest, sort=sort, descending=descending, page=page, size=TRADES_PER_PAGE)
    return {
        "trades": rows,
        "trade_total": total,
        "trade_columns": TRADE_COLUMNS,
        "sort": sort,
        "descending": descending,
        "trade_page": page,
        "trade_pages": max(1, -(-total // TRADES_PER_PAGE)),
    }


@login_required
@require_GET
def backtest_chart(request: HttpRequest, uuid: UUID, chart: str) -> JsonResponse:
    backtest = get_backtest_for(request.workspace, uuid)
    try:
        data = CHARTS[chart](backtest)
    except NotReady as error:
        return JsonResponse(error.problem(), status=error.status)
    response = JsonResponse(data)
    response["Cache-Control"] = "private, max-age=3600"  # a finished run never changes
    return response


@login_required
@require_GET
def backtest_export(request: HttpRequest, uuid: UUID, what: str) -> HttpResponse | FileResponse:
    """trades.csv, equity.csv, or the whole result as the JSON the command line writes."""
    backtest = get_backtest_for(request.workspace, uuid)
    stem = f"{backtest.bar_set.instrument.symbol}-{str(backtest.uuid)[:8]}"
    if what == "result.json":
        if backtest.status != Status.DONE:
            raise NotReady("The backtest has no result yet.")
        file = default_storage.open(backtest.result_path, "rb")
        return FileResponse(
            file, as_attachment=True, filename=f"{stem}.json", content_type="application/json"
        )
    table = trades_of(backtest) if what == "trades.csv" else equity_of(backtest)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{stem}-{what}"'
    writer = csv.writer(response)
    writer.writerow(table.columns)
    writer.writerows(in_iso(table).iter_rows())
    return response


@login_required
@require_POST
def backtest_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    cancel_backtest(get_backtest_for(request.workspace, uuid), actor=request.user)
    return redirect("backtests:backtest-detail", uuid=uuid)


@login_required
@require_POST
def backtest_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    delete_backtest(get_backtest_for(request.workspace, uuid), actor=request.user)
    messages.success(request, "Backtest deleted.")
    return redirect("backtests:backtest-list")
