"""The history tab: publish, restore."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.formulas.access import get_formula_for, get_version_of
from apps.formulas.errors import FailingCases, InvalidFormula
from apps.formulas.services import publish_formula, restore_version


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
