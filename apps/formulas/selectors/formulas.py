"""Reads of formulas, versions, tests and lineage; each starts from a workspace or a formula found through one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from apps.accounts.models import Workspace
from apps.core.words import gettext_lazy
from apps.formulas.models import Formula, FormulaCase, FormulaVersion


def formulas_of(workspace: Workspace) -> QuerySet[Formula]:
    """The workspace's formulas that are not archived, last edited first, each with its `latest_version`."""
    return all_formulas_of(workspace).filter(archived_at=None)


def all_formulas_of(workspace: Workspace) -> QuerySet[Formula]:
    """As `formulas_of`, with the archived ones."""
    # asked of the rows that are shown alone: a join would group all formulas there are first
    latest = FormulaVersion.objects.filter(formula=OuterRef("pk")).order_by("-number").values("number")[:1]
    return (
        Formula.objects.filter(workspace=workspace)
        .annotate(latest_version=Subquery(latest))
        .order_by("-updated_at", "-id")
    )


STATES = {
    "published": gettext_lazy("Published"),
    "draft": gettext_lazy("Never published"),
    "archived": gettext_lazy("Archived"),
}


def search_formulas(workspace: Workspace, *, words: str = "", state: str = "") -> QuerySet[Formula]:
    """The workspace's formulas whose names hold `words`, in one of STATES (else all but the archived), last edited
    first."""
    if state == "archived":
        found = all_formulas_of(workspace).exclude(archived_at=None)
    else:
        found = formulas_of(workspace)
    if words:
        found = found.filter(name__icontains=words)
    if state in ("published", "draft"):
        is_published = Exists(FormulaVersion.objects.filter(formula=OuterRef("pk")))
        found = found.filter(is_published if state == "published" else ~is_published)
    return found


def versions_of(formula: Formula) -> QuerySet[FormulaVersion]:
    """Published versions, newest first, with who published them."""
    return formula.versions.select_related("published_by")


def has_unpublished_draft(formula: Formula) -> bool:
    """Whether the draft holds a text, comments included, that no version holds."""
    return bool(formula.text.strip()) and not formula.versions.filter(text=formula.text).exists()


def cases_of(formula: Formula) -> QuerySet[FormulaCase]:
    """The formula's tests in order, without removed ones."""
    return formula.cases.filter(removed_at=None)


@dataclass(frozen=True)
class Relative:
    """A formula that another was forked from, or that was forked from it.

    `label` names the version that was forked. `uuid` is None for one that this workspace cannot open: it is another's,
    archived, or gone.
    """

    label: str
    content_hash: str
    name: str
    uuid: UUID | None
    depth: int


@dataclass(frozen=True)
class _Kin:
    pk: int
    uuid: UUID
    name: str
    parent: int | None
    label: str
    content_hash: str
    is_open: bool


def lineage_of(formula: Formula) -> tuple[list[Relative], list[Relative]]:
    """Ancestors from the nearest to the first, and descendants with their depth, within the formula's workspace.

    An ancestor of another workspace ends the line with its label alone. One query, however long the line.
    """
    family = _family(formula)
    ancestors: list[Relative] = []
    child = family.get(formula.pk)
    seen = {formula.pk}
    while child and child.label:
        parent = family.get(child.parent) if child.parent is not None else None
        ancestors.append(
            Relative(
                child.label,
                child.content_hash,
                parent.name if parent else "",
                parent.uuid if parent and parent.is_open else None,
                len(ancestors) + 1,
            )
        )
        child = parent if parent and parent.pk not in seen else None
        seen.add(child.pk if child else 0)
    children: dict[int, list[_Kin]] = {}
    for kin in family.values():
        if kin.parent is not None:
            children.setdefault(kin.parent, []).append(kin)
    descendants: list[Relative] = []
    stack = [(kin, 1) for kin in reversed(children.get(formula.pk, []))]
    while stack:
        kin, depth = stack.pop()
        descendants.append(
            Relative(kin.label, kin.content_hash, kin.name, kin.uuid if kin.is_open else None, depth)
        )
        stack += [(below, depth + 1) for below in reversed(children.get(kin.pk, []))]
    return ancestors, descendants


def _family(formula: Formula) -> dict[int, _Kin]:
    rows = (
        Formula.objects.filter(workspace_id=formula.workspace_id)
        .order_by("id")
        .values_list(
            "id",
            "uuid",
            "name",
            "forked_from__formula_id",
            "forked_from_label",
            "forked_from_hash",
            "archived_at",
        )
    )
    return {
        pk: _Kin(pk, uuid, name, parent, label, content_hash, archived is None)
        for pk, uuid, name, parent, label, content_hash, archived in rows
    }
