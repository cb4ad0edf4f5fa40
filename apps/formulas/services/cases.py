"""Tests of a formula: kept beside the draft, run on demand and whenever it is published."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.engine.bars import Bars
from apps.engine.lang import EvaluationError, FormulaError
from apps.engine.lang.cases import (
    MAX_CASES,
    MAX_SETTINGS,
    MAX_TOTAL_BARS,
    Case,
    CaseError,
    read_case,
    read_cases,
    run_cases,
    settings_key,
    snapshot,
)
from apps.formulas.errors import CannotEvaluate, CaseNameTaken, InvalidCase, InvalidFormula
from apps.formulas.in_words import error_in_words, in_words
from apps.formulas.models import Formula, FormulaCase
from apps.formulas.selectors import cases_of
from apps.journal.services import record

MAX_CONTENT = 1024 * 1024


@transaction.atomic
def add_case(formula: Formula, content: Any, *, actor: User) -> FormulaCase:
    """Keep a test of the formula, whether or not it passes now.

    Raises InvalidCase (place, message, hint) and CaseNameTaken.
    """
    Formula.objects.select_for_update().get(pk=formula.pk)
    case = _read(content)
    _check_room(formula, case, None)
    last = formula.cases.aggregate(last=Max("order"))["last"]
    kept = FormulaCase.objects.create(
        formula=formula,
        order=0 if last is None else last + 1,
        name=case.name,
        content=content,
        bars=len(case.bars),
    )
    _record(kept, "added", actor)
    return kept


def add_snapshot(
    formula: Formula, bars: Bars, *, name: str, settings: dict[str, Any] | None, first: int, actor: User
) -> FormulaCase:
    """Keep what the draft says of `bars` now as a test, marked as taken from the formula rather than thought out.

    Raises InvalidFormula, CannotEvaluate, InvalidCase and CaseNameTaken.
    """
    try:
        content = snapshot(formula.text, bars, name=name, settings=settings, first=first)
    except FormulaError as error:
        raise InvalidFormula([problem.as_dict() for problem in error.errors]) from None
    except EvaluationError as error:
        raise CannotEvaluate(error_in_words(error)) from None
    except CaseError as error:
        raise _invalid(error) from None
    return add_case(formula, content, actor=actor)


@transaction.atomic
def change_case(kept: FormulaCase, content: Any, *, actor: User) -> FormulaCase:
    """Raises InvalidCase and CaseNameTaken."""
    Formula.objects.select_for_update().get(pk=kept.formula_id)
    case = _read(content)
    _check_room(kept.formula, case, kept)
    if content != kept.content:
        kept.name, kept.content, kept.bars = case.name, content, len(case.bars)
        kept.save(update_fields=["name", "content", "bars", "updated_at"])
        _record(kept, "edited", actor)
    return kept


@transaction.atomic
def remove_case(kept: FormulaCase, *, actor: User) -> None:
    """`restore_case` brings it back."""
    if FormulaCase.objects.filter(pk=kept.pk, removed_at=None).update(removed_at=timezone.now()):
        _record(kept, "removed", actor)


@transaction.atomic
def restore_case(kept: FormulaCase, *, actor: User) -> None:
    """Raises CaseNameTaken where another has taken its name meanwhile, InvalidCase where no room is left."""
    Formula.objects.select_for_update().get(pk=kept.formula_id)
    _check_room(kept.formula, _read(kept.content), kept)
    if FormulaCase.objects.filter(pk=kept.pk, removed_at__isnull=False).update(removed_at=None):
        _record(kept, "restored", actor)


def copy_cases(contents: Iterable[Any], formula: Formula) -> None:
    """Give a new formula the tests of the one it was made from."""
    cases = [(content, read_case(content)) for content in contents]
    FormulaCase.objects.bulk_create(
        FormulaCase(formula=formula, order=i, name=case.name, content=content, bars=len(case.bars))
        for i, (content, case) in enumerate(cases)
    )


def run_tests(formula: Formula, text: str | None = None) -> list[dict[str, Any]]:
    """The result of each test, in order, for the draft or for `text`: its uuid, name, whether it passed, and where not
    what was expected and what came."""
    kept = list(cases_of(formula))
    results = run_cases(formula.text if text is None else text, read_cases([case.content for case in kept]))
    return [{"uuid": str(case.uuid), **result.as_dict()} for case, result in zip(kept, results, strict=True)]


def _read(content: Any) -> Case:
    try:
        written = json.dumps(content)
    except RecursionError:
        raise InvalidCase(gettext("This is nested too deeply for a test."), field="content") from None
    if len(written) > MAX_CONTENT:
        raise InvalidCase(
            gettext("A test holds at most {value} KiB of JSON.").format(value=MAX_CONTENT // 1024),
            field="content",
        )
    if "\\u0000" in written:  # which the database cannot keep
        raise InvalidCase(gettext("A test's texts hold no NUL characters."), field="content")
    try:
        return read_case(content)
    except CaseError as error:
        raise _invalid(error) from None


def _invalid(error: CaseError) -> InvalidCase:
    hint = f" ({in_words(error.hint)})" if error.hint else ""
    return InvalidCase(
        f"{error.place or '/'}: {in_words(error.message)}{hint}",
        field="content",
        extra={"case_error": error.as_dict()},
    )


def _check_room(formula: Formula, case: Case, instead_of: FormulaCase | None) -> None:
    others = cases_of(formula)
    if instead_of:
        others = others.exclude(pk=instead_of.pk)
    if others.filter(name=case.name).exists():
        raise CaseNameTaken(
            gettext("A test of this formula is called “{name}” already.").format(name=case.name),
            field="content",
        )
    bars = others.aggregate(total=Sum("bars"))["total"] or 0
    if bars + len(case.bars) > MAX_TOTAL_BARS:
        raise InvalidCase(
            gettext("All tests together may have {max_total_bars} bars.").format(
                max_total_bars=MAX_TOTAL_BARS
            ),
            field="content",
        )
    if others.count() >= MAX_CASES:
        raise InvalidCase(
            gettext("A formula has at most {max_cases} tests.").format(max_cases=MAX_CASES), field="content"
        )
    settings = {settings_key(one or {}) for one in others.values_list("content__settings", flat=True)}
    if len(settings | {settings_key(case.settings)}) > MAX_SETTINGS:
        raise InvalidCase(
            gettext("The tests of a formula may have {max_settings} different sets of settings.").format(
                max_settings=MAX_SETTINGS
            ),
            field="content",
        )


def _record(case: FormulaCase, deed: str, actor: User) -> None:
    record(
        actor=actor,
        workspace=case.formula.workspace,
        action=f"formulas.case.{deed}",
        target=case,
        changes={"formula": case.formula.name},
    )
