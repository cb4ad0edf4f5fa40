"""Writes of formulas."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.formulas.errors import InvalidFormula
from apps.formulas.models import Formula, FormulaVersion
from apps.formulas.selectors import check_report
from apps.journal.services import record


@transaction.atomic
def create_formula(workspace: Workspace, *, name: str, text: str, actor: User | None) -> Formula:
    formula = Formula.objects.create(workspace=workspace, name=name, text=text)
    record(actor=actor, workspace=workspace, action="formulas.formula.created", target=formula)
    return formula


@transaction.atomic
def save_formula(formula: Formula, *, name: str, text: str, actor: User) -> Formula:
    """Store the draft, errors and all: nobody loses what he typed."""
    changes = {
        field: [getattr(formula, field), value]
        for field, value in (("name", name), ("text", text))
        if getattr(formula, field) != value
    }
    if changes:
        formula.name, formula.text = name, text
        formula.save(update_fields=["name", "text", "updated_at"])
        record(
            actor=actor,
            workspace=formula.workspace,
            action="formulas.formula.edited",
            target=formula,
            changes=changes,
        )
    return formula


@transaction.atomic
def publish_formula(formula: Formula, *, actor: User) -> FormulaVersion:
    """Freeze the draft as the next version; the same meaning published before is answered with that version.

    Raises InvalidFormula while the draft has errors.
    """
    formula = Formula.objects.select_for_update().get(pk=formula.pk)
    report = check_report(formula.text)
    if not report["ok"]:
        raise InvalidFormula(report["errors"])
    known = formula.versions.filter(content_hash=report["hash"]).first()
    if known:
        return known
    last = formula.versions.first()
    version = FormulaVersion.objects.create(
        formula=formula,
        number=last.number + 1 if last else 1,
        text=formula.text,
        content_hash=report["hash"],
        published_by=actor,
    )
    record(
        actor=actor,
        workspace=formula.workspace,
        action="formulas.version.published",
        target=version,
        changes={"number": version.number, "hash": version.content_hash},
    )
    return version


@transaction.atomic
def restore_version(version: FormulaVersion, *, actor: User) -> Formula:
    """Make a published text the draft again."""
    formula = Formula.objects.select_for_update().get(pk=version.formula_id)
    return save_formula(formula, name=formula.name, text=version.text, actor=actor)


@transaction.atomic
def archive_formula(formula: Formula, *, actor: User) -> None:
    """Out of sight, with its versions and backtests kept; `unarchive_formula` brings it back."""
    if Formula.objects.filter(pk=formula.pk, archived_at=None).update(archived_at=timezone.now()):
        record(actor=actor, workspace=formula.workspace, action="formulas.formula.archived", target=formula)


@transaction.atomic
def unarchive_formula(formula: Formula, *, actor: User) -> None:
    if Formula.objects.filter(pk=formula.pk, archived_at__isnull=False).update(archived_at=None):
        record(actor=actor, workspace=formula.workspace, action="formulas.formula.unarchived", target=formula)
