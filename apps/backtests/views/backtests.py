"""Backtest pages: list, ask, watch, read the report, take the numbers home."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.accounts.selectors import research_defaults
from apps.backtests.access import get_backtest_for
from apps.backtests.choices import Status
from apps.backtests.downloads import as_download
from apps.backtests.errors import NotReady
from apps.backtests.figures import FIGURES
from apps.backtests.forms import BacktestForm, costs_asked
from apps.backtests.forms.backtests import INPUT_PREFIX, text_of
from apps.backtests.lists import BACKTESTS, BY_NAME, TRIALS
from apps.backtests.selectors import (
    OUTCOMES,
    TRADE_COLUMNS,
    TradeQuery,
    backtests_of,
    drawdown_chart,
    equity_chart,
    excursion_points,
    export_of,
    luck_of,
    metric_groups,
    month_grid,
    pictures_of,
    price_chart,
    shown_trades,
    trade_page,
    trial_rows,
    trials_of,
)
from apps.backtests.services import cancel_backtest, delete_backtest, submit_backtest
from apps.billing.selectors import meters_of
from apps.core.errors import DomainError
from apps.core.lists import Asked
from apps.core.menus import searched
from apps.formulas.access import get_formula_for
from apps.formulas.selectors import check_report

TRADES_PER_PAGE = 25
CHARTS = {"price": price_chart, "equity": equity_chart, "drawdown": drawdown_chart}


@needs("backtests.view", writing="backtests.run", plan=("", ALWAYS))
@require_http_methods(["GET", "HEAD", "POST"])
def backtest_list(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST deletes those that are chosen, or leads to their comparison."""
    asked = Asked(BACKTESTS, request)
    found = backtests_of(request.workspace)
    if request.POST.get("act") == "compare":
        chosen = urlencode([("run", uuid) for uuid in request.POST.getlist("chosen")])
        return redirect(f"{reverse('backtests:compare')}?{chosen}")
    if request.method == "POST":
        return asked.act(found)
    found = asked.chosen(found, q=BY_NAME, status="status")
    return asked.answer(found, "backtests/backtest_list.html")


@needs("backtests.run")
def backtest_new(request: HttpRequest, formula: UUID) -> HttpResponse:
    """Choose market and costs for a formula; a POST submits and leads to the run.

    `?backtest=` fills the form in with what was asked there.
    """
    source = get_formula_for(request.workspace, formula)
    report = check_report(source.text)
    if not report["ok"]:
        messages.error(request, gettext("Mend the formula's errors before running it."))
        return redirect("formulas:formula-detail", uuid=source.uuid)
    form = BacktestForm(
        request.POST or None,
        workspace=request.workspace,
        text=source.text,
        inputs=report["inputs"],
        initial=research_defaults(request.user),
        filled_in=_filled_in(request, report["inputs"]),
    )
    searched(form, request)
    if request.method == "POST" and form.is_valid():
        try:
            backtest, is_new = submit_backtest(request.workspace, form.to_request(source), actor=request.user)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            if not is_new:
                messages.info(
                    request,
                    gettext("You ran exactly this before: this is its stored result, free of charge."),
                )
            return redirect("backtests:backtest-detail", uuid=backtest.uuid)
    meter = next((m for m in meters_of(request.workspace) if m.meter == "backtests"), None)
    context = {"form": form, "formula": source, "report": report, "meter": meter}
    return render(request, "backtests/backtest_new.html", context, status=422 if form.errors else 200)


def _filled_in(request: HttpRequest, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """What the backtest named in the address was asked with; inputs at their default stay empty."""
    try:
        before = get_backtest_for(request.workspace, UUID(request.GET["backtest"]))
    except (KeyError, ValueError):
        return {}
    given = before.parameters["inputs"]
    changed = {
        INPUT_PREFIX + item["name"]: text_of(given[item["name"]])
        for item in inputs
        if item["name"] in given and given[item["name"]] != item["default"]
    }
    costs = costs_asked(before.start, before.end, before.parameters)
    return {"bar_set": before.bar_set.uuid} | costs | changed


@needs("backtests.view")
@require_GET
def backtest_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    backtest = get_backtest_for(request.workspace, uuid)
    context: dict[str, Any] = {"backtest": backtest}
    if backtest.status == Status.DONE:
        trades = shown_trades(backtest)
        context |= _trade_context(request, trades) | {
            "check": luck_of(backtest),
            "groups": metric_groups(backtest),
            "grid": month_grid(backtest.report) if backtest.report else [],
            "pictures": pictures_of(backtest, excursion_points(trades)),
            "figures": FIGURES,
        }
    return render(request, "backtests/backtest_detail.html", context)


@needs("backtests.view")
@require_GET
def backtest_status(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The progress fragment; once the run has ended it makes the page load its report."""
    backtest = get_backtest_for(request.workspace, uuid)
    response = render(request, "backtests/_progress.html", {"backtest": backtest})
    if backtest.is_finished:
        response["HX-Refresh"] = "true"
    return response


@needs("backtests.view")
@require_GET
def backtest_trades(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The trade table as a fragment: chosen, sorted and paged on the server."""
    backtest = get_backtest_for(request.workspace, uuid)
    if not request.headers.get("HX-Request"):  # the table's form and links, without scripts
        query = request.GET.urlencode()
        return redirect(f"{reverse('backtests:backtest-detail', args=[uuid])}?{query}#trades")
    context = {"backtest": backtest, **_trade_context(request, shown_trades(backtest))}
    return render(request, "backtests/report/_trade_table.html", context)


def _trade_context(request: HttpRequest, trades: pl.DataFrame) -> dict[str, Any]:
    """Unknown words of the query are no conditions."""
    given = request.GET
    sort, side, outcome = given.get("sort", ""), given.get("side", ""), given.get("outcome", "")
    query = TradeQuery(
        sort=sort if sort in TRADE_COLUMNS else "entry_time",
        descending=given.get("dir") == "desc",
        side=side if side in ("long", "short") else "",
        reason=given.get("reason", ""),
        outcome=outcome if outcome in OUTCOMES else "",
    )
    number = given.get("page", "1")
    page = int(number) if number.isdecimal() and len(number) < 9 else 1
    return {
        "trade_page": trade_page(trades, query, page, TRADES_PER_PAGE),
        "trade_columns": TRADE_COLUMNS,
        "trade_query": query,
        "outcomes": OUTCOMES,
    }


@needs("backtests.view")
@require_GET
def backtest_trials(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """The trial ledger of the run's formula: what was counted, the workspace's own rows in full."""
    backtest = get_backtest_for(request.workspace, uuid)
    asked = Asked(TRIALS, request)
    rows = trial_rows(backtest.lineage)
    own = rows.filter(workspace=request.workspace.uuid)
    if start := asked["q"].lower():
        own = own.filter(
            Q(formula_hash__startswith=start)
            | Q(data_hash__startswith=start)
            | Q(parameters_hash__startswith=start)
        )
    if asked["by"]:
        own = own.filter(source=asked["by"])
    return asked.answer(
        own,
        "backtests/trials.html",
        lambda rows_of_page: {
            "backtest": backtest,
            "summary": trials_of(backtest.lineage),
            "elsewhere": rows.exclude(workspace=request.workspace.uuid).count(),
        },
    )


@needs("backtests.view")
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


@needs("backtests.view")
@require_GET
def backtest_export(request: HttpRequest, uuid: UUID, what: str) -> HttpResponseBase:
    """Trades and equity as CSV and Parquet, the whole result as the JSON the command writes, a one-file report."""
    backtest = get_backtest_for(request.workspace, uuid)
    try:
        export = export_of(backtest, what)
    except NotReady as error:
        return JsonResponse(error.problem(), status=error.status)
    return as_download(export)


@needs("backtests.run", plan=ALWAYS)
@require_POST
def backtest_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    cancel_backtest(get_backtest_for(request.workspace, uuid), actor=request.user)
    return redirect("backtests:backtest-detail", uuid=uuid)


@needs("backtests.run", plan=ALWAYS)
@require_POST
def backtest_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    delete_backtest(get_backtest_for(request.workspace, uuid), actor=request.user)
    messages.success(request, gettext("Backtest deleted."))
    return redirect("backtests:backtest-list")
