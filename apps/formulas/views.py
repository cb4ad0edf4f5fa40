"""Formula pages: list, start from an example, edit, publish, history."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.formulas.access import get_formula_for
from apps.formulas.errors import InvalidFormula
from apps.formulas.examples import EXAMPLES, EXAMPLES_BY_KEY
from apps.formulas.forms import FormulaForm
from apps.formulas.models import Formula
from apps.formulas.selectors import check_report, formulas_of
from apps.formulas.services import (
    archive_formula,
    create_formula,
    publish_formula,
    restore_version,
    save_formula,
    unarchive_formula,
)


@login_required
def formula_list(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    formulas = formulas_of(request.workspace)
    if query:
        formulas = formulas.filter(name__icontains=query)
    page = Paginator(formulas, 25).get_page(request.GET.get("page"))
    context = {"page": page, "query": query, "examples": EXAMPLES}
    return render(request, "formulas/formula_list.html", context)


@login_required
def formula_new(request: HttpRequest) -> HttpResponse:
    """A GET shows the editor with an example or empty; a POST stores the first draft."""
    key = request.GET.get("example", "")
    if key and key not in EXAMPLES_BY_KEY:
        raise Http404("No such example.")
    example = EXAMPLES_BY_KEY.get(key)
    initial = {"name": example.name, "text": example.text} if example else {"name": "", "text": ""}
    form = FormulaForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        formula = create_formula(request.workspace, actor=request.user, **form.cleaned_data)
        return _after_save(request, formula)
    text = form["text"].value() or ""
    context = {"form": form, "report": check_report(text) if text else None, "examples": EXAMPLES}
    return render(request, "formulas/formula_edit.html", context)


@login_required
def formula_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The editor; a POST saves the draft."""
    formula = get_formula_for(request.workspace, uuid)
    form = FormulaForm(request.POST or None, instance=formula)
    if request.method == "POST" and form.is_valid():
        fresh = get_formula_for(request.workspace, uuid)
        return _after_save(request, save_formula(fresh, actor=request.user, **form.cleaned_data))
    text = form["text"].value() or ""
    context: dict[str, Any] = {
        "form": form,
        "formula": formula,
        "report": check_report(text) if text else None,
        "versions": formula.versions.select_related("published_by")[:20],
    }
    return render(request, "formulas/formula_edit.html", context)


def _after_save(request: HttpRequest, formula: Formula) -> HttpResponse:
    """Where the pressed button leads: on to the backtest form, or back to the editor."""
    report = check_report(formula.text)
    if request.POST.get("next") == "backtest" and report["ok"]:
        return redirect("backtests:backtest-new", formula=formula.uuid)
    if report["ok"]:
        messages.success(request, "Saved.")
    else:
        count = len(report["errors"])
        errors = "1 error" if count == 1 else f"{count} errors"
        asked = "The backtest was not started. " if request.POST.get("next") == "backtest" else ""
        messages.warning(request, f"{asked}The draft is saved; it has {errors} to mend before it can run.")
    return redirect("formulas:formula-detail", uuid=formula.uuid)


@login_required
@require_POST
def formula_publish(request: HttpRequest, uuid: UUID) -> HttpResponse:
    formula = get_formula_for(request.workspace, uuid)
    try:
        version = publish_formula(formula, actor=request.user)
        messages.success(request, f"Published as version {version.number}.")
    except InvalidFormula as error:
        messages.error(request, f"Not published. {error.message}")
    return redirect("formulas:formula-detail", uuid=formula.uuid)


@login_required
@require_POST
def version_restore(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    formula = get_formula_for(request.workspace, uuid)
    restore_version(get_object_or_404(formula.versions, number=number), actor=request.user)
    messages.success(request, f"The draft is version {number} again.")
    return redirect("formulas:formula-detail", uuid=formula.uuid)


@login_required
@require_POST
def formula_archive(request: HttpRequest, uuid: UUID) -> HttpResponse:
    formula = get_formula_for(request.workspace, uuid)
    archive_formula(formula, actor=request.user)
    context = {"formula": formula}
    return render(request, "formulas/formula_archived.html", context)


@login_required
@require_POST
def formula_unarchive(request: HttpRequest, uuid: UUID) -> HttpResponse:
    formula = get_object_or_404(Formula, workspace=request.workspace, uuid=uuid)
    unarchive_formula(formula, actor=request.user)
    return redirect("formulas:formula-detail", uuid=formula.uuid)
