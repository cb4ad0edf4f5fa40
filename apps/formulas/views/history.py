"""The history tab: versions, what changed, publish, restore, fork, lineage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.core.errors import DomainError
from apps.core.lists import offered
from apps.core.menus import searched
from apps.formulas.access import get_formula_for, get_version_of, open_formula
from apps.formulas.choices import ShareLevel
from apps.formulas.errors import FailingCases, InvalidFormula
from apps.formulas.forms import CompareForm
from apps.formulas.models import Formula, FormulaVersion
from apps.formulas.selectors import (
    changes_between,
    has_unpublished_draft,
    lineage_of,
    note_in_words,
    signal_changes,
    versions_of,
)
from apps.formulas.services import fork_formula, publish_formula, restore_version
from apps.markets.services import load_bars

SHOWN = 60  # signals in the table of a comparison


@needs("formulas.view")
@require_GET
def formula_history(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Versions with their notes, what changed between two of them, where the formula comes from and went to."""
    formula = open_formula(request, uuid)
    ancestors, descendants = ([], []) if formula.level else lineage_of(formula)
    asked = (request.GET.get("old"), request.GET.get("new"))
    versions = offered(versions_of(formula), *asked, by="number")  # those before are reached by their address
    older = [version.text for version in versions[1:]] + [""]
    for version, before in zip(
        versions, older, strict=False
    ):  # without a version, there is one text too many
        version.told = note_in_words(version.note, before, version.text)  # type: ignore[attr-defined]
    form = CompareForm(request.GET or None, workspace=request.workspace, versions=versions)
    searched(form, request)
    context = {
        "formula": formula,
        "versions": versions,
        "form": form,
        **(_comparison(formula, versions, form) if form.is_valid() else {}),
        "ancestors": ancestors,
        "descendants": descendants,
    }
    return render(request, "formulas/formula_history.html", context)


def _comparison(formula: Formula, versions: list[FormulaVersion], form: CompareForm) -> dict[str, Any]:
    """What changed, in sentences and in signals; or why that cannot be said."""
    texts = {"draft": formula.text} | {str(version.number): version.text for version in versions}
    old, new = (texts[form.cleaned_data[key]] for key in ("old", "new"))
    bar_set = form.cleaned_data["bar_set"]
    found: dict[str, Any] = {}
    try:
        found["compared"] = changes_between(old, new)
        if bar_set:
            signals = signal_changes(old, new, load_bars(bar_set))
            rows = [
                {**signal, "is_added": key == "added"}
                for key in ("added", "removed")
                for signal in signals[key]
            ]
            rows.sort(key=lambda row: row["time"], reverse=True)
            found |= {"signals": signals, "rows": rows[:SHOWN], "is_cut": len(rows) > SHOWN, "shown": SHOWN}
    except DomainError as error:
        found["refusal"] = error.message
    return found


@needs("formulas.edit")
@require_POST
def formula_publish(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Publish the stored draft, with the note of the form."""
    return publish(request, get_formula_for(request.workspace, uuid), then="formula-history")


def publish(request: HttpRequest, formula: Formula, *, then: str) -> HttpResponse:
    """Publish and say what came of it; on to the page `then`, or to the tests where they stand in the way."""
    newest = formula.versions.first()
    try:
        version = publish_formula(formula, actor=request.user, note=request.POST.get("note", ""))
    except InvalidFormula as error:
        messages.error(request, gettext("Not published. {message}").format(message=error.message))
    except FailingCases as error:
        messages.error(request, gettext("Not published. {message}").format(message=error.message))
        then = "case-list"
    else:
        if newest is None or version.number > newest.number:
            messages.success(request, gettext("Published as version {number}.").format(number=version.number))
        else:
            messages.info(
                request,
                gettext("This is version {number} already; nothing new was published.").format(
                    number=version.number
                ),
            )
    return redirect(f"formulas:{then}", uuid=formula.uuid)


@needs("formulas.edit")
@require_POST
def version_restore(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """The version becomes the draft; a draft that no version holds is asked about first."""
    formula = get_formula_for(request.workspace, uuid)
    version = get_version_of(formula, number)
    wish = request.POST.get("draft", "")
    if wish not in ("replace", "keep") and has_unpublished_draft(formula):
        context = {"formula": formula, "version": version}
        return render(request, "formulas/version_restore.html", context)
    if wish == "keep":
        name = gettext("{name} (draft)").format(name=formula.name[:112])
        fork_formula(formula, workspace=request.workspace, actor=request.user, name=name)
        messages.success(request, gettext("The draft is kept as “{name}”.").format(name=name))
    restore_version(version, actor=request.user)
    messages.success(request, gettext("The draft is version {number} again.").format(number=number))
    return redirect("formulas:formula-detail", uuid=formula.uuid)


@needs("formulas.edit")
@require_POST
def version_fork(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """A formula of its own with the text and the tests of the version; of a shared one the text alone."""
    formula = open_formula(request, uuid, ShareLevel.COPY)
    fork = fork_formula(get_version_of(formula, number), workspace=request.workspace, actor=request.user)
    messages.success(request, gettext("“{name}” is a formula of its own now.").format(name=fork.name))
    return redirect("formulas:formula-detail", uuid=fork.uuid)
