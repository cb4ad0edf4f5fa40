"""Portfolio pages: list, put legs together, watch, read what each brought, take the numbers home."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.accounts.selectors import research_defaults
from apps.backtests.access import get_portfolio_for
from apps.backtests.choices import Status
from apps.backtests.errors import NotReady
from apps.backtests.forms import LegForm, PortfolioForm
from apps.backtests.forms.portfolios import (
    LegChoices,
    Row,
    changed_rows,
    equal_weights,
    put_error,
    rows_of,
    weight_sum,
)
from apps.backtests.lists import PORTFOLIOS
from apps.backtests.models import PortfolioLeg, PortfolioRun
from apps.backtests.selectors import (
    contribution_chart,
    correlation_rows,
    joined_drawdown_chart,
    joined_equity_chart,
    leg_names,
    leg_rows,
    metric_groups,
    portfolios_of,
    shares_chart,
)
from apps.backtests.services import cancel_portfolio, delete_portfolio, submit_portfolio
from apps.backtests.views.joined import export_of, progress_context, trade_context
from apps.billing.selectors import meters_of
from apps.core.errors import DomainError
from apps.core.lists import Asked

CHARTS = {
    "equity": lambda run: joined_equity_chart(run, "Portfolio"),
    "drawdown": joined_drawdown_chart,
    "shares": shares_chart,
    "contribution": contribution_chart,
}


@needs("backtests.view", writing="backtests.run", plan=("", ALWAYS))
@require_http_methods(["GET", "HEAD", "POST"])
def portfolio_list(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST deletes those that are chosen."""
    asked = Asked(PORTFOLIOS, request)
    found = portfolios_of(request.workspace)
    if request.method == "POST":
        return asked.act(found)
    if words := asked["q"]:
        legs = PortfolioLeg.objects.filter(
            Q(bar_set__instrument__symbol__icontains=words) | Q(formula_name__icontains=words)
        )
        found = found.filter(Q(name__icontains=words) | Q(pk__in=legs.values("run_id")))
    found = asked.chosen(found, status="status")
    return asked.answer(found, "backtests/portfolio_list.html", {"tab": "portfolios"})


@needs("backtests.run")
def portfolio_new(request: HttpRequest) -> HttpResponse:
    """Put legs together; a POST with `do=run` submits and leads to the run, other deeds change the rows of legs.

    `?formula=<uuid>` begins with that formula, `?portfolio=<uuid>` with the legs and conditions of a run.
    """
    earlier = _earlier(request)
    choices = _choices(request, earlier)
    deed = request.POST.get("do", "run")
    if request.method == "POST" and deed == "run":
        rows = rows_of(request.POST)
        form = PortfolioForm(request.POST)
        legs = [LegForm(request.POST, choices=choices, prefix=f"leg-{place}") for place in range(len(rows))]
        run = _submitted(request, form, legs)
        if run is not None:
            return redirect("backtests:portfolio-detail", uuid=run.uuid)
    else:
        rows, initial = _begun(request, choices, earlier)
        if request.method == "POST":
            rows = changed_rows(rows_of(request.POST), deed, request.POST, choices)
            initial = {**request.POST.dict(), "use_finer": "use_finer" in request.POST}
        form = PortfolioForm(initial=initial)
        legs = _leg_forms(rows, choices)
    meter = next((m for m in meters_of(request.workspace) if m.meter == "backtests"), None)
    refused = bool(form.errors or any(leg.errors for leg in legs))
    context = {"form": form, "meter": meter, **_legs_context(legs, rows, choices)}
    return render(request, "backtests/portfolio_new.html", context, status=422 if refused else 200)


@needs("backtests.run")
@require_POST
def portfolio_legs(request: HttpRequest) -> HttpResponse:
    """The rows of legs as a fragment, after a button or a change."""
    choices = _choices(request)
    rows = changed_rows(rows_of(request.POST), request.POST.get("do", ""), request.POST, choices)
    context = _legs_context(_leg_forms(rows, choices), rows, choices)
    return render(request, "backtests/_portfolio_legs.html", context)


def _submitted(request: HttpRequest, form: PortfolioForm, legs: list[LegForm]) -> PortfolioRun | None:
    valid = [form.is_valid(), *(leg.is_valid() for leg in legs)]
    if not legs:
        form.add_error(None, gettext("Add at least one leg."))
        return None
    if not all(valid):
        return None
    try:
        run, is_new = submit_portfolio(request.workspace, form.to_request(legs), actor=request.user)
    except DomainError as error:
        put_error(form, legs, error)
        return None
    if not is_new:
        messages.info(
            request, gettext("You ran exactly this before: this is its stored result, free of charge.")
        )
    return run


def _earlier(request: HttpRequest) -> PortfolioRun | None:
    """The run that the address names."""
    try:
        uuid = UUID(request.GET["portfolio"]) if "portfolio" in request.GET else None
    except ValueError:
        return None
    return get_portfolio_for(request.workspace, uuid) if uuid else None


def _choices(request: HttpRequest, earlier: PortfolioRun | None = None) -> LegChoices:
    """With everything that the request, or the run it begins with, may name a formula or a market by."""
    given = [
        request.GET.get("formula", ""),
        *(value for _, values in request.POST.lists() for value in values),
    ]
    for leg in earlier.legs.all() if earlier else []:
        given += [str(leg.bar_set.uuid), str(leg.formula.uuid) if leg.formula else ""]
    return LegChoices(request.workspace, given)


def _begun(
    request: HttpRequest, choices: LegChoices, run: PortfolioRun | None
) -> tuple[list[Row], dict[str, Any]]:
    """The rows and conditions a new portfolio starts with."""
    if run is None:
        formula = request.GET.get("formula", "")
        formula = formula if formula in choices.formulas else next(iter(choices.formulas), "")
        rows = [
            {"formula": formula, "bar_set": uuid, "weight": "", "inputs": ""}
            for uuid, _ in choices.bar_set_choices[:2]
        ]
        return equal_weights(rows), research_defaults(request.user)
    rows = [
        {
            "formula": str(leg.formula.uuid) if leg.formula else "",
            "bar_set": str(leg.bar_set.uuid),
            "weight": f"{round(100 * leg.weight, 4):.12g}",
            "inputs": ", ".join(
                f"{name}={str(value).lower() if isinstance(value, bool) else value}"
                for name, value in leg.settings.items()
            ),
        }
        for leg in run.legs.all()
    ]
    asked = run.parameters
    return rows, {
        "name": run.name,
        "start": run.start,
        "end": run.end,
        "cash": f"{asked['cash']:.12g}",
        "fee": f"{100 * asked['fee']:.12g}",
        "slippage_bps": f"{asked['slippage_bps']:.12g}",
        "fill": asked["fill"],
        "borrow": f"{100 * asked['borrow_per_day']:.12g}",
        "funding": f"{100 * asked.get('funding_per_day', 0.0):.12g}",
        "rebalance": asked["rebalance"],
        "threshold": f"{100 * asked['threshold']:.12g}",
        "timezone": asked["timezone"] or "",
    }


def _leg_forms(rows: list[Row], choices: LegChoices) -> list[LegForm]:
    return [LegForm(initial=row, choices=choices, prefix=f"leg-{place}") for place, row in enumerate(rows)]


def _legs_context(legs: list[LegForm], rows: list[Row], choices: LegChoices) -> dict[str, Any]:
    return {"legs": legs, "choices": choices, "total": weight_sum(rows)}


@needs("backtests.view")
@require_GET
def portfolio_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run = get_portfolio_for(request.workspace, uuid)
    context: dict[str, Any] = {"job": run, "run": run, "rows": leg_rows(run)}
    if run.status == Status.DONE:
        context |= _trades(request, run) | {
            "names": leg_names(run),
            "correlation": correlation_rows(run),
            "groups": metric_groups(run),
        }
    else:
        context |= progress_context(run)
    return render(request, "backtests/portfolio_detail.html", context)


@needs("backtests.view")
@require_GET
def portfolio_status(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The progress fragment; once the run has ended it makes the page load its result."""
    run = get_portfolio_for(request.workspace, uuid)
    context = {"job": run, "unit": "closes", **progress_context(run)}
    response = render(request, "backtests/_job_progress.html", context)
    if run.is_finished:
        response["HX-Refresh"] = "true"
    return response


def _trades(request: HttpRequest, run: PortfolioRun) -> dict[str, Any]:
    return trade_context(
        request,
        run,
        part="leg",
        url="backtests:portfolio-trades",
        parts=dict(enumerate(leg_names(run))),
    )


@needs("backtests.view")
@require_GET
def portfolio_trades(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run = get_portfolio_for(request.workspace, uuid)
    if run.status != Status.DONE:
        raise NotReady(gettext("The portfolio has no result yet."))
    return render(request, "backtests/_joined_trades.html", _trades(request, run))


@needs("backtests.view")
@require_GET
def portfolio_chart(request: HttpRequest, uuid: UUID, chart: str) -> JsonResponse:
    run = get_portfolio_for(request.workspace, uuid)
    try:
        data = CHARTS[chart](run)
    except NotReady as error:
        return JsonResponse(error.problem(), status=error.status)
    response = JsonResponse(data)
    response["Cache-Control"] = "private, max-age=3600"  # a finished run never changes
    return response


@needs("backtests.view")
@require_GET
def portfolio_export(request: HttpRequest, uuid: UUID, what: str) -> HttpResponse | FileResponse:
    """Trades, equity and the legs' days as CSV or Parquet, or the whole result as the command line's JSON."""
    return export_of(get_portfolio_for(request.workspace, uuid), what, f"portfolio-{str(uuid)[:8]}")


@needs("backtests.run", plan=ALWAYS)
@require_POST
def portfolio_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    cancel_portfolio(get_portfolio_for(request.workspace, uuid), actor=request.user)
    return redirect("backtests:portfolio-detail", uuid=uuid)


@needs("backtests.run", plan=ALWAYS)
@require_POST
def portfolio_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    delete_portfolio(get_portfolio_for(request.workspace, uuid), actor=request.user)
    messages.success(request, gettext("Portfolio deleted."))
    return redirect("backtests:portfolio-list")
