"""Formula pages: list, new, editor, archive, files in and out."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.core.lists import Asked, offered
from apps.formulas.access import get_formula_for, open_formula, shared_formulas
from apps.formulas.choices import ShareLevel
from apps.formulas.forms import FormulaForm, UploadForm
from apps.formulas.library import template_of, templates
from apps.formulas.lists import FORMULAS
from apps.formulas.models import Formula
from apps.formulas.selectors import (
    PREVIEW_BARS,
    all_formulas_of,
    check_report,
    explanation,
    search_formulas,
)
from apps.formulas.services import (
    archive_formula,
    create_formula,
    fork_formula,
    save_formula,
    unarchive_formula,
)
from apps.formulas.views.history import publish
from apps.markets.selectors import visible_bar_sets

PREVIEW_COUNTS = (500, 250, 1_000, 2_500, PREVIEW_BARS)  # bars on it; the first is what one sees at first
SUGGESTED = 6  # templates shown where there is no formula yet


@needs("formulas.view", writing="formulas.edit", plan=("", ALWAYS))
@require_http_methods(["GET", "HEAD", "POST"])
def formula_list(request: HttpRequest) -> HttpResponseBase:
    """Formulas of the workspace; a POST archives those that are chosen, or brings them back."""
    asked = Asked(FORMULAS, request)
    if request.method == "POST":
        return asked.act(all_formulas_of(request.workspace))
    return asked.answer(
        search_formulas(request.workspace, words=asked["q"], state=asked["state"]),
        "formulas/formula_list.html",
        lambda _: {
            "templates": templates()[:SUGGESTED],
            "upload_form": UploadForm(),
            "shared_count": shared_formulas(request).count(),
        },
    )


@needs("formulas.edit")
def formula_new(request: HttpRequest) -> HttpResponse:
    """A GET shows the editor with a template or empty; a POST stores the first draft."""
    key = request.GET.get("template", "")
    template = template_of(key)
    if key and template is None:
        raise Http404(gettext("No such template."))
    initial = {"name": template.name, "text": template.text} if template else {"name": "", "text": ""}
    form = FormulaForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        formula = create_formula(request.workspace, actor=request.user, **form.cleaned_data)
        return after_save(request, formula)
    text = form["text"].value() or ""
    context = {
        "form": form,
        "report": check_report(text) if text else None,
        "templates": templates()[:SUGGESTED],
        "can_edit": True,
        **_beside(request, text),
    }
    return render(request, "formulas/formula_edit.html", context)


@needs("formulas.view", writing="formulas.edit")
def formula_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The editor; a POST saves the draft."""
    is_saving = request.method == "POST"
    level = ShareLevel.EDIT if is_saving else ShareLevel.VIEW
    with transaction.atomic():
        if is_saving:  # of two who save at once, the second sees what the first has saved
            list(Formula.objects.select_for_update().filter(uuid=uuid).values_list("pk"))
        formula = open_formula(request, uuid, level)
        form = FormulaForm(request.POST or None, instance=formula)
        saved = None
        if is_saving and form.is_valid():
            fresh = open_formula(request, uuid, level)
            saved = save_formula(fresh, actor=request.user, **form.cleaned_data)
    if saved:
        return after_save(request, saved)
    text = form["text"].value() or ""
    context: dict[str, Any] = {
        "form": form,
        "formula": formula,
        "report": check_report(text) if text else None,
        "can_edit": formula.level in ("", ShareLevel.EDIT) and "formulas.edit" in request.rights,
        **_beside(request, text),
    }
    return render(request, "formulas/formula_edit.html", context, status=409 if form.overtaken else 200)


def _beside(request: HttpRequest, text: str) -> dict[str, Any]:
    """What stands beside the editor: markets for its chart, and the text in plain words."""
    markets = offered(visible_bar_sets(request.workspace)) if "markets.view" in request.rights else []
    return {"bar_sets": markets, "preview_counts": PREVIEW_COUNTS, "explanation": explanation(text)}


def after_save(request: HttpRequest, formula: Formula) -> HttpResponse:
    """What the pressed button asks for besides: to publish, or the backtest form; else back to the editor, where a
    shared formula always stays."""
    asked_for = "" if formula.level else request.POST.get("next")
    if asked_for == "publish":
        return publish(request, formula, then="formula-detail")
    report = check_report(formula.text)
    if asked_for == "backtest" and report["ok"]:
        return redirect("backtests:backtest-new", formula=formula.uuid)
    if report["ok"]:
        messages.success(request, gettext("Saved."))
    else:
        count = len(report["errors"])
        errors = gettext("1 error") if count == 1 else gettext("{count} errors").format(count=count)
        asked = gettext("The backtest was not started. ") if asked_for == "backtest" else ""
        messages.warning(
            request,
            gettext("{asked}The draft is saved; it has {errors} to mend before it can run.").format(
                asked=asked, errors=errors
            ),
        )
    return redirect("formulas:formula-detail", uuid=formula.uuid)


@needs("formulas.edit")
@require_POST
def formula_upload(request: HttpRequest) -> HttpResponse:
    """A .formula file becomes a draft, errors and all."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(
            request, gettext("Nothing was kept. {join}").format(join=" ".join(form.errors["file"]))
        )
        return redirect("formulas:formula-list")
    formula = create_formula(request.workspace, name=form.name, text=form.text, actor=request.user)
    return after_save(request, formula)


@needs("formulas.view")
@require_GET
def formula_export(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The draft as a .formula file."""
    formula = open_formula(request, uuid, ShareLevel.COPY)
    return text_file(formula.text, f"{file_stem(formula.name)}.formula")


def text_file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_stem(name: str) -> str:
    """A file's name that every system takes: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "formula"


@needs("formulas.edit")
@require_POST
def formula_fork(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A copy of the draft with its tests, as a formula of its own; of a shared one the draft alone."""
    formula = open_formula(request, uuid, ShareLevel.COPY)
    fork = fork_formula(formula, workspace=request.workspace, actor=request.user)
    messages.success(request, gettext("“{name}” is a formula of its own now.").format(name=fork.name))
    return redirect("formulas:formula-detail", uuid=fork.uuid)


@needs("formulas.edit", plan=ALWAYS)
@require_POST
def formula_archive(request: HttpRequest, uuid: UUID) -> HttpResponse:
    formula = get_formula_for(request.workspace, uuid)
    archive_formula(formula, actor=request.user)
    context = {"formula": formula}
    return render(request, "formulas/formula_archived.html", context)


@needs("formulas.edit")
@require_POST
def formula_unarchive(request: HttpRequest, uuid: UUID) -> HttpResponse:
    formula = get_object_or_404(Formula, workspace=request.workspace, uuid=uuid)
    unarchive_formula(formula, actor=request.user)
    return redirect("formulas:formula-detail", uuid=formula.uuid)
