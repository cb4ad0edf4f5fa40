"""Publishing a draft, and going back to what was published."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_noop

from apps.accounts.models import User
from apps.formulas.errors import FailingCases, InvalidFormula
from apps.formulas.models import Formula, FormulaVersion
from apps.formulas.selectors import cases_of, change_note, check_report
from apps.formulas.services.cases import run_tests
from apps.formulas.services.drafts import save_formula
from apps.journal.services import record

MAX_NOTE = 500


@transaction.atomic
def publish_formula(formula: Formula, *, actor: User, note: str = "") -> FormulaVersion:
    """Freeze the draft and its tests as the next version; the same meaning published before is answered with that
    version. An empty `note` is filled with what changed since the last one.

    Raises InvalidFormula while the draft has errors, FailingCases while a test of it fails.
    """
    formula = Formula.objects.select_for_update().get(pk=formula.pk)
    report = check_report(formula.text)
    if not report["ok"]:
        raise InvalidFormula(report["errors"])
    failing = [result for result in run_tests(formula) if not result["ok"]]
    if failing:
        raise FailingCases(failing)
    known = formula.versions.filter(content_hash=report["hash"]).first()
    if known:
        return known
    last = formula.versions.first()
    if not note.strip():
        note = change_note(last.text, formula.text, MAX_NOTE) if last else gettext_noop("First version")
    version = FormulaVersion.objects.create(
        formula=formula,
        number=last.number + 1 if last else 1,
        text=formula.text,
        content_hash=report["hash"],
        note=note.strip()[:MAX_NOTE],
        cases=[case.content for case in cases_of(formula)],
        published_by=actor,
    )
    record(
        actor=actor,
        workspace=formula.workspace,
        action="formulas.version.published",
        target=version,
        changes={"number": version.number, "hash": version.content_hash, "note": version.note},
    )
    return version


@transaction.atomic
def restore_version(version: FormulaVersion, *, actor: User) -> Formula:
    """Make a published text the draft again. The formula's tests stay as they are: they say what is wanted now."""
    formula = Formula.objects.select_for_update().get(pk=version.formula_id)
    return save_formula(formula, name=formula.name, text=version.text, actor=actor)
