"""Sweep pages: list, ask, watch, look over the cells, open one, take them home."""

from __future__ import annotations

import csv
from typing import Any
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.core.files.storage import default_storage
from django.db.models import Q
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.accounts.selectors import research_defaults
from apps.backtests.access import get_backtest_for, get_sweep_for
from apps.backtests.choices import Status
from apps.backtests.errors import CannotBacktest, NotReady
from apps.backtests.forms import SweepForm, costs_asked
from apps.backtests.lists import SWEEPS
from apps.backtests.models import Sweep, SweepMarket
from apps.backtests.selectors import (
    CellQuery,
    axes_of,
    cell_page,
    cells_of,
    heat_of,
    parallel_of,
    sweep_headline,
    sweeps_of,
)
from apps.backtests.selectors.sweeps import SHOWN_METRICS
from apps.backtests.services import cancel_sweep, delete_sweep, open_cell, submit_sweep
from apps.billing.selectors import meters_of
from apps.core.errors import DomainError
from apps.core.lists import Asked
from apps.core.manner import written
from apps.core.menus import searched
from apps.formulas.access import get_formula_for
from apps.formulas.models import Formula
from apps.formulas.selectors import check_report

CELLS_PER_PAGE = 25
TABLE_METRICS = ("total_return", "sharpe", "max_drawdown", "profit_factor", "trades")


@needs("backtests.view", writing="backtests.run", plan=("", ALWAYS))
@require_http_methods(["GET", "HEAD", "POST"])
def sweep_list(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST deletes those that are chosen."""
    asked = Asked(SWEEPS, request)
    found = sweeps_of(request.workspace)
    if request.method == "POST":
        return asked.act(found)
    if words := asked["q"]:
        by_symbol = SweepMarket.objects.filter(bar_set__instrument__symbol__icontains=words)
        found = found.filter(Q(formula_name__icontains=words) | Q(pk__in=by_symbol.values("sweep_id")))
    found = asked.chosen(found, status="status")
    return asked.answer(found, "backtests/sweep_list.html", {"tab": "sweeps"})


@needs("backtests.run")
def sweep_new(request: HttpRequest, formula: UUID) -> HttpResponse:
    """Choose ranges, markets and costs for a formula; a POST submits and leads to the sweep.

    `?backtest=` or `?sweep=` fills the form in with what was asked there.
    """
    source = get_formula_for(request.workspace, formula)
    report = check_report(source.text)
    if not report["ok"]:
        messages.error(request, gettext("Mend the formula's errors before sweeping it."))
        return redirect("formulas:formula-detail", uuid=source.uuid)
    form = _form(request, source, report)
    if request.method == "POST" and form.is_valid():
        try:
            sweep, is_new = submit_sweep(request.workspace, form.to_request(), actor=request.user)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            if not is_new:
                messages.info(
                    request,
                    gettext("You swept exactly this before: this is its stored result, free of charge."),
                )
            return redirect("backtests:sweep-detail", uuid=sweep.uuid)
    meter = next((m for m in meters_of(request.workspace) if m.meter == "backtests"), None)
    context = {"form": form, "formula": source, "report": report, "meter": meter}
    return render(request, "backtests/sweep_new.html", context, status=422 if form.errors else 200)


@needs("backtests.run")
@require_POST
def sweep_count(request: HttpRequest, formula: UUID) -> HttpResponse:
    """How many cells the form asks for as it stands, or the first thing in its way."""
    source = get_formula_for(request.workspace, formula)
    report = check_report(source.text)
    form = _form(request, source, report) if report["ok"] else None
    context: dict[str, Any] = {"form": form}
    if form is not None and form.is_valid():
        values = form.cleaned_data
        markets = len(values["bar_sets"])
        context |= {
            "settings": values["settings"],
            "sizes": values["sizes"],
            "drawn": values["mode"] == "random",
            "markets": markets,
            "cells": values["settings"] * markets,
        }
    elif form is not None:
        context["problem"] = next(iter(form.errors.values()))[0]
    return render(request, "backtests/_sweep_count.html", context)


def _form(request: HttpRequest, formula: Formula, report: dict[str, Any]) -> SweepForm:
    initial, axes = _filled_in(request)
    form = SweepForm(
        request.POST if request.method == "POST" else None,  # an empty one too is wrong, and says why
        workspace=request.workspace,
        formula=formula,
        inputs=report["inputs"],
        initial=research_defaults(request.user) | initial,
        axes=axes,
    )
    return searched(form, request)


def _filled_in(request: HttpRequest) -> tuple[dict[str, Any], dict[str, str] | None]:
    """What a backtest or an earlier sweep named in the address was asked with."""
    named = next((name for name in ("sweep", "backtest") if name in request.GET), "")
    try:
        uuid = UUID(request.GET.get(named, ""))
    except ValueError:
        return {}, None
    if named == "backtest":
        before = get_backtest_for(request.workspace, uuid)
        costs = costs_asked(before.start, before.end, before.parameters)
        return {"bar_sets": [before.bar_set.uuid]} | costs, None
    sweep = get_sweep_for(request.workspace, uuid)
    initial = {"bar_sets": [market.bar_set.uuid for market in sweep.markets.all()]}
    initial |= {name: sweep.spec[name] for name in ("mode", "metric")}
    if sweep.spec["mode"] == "random":
        initial |= {name: sweep.spec[name] for name in ("count", "seed")}
    return initial | costs_asked(sweep.start, sweep.end, sweep.parameters), sweep.spec["axes"]


@needs("backtests.view")
@require_GET
def sweep_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    sweep = get_sweep_for(request.workspace, uuid)
    context: dict[str, Any] = {"sweep": sweep}
    if sweep.status == Status.DONE:
        market = _market(request, sweep)
        varied = _varied(sweep)
        context |= _cell_context(request, sweep, market) | {
            "headline": sweep_headline(sweep, market),
            "axes": axes_of(sweep),
            "varied": varied,
            "metrics": SHOWN_METRICS,
            "x": _first_two(sweep)[0],
            "y": _first_two(sweep)[1],
        }
    else:
        context |= _progress_context(sweep)
    return render(request, "backtests/sweep_detail.html", context)


@needs("backtests.view")
@require_GET
def sweep_status(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The progress fragment; once the sweep has ended it makes the page load its result."""
    sweep = get_sweep_for(request.workspace, uuid)
    response = render(request, "backtests/_sweep_progress.html", {"sweep": sweep, **_progress_context(sweep)})
    if sweep.is_finished:
        response["HX-Refresh"] = "true"
    return response


def _progress_context(sweep: Sweep) -> dict[str, Any]:
    done, total, seconds = sweep.standing()
    rate = done / seconds if seconds > 0 else 0.0
    left = (total - done) / rate if rate else 0.0
    return {
        "done": done,
        "total": total,
        "percent": 100 * done // total if total else 0,
        "rate": rate,
        "time_left": gettext("{number} s").format(number=f"{left:.0f}")
        if 0 < left < 90
        else gettext("{value:.0f} min").format(value=written(left / 60))
        if left
        else "",
    }


def _market(request: HttpRequest, sweep: Sweep) -> int:
    """The market asked for, or the one with the best cell."""
    given = request.GET.get("market", "")
    known = range(len(sweep.summary["markets"]))  # type: ignore[index]
    return int(given) if given.isdigit() and int(given) in known else sweep.summary["market"]  # type: ignore[index]


def _varied(sweep: Sweep) -> list[str]:
    """The inputs of more than one value, those of numbers first; all of them where there is none."""
    axes = axes_of(sweep)
    varied = [name for name, values in axes.items() if len(values) > 1] or list(axes)
    return sorted(varied, key=lambda name: isinstance(axes[name][0], bool | str))


def _first_two(sweep: Sweep) -> tuple[str, str]:
    """The inputs a heat map begins with: across and down."""
    varied = _varied(sweep)
    return varied[min(1, len(varied) - 1)], varied[0]


@needs("backtests.view")
@require_GET
def sweep_cells(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The table of cells as a fragment: filtered, sorted and paged on the server."""
    sweep = get_sweep_for(request.workspace, uuid)
    _need_result(sweep)
    context = _cell_context(request, sweep, _market(request, sweep))
    return render(request, "backtests/_sweep_cells.html", {"sweep": sweep, **context})


def _need_result(sweep: Sweep) -> None:
    if sweep.status != Status.DONE:
        raise NotReady(gettext("The sweep has no result yet."))


def _cell_context(request: HttpRequest, sweep: Sweep, market: int) -> dict[str, Any]:
    summary: dict[str, Any] = sweep.summary  # type: ignore[assignment]
    axes = axes_of(sweep)
    metrics = [summary["metric"], *(name for name in TABLE_METRICS if name != summary["metric"])]
    order = request.GET.get("order", "")
    if order.removeprefix("-") not in {"cell", "score", *metrics, *axes}:
        order = f"-{summary['metric']}"
    on = request.GET.get("on", "")
    bounds = {name: _number(request.GET.get(name, "")) for name in ("low", "high")}
    query = CellQuery(
        market=market,
        order=order,
        low={on: bounds["low"]} if on in metrics and bounds["low"] is not None else {},
        high={on: bounds["high"]} if on in metrics and bounds["high"] is not None else {},
        equal={name: request.GET[f"is_{name}"] for name in axes if request.GET.get(f"is_{name}")},
    )
    number = request.GET.get("page", "1")
    page = max(1, int(number)) if number.isdigit() and len(number) < 8 else 1
    rows, total = cell_page(sweep, query, page=page, size=CELLS_PER_PAGE)
    return {
        "cells": [row | {"shown": [(name, row["metrics"][name]) for name in metrics]} for row in rows],
        "cell_total": total,
        "cell_metrics": metrics,
        "axes": axes,
        "order": order.removeprefix("-"),
        "descending": order.startswith("-"),
        "cell_page": page,
        "cell_pages": max(1, -(-total // CELLS_PER_PAGE)),
        "market": market,
        "filter": {"on": on, **{name: request.GET.get(name, "") for name in ("low", "high")}},
        "chosen": {name: request.GET.get(f"is_{name}", "") for name in axes},
    }


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@needs("backtests.view")
@require_GET
def sweep_heat(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """Two inputs against each other; parameters x, y, metric, rest, market, and fix_NAME for the other inputs."""
    sweep = get_sweep_for(request.workspace, uuid)
    given = request.GET
    try:
        _need_result(sweep)
        data = heat_of(
            sweep,
            market=_market(request, sweep),
            x=given.get("x", _first_two(sweep)[0]),
            y=given.get("y", _first_two(sweep)[1]),
            metric=given.get("metric", sweep.summary["metric"]),  # type: ignore[index]
            rest=given.get("rest", "best"),
            fixed={
                name: given[f"fix_{name}"]
                for name in axes_of(sweep)
                if given.get(f"fix_{name}") and name not in (given.get("x"), given.get("y"))
            },
        )
    except (NotReady, CannotBacktest) as error:
        return JsonResponse(error.problem(), status=error.status)
    return _kept(JsonResponse(data))


@needs("backtests.view")
@require_GET
def sweep_parallel(request: HttpRequest, uuid: UUID) -> JsonResponse:
    sweep = get_sweep_for(request.workspace, uuid)
    try:
        _need_result(sweep)
    except NotReady as error:
        return JsonResponse(error.problem(), status=error.status)
    return _kept(JsonResponse(parallel_of(sweep, market=_market(request, sweep))))


def _kept(response: JsonResponse) -> JsonResponse:
    response["Cache-Control"] = "private, max-age=3600"  # a finished sweep never changes
    return response


@needs("backtests.view")
@require_GET
def sweep_export(request: HttpRequest, uuid: UUID, what: str) -> HttpResponse | FileResponse:
    """All cells as CSV or Parquet, or the whole result as JSON."""
    sweep = get_sweep_for(request.workspace, uuid)
    _need_result(sweep)
    stem = f"sweep-{str(sweep.uuid)[:8]}"
    if what == "cells.csv":
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{stem}-cells.csv"'
        table = cells_of(sweep)
        names = {order: (market.bar_set.instrument.symbol, market.bar_set.timeframe)
                 for order, market in enumerate(sweep.markets.all())}  # fmt: skip
        table = table.with_columns(
            pl.col("market").replace_strict({k: v[0] for k, v in names.items()}).alias("symbol"),
            pl.col("market").replace_strict({k: v[1] for k, v in names.items()}).alias("timeframe"),
        ).select("symbol", "timeframe", pl.exclude("symbol", "timeframe", "market"))
        writer = csv.writer(response)
        writer.writerow(table.columns)
        writer.writerows(table.iter_rows())
        return response
    path, kind = (
        (sweep.result_path, "application/json")
        if what == "result.json"
        else (sweep.cells_path, "application/vnd.apache.parquet")
    )
    file = default_storage.open(path, "rb")
    return FileResponse(file, as_attachment=True, filename=f"{stem}-{what}", content_type=kind)


@needs("backtests.run")
@require_POST
def sweep_open(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Run one cell as a full backtest, or lead to the one that was run already."""
    sweep = get_sweep_for(request.workspace, uuid)
    given = request.POST.get("market", "0")
    markets = list(sweep.markets.all())
    if not given.isdigit() or int(given) >= len(markets):
        raise CannotBacktest(gettext("There is no such market in this sweep."), field="market")
    try:
        backtest, _ = open_cell(sweep, markets[int(given)], number, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("backtests:sweep-detail", uuid=uuid)
    return redirect("backtests:backtest-detail", uuid=backtest.uuid)


@needs("backtests.run", plan=ALWAYS)
@require_POST
def sweep_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    cancel_sweep(get_sweep_for(request.workspace, uuid), actor=request.user)
    return redirect("backtests:sweep-detail", uuid=uuid)


@needs("backtests.run", plan=ALWAYS)
@require_POST
def sweep_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    delete_sweep(get_sweep_for(request.workspace, uuid), actor=request.user)
    messages.success(request, gettext("Sweep deleted."))
    return redirect("backtests:sweep-list")
