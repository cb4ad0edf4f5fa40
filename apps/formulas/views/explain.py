"""The explain tab: what the formula does, what it needs, and why it said what it said on a bar."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.core.address_limits import limited_by_address
from apps.core.errors import DomainError
from apps.core.lists import offered
from apps.engine.lang.lexer import MAX_BYTES
from apps.formulas.access import open_formula
from apps.formulas.forms import WhyForm
from apps.formulas.selectors import (
    certified_values,
    chart_around,
    check_report,
    explanation,
    value_rows,
    why_at,
)
from apps.markets.selectors import visible_bar_sets
from apps.markets.services import load_bars

NO_RULES = ("input", "definition", "plot")
WHYS_PER_MINUTE = 300  # while an arrow key is held, each bar where it stops is asked for


@needs("formulas.view")
@require_GET
def formula_explain(request: HttpRequest, uuid: UUID) -> HttpResponse:
    formula = open_formula(request, uuid)
    report = check_report(formula.text)
    form = WhyForm(request.GET or None, workspace=request.workspace)
    context: dict[str, Any] = {"formula": formula, "report": report, "form": form}
    if report["ok"]:
        context |= {
            "explanation": explanation(formula.text),
            "certified": certified_values(formula.text),
        }
        context |= _why(formula.text, form)
        asked = context["bar_set"].uuid if "bar_set" in context else ""
        context["markets"] = offered(visible_bar_sets(request.workspace), asked)
    return render(request, "formulas/formula_explain.html", context)


@needs("formulas.view")
@require_GET
def formula_bars(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """The bars around a bar with what the formula draws and marks there, for the chart."""
    formula = open_formula(request, uuid)
    form = WhyForm(request.GET or None, workspace=request.workspace)
    bar_set = form.chosen()
    if bar_set is None:
        return JsonResponse({"detail": gettext("Choose a market of this workspace and a date.")}, status=422)
    try:
        return JsonResponse(chart_around(formula.text, load_bars(bar_set), form.moment()))
    except DomainError as error:
        return JsonResponse({"detail": error.message}, status=422)


@needs("formulas.view")
@require_POST
@limited_by_address("why", per_minute=WHYS_PER_MINUTE)
def text_why(request: HttpRequest) -> HttpResponse:
    """Why a text, which need not be stored, says what it says on a bar: the panel beside the editor."""
    form = WhyForm(request.POST, workspace=request.workspace)
    context: dict[str, Any] = {"form": form}
    text = request.POST.get("text", "").replace("\r\n", "\n")
    if len(text.encode()) > MAX_BYTES:
        context["refusal"] = gettext("The formula is too long.")
    else:
        context |= _why(text, form)
    return render(request, "formulas/_why_here.html", context)


def _values(statements: list[dict[str, Any]]) -> dict[str, Any]:
    """By node: what each part was on the bar, and whether each condition held; for the blocks."""
    values: dict[str, Any] = {}
    for one in statements:
        values |= {row["node"]: row["value"] for row in one["rows"]}
        if one["held"] is not None:
            values[one["node"]] = one["held"]
    return values


def _why(text: str, form: WhyForm) -> dict[str, Any]:
    bar_set = form.chosen()
    if bar_set is None:
        return {}
    try:
        found = why_at(text, load_bars(bar_set), form.moment())
    except DomainError as error:
        return {"refusal": error.message}
    statements = [{**one, "rows": list(value_rows(one["tree"]))} for one in found.report["statements"]]
    return {
        "why": found,
        "values": _values(statements),
        "bar_set": bar_set,
        "watched": [one for one in statements if one["held"] is not None],
        "series": [one for one in statements if one["kind"] in ("definition", "plot")],
        "rules": [one for one in statements if one["held"] is None and one["kind"] not in NO_RULES],
    }
