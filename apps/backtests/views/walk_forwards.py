"""Walk-forward pages: list, ask with a preview of the folds, watch, read the verdict, take the numbers home."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.accounts.selectors import research_defaults
from apps.backtests.access import get_backtest_for, get_sweep_for, get_walk_forward_for
from apps.backtests.choices import Status
from apps.backtests.errors import NotReady
from apps.backtests.forms import WalkForwardForm, costs_asked
from apps.backtests.lists import BY_NAME, WALK_FORWARDS
from apps.backtests.models import Backtest, Sweep, WalkForward
from apps.backtests.selectors import (
    grouped_metrics,
    joined_drawdown_chart,
    joined_equity_chart,
    joined_luck,
    stability_of,
    strip,
    strip_of_plan,
    walk_forwards_of,
)
from apps.backtests.services import cancel_walk_forward, delete_walk_forward, open_choice, submit_walk_forward
from apps.backtests.views.joined import export_of, progress_context, trade_context
from apps.billing.selectors import meters_of
from apps.core.errors import DomainError
from apps.core.lists import Asked
from apps.core.menus import searched
from apps.formulas.access import get_formula_for
from apps.formulas.models import Formula
from apps.formulas.selectors import check_report


@needs("backtests.view", writing="backtests.run", plan=("", ALWAYS))
@require_http_methods(["GET", "HEAD", "POST"])
def walk_forward_list(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST deletes those that are chosen."""
    asked = Asked(WALK_FORWARDS, request)
    found = walk_forwards_of(request.workspace)
    if request.method == "POST":
        return asked.act(found)
    found = asked.chosen(found, q=BY_NAME, status="status")
    return asked.answer(found, "backtests/walk_forward_list.html", {"tab": "walk-forwards"})


@needs("backtests.run")
def walk_forward_new(request: HttpRequest, formula: UUID) -> HttpResponse:
    """Choose ranges, a market, folds and costs; a POST submits and leads to the walk-forward.

    `?sweep=` (with `market=`) or `?backtest=` fills the form in with what was asked there.
    """
    source = get_formula_for(request.workspace, formula)
    report = check_report(source.text)
    if not report["ok"]:
        messages.error(request, gettext("Mend the formula's errors before walking it forward."))
        return redirect("formulas:formula-detail", uuid=source.uuid)
    form = _form(request, source, report)
    if request.method == "POST" and form.is_valid():
        try:
            found, is_new = submit_walk_forward(request.workspace, form.to_request(), actor=request.user)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            if not is_new:
                messages.info(
                    request,
                    gettext("You walked exactly this before: this is its stored result, free of charge."),
                )
            return redirect("backtests:walk-forward-detail", uuid=found.uuid)
    meter = next((m for m in meters_of(request.workspace) if m.meter == "backtests"), None)
    context = {"form": form, "formula": source, "report": report, "meter": meter}
    return render(request, "backtests/walk_forward_new.html", context, status=422 if form.errors else 200)


@needs("backtests.run")
@require_POST
def walk_forward_preview(request: HttpRequest, formula: UUID) -> HttpResponse:
    """Where the folds lie as the form stands, or the first thing in their way."""
    source = get_formula_for(request.workspace, formula)
    report = check_report(source.text)
    context: dict[str, Any] = {}
    if report["ok"]:
        form = _form(request, source, report)
        if form.is_valid() and form.plan is not None:
            plan = form.plan
            context = {
                "rows": strip_of_plan(plan.folds, plan.bars.time),
                "settings": len(plan.settings.settings),
                "bars": len(plan.bars),
                "warm_up": plan.warm_up,
                "purge": plan.spec.purge_bars,
            }
        else:
            name, errors = next(iter(form.errors.items()))
            label = form.fields[name].label if name in form.fields else ""
            context = {"problem": errors[0], "label": label}
    return render(request, "backtests/_walk_forward_preview.html", context)


def _form(request: HttpRequest, formula: Formula, report: dict[str, Any]) -> WalkForwardForm:
    initial, axes = _filled_in(request)
    form = WalkForwardForm(
        request.POST if request.method == "POST" else None,  # an empty one too is wrong, and says why
        workspace=request.workspace,
        formula=formula,
        inputs=report["inputs"],
        initial=research_defaults(request.user) | initial,
        axes=axes,
    )
    return searched(form, request)


def _filled_in(request: HttpRequest) -> tuple[dict[str, Any], dict[str, str] | None]:
    """What a sweep, a backtest or an earlier walk-forward named in the address was asked with."""
    given = request.GET
    named = next((name for name in ("sweep", "backtest", "walk_forward") if name in given), None)
    try:
        uuid = UUID(given[named]) if named else None
    except ValueError:
        uuid = None
    if uuid is None:
        return {}, None
    source: Sweep | Backtest | WalkForward
    initial: dict[str, Any] = {}
    axes = None
    if named == "sweep":
        source = get_sweep_for(request.workspace, uuid)
        markets = list(source.markets.all())
        place = given.get("market", "0")
        bar_set = markets[int(place) if place.isdigit() and int(place) < len(markets) else 0].bar_set
        axes = source.spec["axes"]
    elif named == "backtest":
        source = get_backtest_for(request.workspace, uuid)
        bar_set = source.bar_set
    else:
        source = get_walk_forward_for(request.workspace, uuid)
        bar_set, axes, spec = source.bar_set, source.spec["axes"], source.spec
        initial = {name: spec[name] for name in ("folds", "mode", "purge_bars", "embargo_bars", "metric")}
        if spec["train_share"] is not None:
            initial["train_share"] = f"{100 * spec['train_share']:g}"
    costs = costs_asked(source.start, source.end, source.parameters)
    return initial | {"bar_set": bar_set.uuid} | costs, axes


@needs("backtests.view")
@require_GET
def walk_forward_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = get_walk_forward_for(request.workspace, uuid)
    context: dict[str, Any] = {"job": found, "walk_forward": found}
    if found.status == Status.DONE:
        summary: dict[str, Any] = found.summary  # type: ignore[assignment]
        context |= _trades(request, found) | {
            "summary": summary,
            "luck": joined_luck(found),
            "rows": strip(summary["folds"], summary["bars"]),
            "stability": stability_of(summary),
            "groups": grouped_metrics(summary["metrics"]),
        }
    else:
        context |= progress_context(found)
    return render(request, "backtests/walk_forward_detail.html", context)


@needs("backtests.view")
@require_GET
def walk_forward_status(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The progress fragment; once the walk-forward has ended it makes the page load its result."""
    found = get_walk_forward_for(request.workspace, uuid)
    context = {"job": found, "unit": "backtests", **progress_context(found)}
    response = render(request, "backtests/_job_progress.html", context)
    if found.is_finished:
        response["HX-Refresh"] = "true"
    return response


def _trades(request: HttpRequest, found: WalkForward) -> dict[str, Any]:
    folds = found.summary["folds"]  # type: ignore[index]
    return trade_context(
        request,
        found,
        part="fold",
        url="backtests:walk-forward-trades",
        parts={fold["number"]: gettext("Fold {fold}").format(fold=fold["number"]) for fold in folds},
    )


@needs("backtests.view")
@require_GET
def walk_forward_trades(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = get_walk_forward_for(request.workspace, uuid)
    if found.status != Status.DONE:
        raise NotReady(gettext("The walk-forward has no result yet."))
    return render(request, "backtests/_joined_trades.html", _trades(request, found))


@needs("backtests.view")
@require_GET
def walk_forward_chart(request: HttpRequest, uuid: UUID, chart: str) -> JsonResponse:
    found = get_walk_forward_for(request.workspace, uuid)
    try:
        data = (
            joined_equity_chart(found, gettext("Out of sample"))
            if chart == "equity"
            else joined_drawdown_chart(found)
        )
    except NotReady as error:
        return JsonResponse(error.problem(), status=error.status)
    response = JsonResponse(data)
    response["Cache-Control"] = "private, max-age=3600"  # a finished walk-forward never changes
    return response


@needs("backtests.view")
@require_GET
def walk_forward_export(request: HttpRequest, uuid: UUID, what: str) -> HttpResponse | FileResponse:
    """Trades and equity as CSV or Parquet, or the whole result as the JSON the command line writes."""
    return export_of(get_walk_forward_for(request.workspace, uuid), what, f"walk-forward-{str(uuid)[:8]}")


@needs("backtests.run")
@require_POST
def walk_forward_open(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Run what a fold chose as a full backtest, or lead to the one that was run already."""
    found = get_walk_forward_for(request.workspace, uuid)
    try:
        backtest, _ = open_choice(found, number, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("backtests:walk-forward-detail", uuid=uuid)
    return redirect("backtests:backtest-detail", uuid=backtest.uuid)


@needs("backtests.run", plan=ALWAYS)
@require_POST
def walk_forward_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    cancel_walk_forward(get_walk_forward_for(request.workspace, uuid), actor=request.user)
    return redirect("backtests:walk-forward-detail", uuid=uuid)


@needs("backtests.run", plan=ALWAYS)
@require_POST
def walk_forward_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    delete_walk_forward(get_walk_forward_for(request.workspace, uuid), actor=request.user)
    messages.success(request, gettext("Walk-forward deleted."))
    return redirect("backtests:walk-forward-list")
