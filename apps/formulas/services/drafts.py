"""Writes of drafts: make, save, fork, archive."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.formulas.library import Template, names_of
from apps.formulas.models import Formula, FormulaVersion
from apps.formulas.services.cases import copy_cases
from apps.journal.services import record


@transaction.atomic
def create_formula(workspace: Workspace, *, name: str, text: str, actor: User | None) -> Formula:
    formula = Formula.objects.create(workspace=workspace, name=name, text=text)
    record(actor=actor, workspace=workspace, action="formulas.formula.created", target=formula)
    return formula


@transaction.atomic
def use_template(template: Template, *, workspace: Workspace, actor: User) -> Formula:
    """A formula of the workspace with the template's name, text and tests; one that is still as made before, in
    whatever language, is taken again."""
    same = Formula.objects.filter(
        workspace=workspace, archived_at=None, name__in=names_of(template.key), text=template.text
    ).first()
    if same:
        return same
    formula = create_formula(workspace, name=template.name, text=template.text, actor=actor)
    copy_cases(template.cases, formula)
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
def fork_formula(
    source: Formula | FormulaVersion, *, workspace: Workspace, actor: User, name: str = ""
) -> Formula:
    """A formula of `workspace` with the source's text and tests, which remembers what it came from.

    A fork into another workspace has the text alone: tests can hold bars of the source's data, and what was tried of
    the source is its workspace's own.
    Of a formula its draft is taken, and its latest version is the ancestor; the caller has made sure that the
    actor may read the source.
    """
    if isinstance(source, FormulaVersion):
        version: FormulaVersion | None = source
        origin, text = source.formula, source.text
        contents = list(source.cases)
    else:
        origin, text = source, source.text
        version = source.versions.first()
        contents = list(source.cases.filter(removed_at=None).values_list("content", flat=True))
    is_ours = origin.workspace_id == workspace.pk
    if not is_ours:
        contents = []
    label = f"{origin.name} v{version.number}" if version else origin.name
    formula = Formula.objects.create(
        workspace=workspace,
        name=name or f"{origin.name[:113]} (fork)",
        text=text,
        forked_from=version,
        forked_from_label=label,
        forked_from_hash=version.content_hash if version else "",
        parent_uuid=origin.uuid if is_ours else None,
    )
    copy_cases(contents, formula)
    record(
        actor=actor,
        workspace=workspace,
        action="formulas.formula.forked",
        target=formula,
        changes={"from": label, "hash": formula.forked_from_hash, "tests": len(contents)},
    )
    return formula


@transaction.atomic
def archive_formula(formula: Formula, *, actor: User) -> None:
    """Out of sight, with its versions and backtests kept; `unarchive_formula` brings it back."""
    if Formula.objects.filter(pk=formula.pk, archived_at=None).update(archived_at=timezone.now()):
        record(actor=actor, workspace=formula.workspace, action="formulas.formula.archived", target=formula)


@transaction.atomic
def unarchive_formula(formula: Formula, *, actor: User) -> None:
    if Formula.objects.filter(pk=formula.pk, archived_at__isnull=False).update(archived_at=None):
        record(actor=actor, workspace=formula.workspace, action="formulas.formula.unarchived", target=formula)
