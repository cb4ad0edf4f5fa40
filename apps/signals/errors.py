"""What can be wrong with an alert or with what is asked of a source."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from apps.core.errors import DomainError
from apps.core.words import gettext_lazy


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong value: the field, what was right, and what came instead (shortened)."""

    field: str
    message: str
    got: str = ""


class AlertRefused(DomainError):
    """The body of an alert cannot become a signal; the sender gets every problem at once.

    400 when the text or a value is wrong, 422 when symbol or timeframe is nothing we know.
    """

    code = "invalid_alert"
    title = "The alert cannot be read"  # the intake says it, to programs

    def __init__(
        self,
        message: str,
        *,
        problems: tuple[FieldProblem, ...] = (),
        code: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, code=code, status=status)
        self.problems = problems

    def problem(self) -> dict[str, Any]:
        body = super().problem()
        if self.problems:
            body["errors"] = [asdict(problem) for problem in self.problems]
        return body


class SourceRefused(DomainError):
    """A setting of a source that cannot be kept; `field` says which."""

    code = "invalid_source"
    title = gettext_lazy("The source cannot be set up like this")


class SourceInactive(DomainError):
    code = "source_inactive"
    status = 409
    title = gettext_lazy("The source is switched off")


class AlarmRefused(DomainError):
    code = "invalid_alarm"
    title = gettext_lazy("The alarm cannot be kept like this")


class TooManyTests(DomainError):
    code = "too_many_tests"
    status = 429
    title = gettext_lazy("A test was just sent")


class UtBotRefused(DomainError):
    code = "invalid_ut_bot"
    title = gettext_lazy("The UT Bot cannot be set like this")


class RecordRefused(DomainError):
    code = "invalid_record"
    title = gettext_lazy("The record cannot be shown like this")
