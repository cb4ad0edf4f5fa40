"""The one way from a workspace, or a person it is shared with, and an id to a formula, a version, a test or a share."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext
from rest_framework.request import Request

from apps.accounts.models import ApiKey, Workspace
from apps.core.by_uuid import by_uuid
from apps.formulas.choices import ShareLevel
from apps.formulas.errors import LevelMissing
from apps.formulas.models import Formula, FormulaCase, FormulaShare, FormulaVersion
from apps.formulas.selectors import formulas_of, shared_with, shares_of


def get_formula_for(workspace: Workspace, uuid: UUID | str) -> Formula:
    """Raises Http404 for an unknown formula and for one of another workspace alike."""
    formula = by_uuid(formulas_of(workspace), uuid)
    if formula is None:
        raise Http404(gettext("No such formula."))
    return formula


def shared_formulas(request: HttpRequest | Request, level: str = ShareLevel.VIEW) -> QuerySet[Formula]:
    """What is shared with the person of the request; nothing for an API key, which belongs to one workspace."""
    if isinstance(getattr(request, "auth", None), ApiKey):
        return Formula.objects.none()
    return shared_with(request.user, level)  # type: ignore[arg-type]


def open_formula(request: HttpRequest | Request, uuid: UUID | str, level: str = ShareLevel.VIEW) -> Formula:
    """A formula of the workspace, or one that is shared with the person at this level or above.

    Raises Http404 for any other, LevelMissing where less is shared.
    """
    own = by_uuid(formulas_of(request.workspace), uuid)  # type: ignore[union-attr]
    if own is not None:
        return own
    found = by_uuid(shared_formulas(request, level), uuid)
    if found is None:
        held = by_uuid(shared_formulas(request), uuid)
        if held is None:
            raise Http404(gettext("No such formula."))
        raise LevelMissing(
            gettext(
                "“{name}” is shared with you at the level {lower}; this needs {lower_2}. Ask who shares it."
            ).format(
                name=held.name,
                lower=ShareLevel(held.level).label.lower(),
                lower_2=ShareLevel(level).label.lower(),
            )
        )
    return found


def get_share_of(formula: Formula, uuid: UUID | str) -> FormulaShare:
    """Raises Http404."""
    share = by_uuid(shares_of(formula), uuid)
    if share is None:
        raise Http404(gettext("It is not shared with such a person."))
    return share


def get_version_of(formula: Formula, number: int) -> FormulaVersion:
    """The published version of this number. Raises Http404."""
    version = formula.versions.select_related("published_by").filter(number=number).first()
    if version is None:
        raise Http404(gettext("No such version."))
    return version


def get_text_of(formula: Formula, which: str) -> str:
    """The text of "draft", or of the version of this number. Raises Http404."""
    if which == "draft":
        return formula.text
    if not which.isascii() or not which.isdigit() or len(which) > 9:
        raise Http404(gettext("No such version."))
    return get_version_of(formula, int(which)).text


def get_case_of(formula: Formula, uuid: UUID | str, *, is_removed: bool = False) -> FormulaCase:
    """A test of the formula; a removed one only when asked for. Raises Http404."""
    case = by_uuid(formula.cases.filter(removed_at__isnull=not is_removed), uuid)
    if case is None:
        raise Http404(gettext("No such test."))
    return case
