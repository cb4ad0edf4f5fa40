"""The tests tab: cases of bars and the signals that must come of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.core.errors import DomainError
from apps.formulas.access import get_case_of, get_formula_for
from apps.formulas.case_lines import as_lines
from apps.formulas.forms import CaseForm, CaseLinesForm, SnapshotForm, case_text
from apps.formulas.selectors import bars_between, cases_of, check_report
from apps.formulas.services import (
    add_case,
    add_snapshot,
    change_case,
    remove_case,
    restore_case,
    run_tests,
)
from apps.markets.services import load_bars

SAMPLE = {
    "name": "buys the rise",
    "bars": [100, 101, 103, 102],
    "spread": 1,
    "signals": [{"bar": 2, "kind": "long"}],
}


def _form(request: HttpRequest, content: dict[str, Any]) -> CaseLinesForm | CaseForm:
    """The test as lines, or as JSON where that is asked for, was sent, or is all that can say it."""
    lines = as_lines(content)
    if lines is None or "json" in request.GET or "content" in request.POST:
        return CaseForm(request.POST or None, initial={"content": case_text(content)})
    return CaseLinesForm(request.POST or None, initial=lines, kept={} if content is SAMPLE else content)


@needs("formulas.view")
@require_GET
def case_list(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The tests; with `run` each with its result."""
    formula = get_formula_for(request.workspace, uuid)
    cases = list(cases_of(formula))
    results: dict[str, Any] = {}
    if "run" in request.GET:
        results = {result["uuid"]: result for result in run_tests(formula)}
    context = {
        "formula": formula,
        "rows": [(case, results.get(str(case.uuid))) for case in cases],
        "is_run": bool(results),
        "failing": sum(not result["ok"] for result in results.values()),
    }
    return render(request, "formulas/case_list.html", context)


@needs("formulas.edit")
def case_new(request: HttpRequest, uuid: UUID) -> HttpResponse:
    formula = get_formula_for(request.workspace, uuid)
    form = _form(request, SAMPLE)
    if request.method == "POST" and form.is_valid():
        try:
            case = add_case(formula, form.cleaned_data["content"], actor=request.user)
        except DomainError as error:
            form.add_error("content" if "content" in form.fields else None, error.message)
        else:
            messages.success(
                request, gettext("“{name}” is a test of this formula now.").format(name=case.name)
            )
            return redirect("formulas:case-list", uuid=uuid)
    context = {
        "formula": formula,
        "form": form,
        "snapshot_form": SnapshotForm(workspace=request.workspace),
        "is_ready": check_report(formula.text)["ok"],
    }
    return render(request, "formulas/case_edit.html", context, status=422 if form.errors else 200)


@needs("formulas.edit")
@require_POST
def case_snapshot(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A test from a range of bars and what the draft says of them now."""
    formula = get_formula_for(request.workspace, uuid)
    form = SnapshotForm(request.POST, workspace=request.workspace)
    if form.is_valid():
        try:
            case = add_snapshot(
                formula,
                bars_between(load_bars(form.cleaned_data["bar_set"]), *form.moments()),
                name=form.cleaned_data["name"],
                settings=None,
                first=0,
                actor=request.user,
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request, gettext("“{name}” holds what the formula says now.").format(name=case.name)
            )
            return redirect("formulas:case-detail", uuid=uuid, case=case.uuid)
    context = {
        "formula": formula,
        "form": CaseLinesForm(initial=as_lines(SAMPLE)),
        "snapshot_form": form,
        "is_ready": check_report(formula.text)["ok"],
    }
    return render(request, "formulas/case_edit.html", context, status=422)


@needs("formulas.view", writing="formulas.edit")
def case_detail(request: HttpRequest, uuid: UUID, case: UUID) -> HttpResponse:
    formula = get_formula_for(request.workspace, uuid)
    kept = get_case_of(formula, case)
    form = _form(request, kept.content)
    if request.method == "POST" and form.is_valid():
        try:
            change_case(kept, form.cleaned_data["content"], actor=request.user)
        except DomainError as error:
            form.add_error("content" if "content" in form.fields else None, error.message)
        else:
            messages.success(request, gettext("Saved."))
            return redirect("formulas:case-list", uuid=uuid)
    context = {"formula": formula, "case": kept, "form": form}
    return render(request, "formulas/case_edit.html", context, status=422 if form.errors else 200)


@needs("formulas.edit", plan=ALWAYS)
@require_POST
def case_remove(request: HttpRequest, uuid: UUID, case: UUID) -> HttpResponse:
    formula = get_formula_for(request.workspace, uuid)
    kept = get_case_of(formula, case)
    remove_case(kept, actor=request.user)
    return render(request, "formulas/case_removed.html", {"formula": formula, "case": kept})


@needs("formulas.edit")
@require_POST
def case_restore(request: HttpRequest, uuid: UUID, case: UUID) -> HttpResponse:
    formula = get_formula_for(request.workspace, uuid)
    restore_case(get_case_of(formula, case, is_removed=True), actor=request.user)
    return redirect("formulas:case-list", uuid=uuid)
