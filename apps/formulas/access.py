"""The one way from a workspace and an id to a formula."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404

from apps.accounts.models import Workspace
from apps.formulas.models import Formula
from apps.formulas.selectors import formulas_of


def get_formula_for(workspace: Workspace, uuid: UUID | str) -> Formula:
    """Raises Http404 for an unknown formula and for one of another workspace alike."""
    formula = formulas_of(workspace).filter(uuid=uuid).first()
    if formula is None:
        raise Http404("No such formula.")
    return formula
