"""The one way from a workspace and an id to a formula, a version or a test."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404

from apps.accounts.models import Workspace
from apps.formulas.models import Formula, FormulaCase, FormulaVersion
from apps.formulas.selectors import formulas_of


def get_formula_for(workspace: Workspace, uuid: UUID | str) -> Formula:
    """Raises Http404 for an unknown formula and for one of another workspace alike."""
    formula = formulas_of(workspace).filter(uuid=uuid).first()
    if formula is None:
        raise Http404("No such formula.")
    return formula


def get_version_of(formula: Formula, number: int) -> FormulaVersion:
    """The published version of this number. Raises Http404."""
    version = formula.versions.select_related("published_by").filter(number=number).first()
    if version is None:
        raise Http404("No such version.")
    return version


def get_text_of(formula: Formula, which: str) -> str:
    """The text of "draft", or of the version of this number. Raises Http404."""
    if which == "draft":
        return formula.text
    if not which.isascii() or not which.isdigit() or len(which) > 9:
        raise Http404("No such version.")
    return get_version_of(formula, int(which)).text


def get_case_of(formula: Formula, uuid: UUID | str, *, is_removed: bool = False) -> FormulaCase:
    """A test of the formula; a removed one only when asked for. Raises Http404."""
    case = formula.cases.filter(uuid=uuid, removed_at__isnull=not is_removed).first()
    if case is None:
        raise Http404("No such test.")
    return case
