"""Refusals of the formulas room."""

from __future__ import annotations

from typing import Any

from apps.core.errors import DomainError


class InvalidFormula(DomainError):
    """422: the text has errors; `extra["formula_errors"]` lists each with line, column, message and hint."""

    code = "invalid_formula"
    status = 422
    title = "The formula has errors"

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        first = errors[0] if errors else {"line": 1, "column": 1, "message": "is empty"}
        count = f"{len(errors)} errors, the first" if len(errors) > 1 else "One error"
        super().__init__(
            f"{count} in line {first['line']}, column {first['column']}: {first['message']}",
            field="text",
            extra={"formula_errors": errors},
        )
