"""The history tab: versions, publish, restore, fork, lineage."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.formulas.access import get_formula_for, get_version_of
from apps.formulas.errors import FailingCases, InvalidFormula
from apps.formulas.selectors import lineage_of, versions_of
from apps.formulas.services import fork_formula, publish_formula, restore_version


@login_required
@require_GET
def formula_history(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Versions with their notes, and where the formula comes from and went to."""
    formula = get_formula_for(request.workspace, uuid)
    ancestors, descendants = lineage_of(formula)
    context = {
        "formula": formula,
        "versions": list(versions_of(formula)),
        "ancestors": ancestors,
        "descendants": descendants,
    }
    return render(request, "formulas/formula_history.html", context)


@login_required
@require_POST
def formula_publish(request: HttpRequest, uuid: UUID) -> HttpResponse:
    formula = get_formula_for(request.workspace, uuid)
    try:
        version = publish_formula(formula, actor=request.user, note=request.POST.get("note", ""))
        messages.success(request, f"Published as version {version.number}.")
    except (InvalidFormula, FailingCases) as error:
        messages.error(request, f"Not published. {error.message}")
    return redirect("formulas:formula-detail", uuid=formula.uuid)


@login_required
@require_POST
def version_restore(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    formula = get_formula_for(request.workspace, uuid)
    restore_version(get_version_of(formula, number), actor=request.user)
    messages.success(request, f"The draft is version {number} again.")
    return redirect("formulas:formula-detail", uuid=formula.uuid)


@login_required
@require_POST
def version_fork(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """A formula of its own with the text and the tests of the version."""
    formula = get_formula_for(request.workspace, uuid)
    fork = fork_formula(get_version_of(formula, number), workspace=request.workspace, actor=request.user)
    messages.success(request, f"“{fork.name}” is a formula of its own now.")
    return redirect("formulas:formula-detail", uuid=fork.uuid)
