"""Pine Script: the formula as a script for TradingView, and a script as a formula."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.core.words import gettext_lazy
from apps.formulas.access import open_formula
from apps.formulas.choices import ShareLevel
from apps.formulas.forms import PineForm
from apps.formulas.models import Formula
from apps.formulas.selectors import formula_of_pine, pine_of
from apps.formulas.services import create_formula
from apps.formulas.views.drafts import file_stem, text_file

KINDS = {"indicator": gettext_lazy("Indicator with alerts"), "strategy": gettext_lazy("Strategy")}


@needs("formulas.view")
@require_GET
def formula_pine(request: HttpRequest, uuid: UUID) -> HttpResponse:
    formula = open_formula(request, uuid, ShareLevel.COPY)
    kind = _kind(request)
    context = {"formula": formula, "kind": kind, "kinds": KINDS, "pine": _export(formula, kind)}
    return render(request, "formulas/formula_pine.html", context)


@needs("formulas.view")
@require_GET
def pine_file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The script as a file."""
    formula = open_formula(request, uuid, ShareLevel.COPY)
    kind = _kind(request)
    pine = _export(formula, kind)
    if not pine["script"]:
        messages.error(request, gettext("There is no script to download while the formula has problems."))
        return redirect("formulas:formula-pine", uuid=uuid)
    return text_file(pine["script"], f"{file_stem(formula.name)}-{kind}.pine")


@needs("formulas.edit")
def pine_import(request: HttpRequest) -> HttpResponse:
    """A script, pasted or uploaded, becomes a formula with a report for each of its lines; kept when asked for."""
    form = PineForm(request.POST, request.FILES) if request.method == "POST" else PineForm()
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        found = formula_of_pine(form.cleaned_data["source"])
        name = found["name"][:120] or gettext("Imported from Pine")
        if "create" in request.POST:
            formula = create_formula(request.workspace, name=name, text=found["text"], actor=request.user)
            words = (
                gettext("Imported.")
                if found["complete"]
                else gettext("Imported. The lines that need a hand are marked in the text.")
            )
            messages.success(request, words)
            return redirect("formulas:formula-detail", uuid=formula.uuid)
        statuses = Counter(line["status"] for line in found["report"])
        context |= {
            "found": found,
            "missing": statuses["impossible"],
            "doubtful": statuses["needs_edit"],
            "name": name,
            "source": form.cleaned_data["source"],
        }
    return render(request, "formulas/pine_import.html", context, status=422 if form.errors else 200)


def _kind(request: HttpRequest) -> Any:
    kind = request.GET.get("kind", "")
    return kind if kind in KINDS else "indicator"


def _export(formula: Formula, kind: Any) -> dict[str, Any]:
    return pine_of(formula.text, kind=kind, name=formula.name)
