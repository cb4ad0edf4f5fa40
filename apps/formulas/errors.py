"""Refusals of the formulas room."""

from __future__ import annotations

from typing import Any

from apps.core.errors import Conflict, DomainError


class InvalidFormula(DomainError):
    """422: the text has errors; `extra["formula_errors"]` lists each with line, column, message and hint."""

    code = "invalid_formula"
    status = 422
    title = "The formula has errors"

    def __init__(self, errors: list[dict[str, Any]], *, field: str = "text") -> None:
        first = errors[0] if errors else {"line": 1, "column": 1, "message": "is empty"}
        count = f"{len(errors)} errors, the first" if len(errors) > 1 else "One error"
        super().__init__(
            f"{count} in line {first['line']}, column {first['column']}: {first['message']}",
            field=field,
            extra={"formula_errors": errors},
        )


class InvalidTree(DomainError):
    """422: the JSON is not the tree, or the blocks, of a formula."""

    code = "invalid_tree"
    status = 422
    title = "The tree of a formula cannot be read"


class InvalidCase(DomainError):
    """422: a test cannot be read; `extra["case_error"]` has the place in the JSON, the message and a hint."""

    code = "invalid_case"
    status = 422
    title = "The test cannot be read"


class FailingCases(DomainError):
    """422: tests of the formula fail; `extra["failing_cases"]` has what was expected of each and what came."""

    code = "failing_cases"
    status = 422
    title = "Tests of the formula fail"

    def __init__(self, results: list[dict[str, Any]]) -> None:
        count = "1 test fails" if len(results) == 1 else f"{len(results)} tests fail"
        first = results[0]
        super().__init__(
            f"{count}; “{first['name']}”: {first['sentence']}.", extra={"failing_cases": results}
        )


class CaseNameTaken(Conflict):
    code = "case_name_taken"
    title = "The formula has a test of that name"


class ShareRefused(Conflict):
    code = "share_refused"
    title = "The formula cannot be shared like this"


class LevelMissing(DomainError):
    """403: the formula is shared with this person, but not for what they ask."""

    code = "share_level_missing"
    status = 403
    title = "Not shared for this"


class CannotEvaluate(DomainError):
    """422: a valid formula does not fit these bars."""

    code = "cannot_evaluate"
    status = 422
    title = "The formula cannot be evaluated on these bars"
