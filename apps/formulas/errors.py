"""Refusals of the formulas room."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from apps.core.errors import Conflict, DomainError
from apps.core.words import gettext_lazy
from apps.formulas.in_words import problem_in_words


class InvalidFormula(DomainError):
    """422: the text has errors; `extra["formula_errors"]` lists each with line, column, message and hint."""

    code = "invalid_formula"
    status = 422
    title = gettext_lazy("The formula has errors")

    def __init__(self, errors: list[dict[str, Any]], *, field: str = "text") -> None:
        errors = [problem_in_words(error) for error in errors]
        first = errors[0] if errors else {"line": 1, "column": 1, "message": "is empty"}
        count = (
            gettext("{errors} errors, the first").format(errors=len(errors))
            if len(errors) > 1
            else gettext("One error")
        )
        super().__init__(
            gettext("{count} in line {first}, column {first_2}: {first_3}").format(
                count=count, first=first["line"], first_2=first["column"], first_3=first["message"]
            ),
            field=field,
            extra={"formula_errors": errors},
        )


class InvalidTree(DomainError):
    """422: the JSON is not the tree, or the blocks, of a formula."""

    code = "invalid_tree"
    status = 422
    title = gettext_lazy("The tree of a formula cannot be read")


class InvalidCase(DomainError):
    """422: a test cannot be read; `extra["case_error"]` has the place in the JSON, the message and a hint."""

    code = "invalid_case"
    status = 422
    title = gettext_lazy("The test cannot be read")


class FailingCases(DomainError):
    """422: tests of the formula fail; `extra["failing_cases"]` has what was expected of each and what came."""

    code = "failing_cases"
    status = 422
    title = gettext_lazy("Tests of the formula fail")

    def __init__(self, results: list[dict[str, Any]]) -> None:
        count = (
            gettext("1 test fails")
            if len(results) == 1
            else gettext("{results} tests fail").format(results=len(results))
        )
        first = results[0]
        super().__init__(
            f"{count}; “{first['name']}”: {first['sentence']}.", extra={"failing_cases": results}
        )


class CaseNameTaken(Conflict):
    code = "case_name_taken"
    title = gettext_lazy("The formula has a test of that name")


class ShareRefused(Conflict):
    code = "share_refused"
    title = gettext_lazy("The formula cannot be shared like this")


class LevelMissing(DomainError):
    """403: the formula is shared with this person, but not for what they ask."""

    code = "share_level_missing"
    status = 403
    title = gettext_lazy("Not shared for this")


class CannotEvaluate(DomainError):
    """422: a valid formula does not fit these bars."""

    code = "cannot_evaluate"
    status = 422
    title = gettext_lazy("The formula cannot be evaluated on these bars")
