"""One base for every error a person or program caused and can mend."""

from __future__ import annotations

from typing import Any

from apps.core.words import gettext_lazy


class DomainError(Exception):
    """What went wrong, in words for the caller.

    `code` is a stable machine name, `status` the HTTP status, `field` the input at fault,
    `extra` further members of the problem document (line numbers, limits, links …), `headers` of the answer.
    """

    code = "domain_error"
    status = 400
    title = gettext_lazy("The request cannot be carried out")

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        field: str | None = None,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status
        self.field = field
        self.extra = extra or {}
        self.headers = headers or {}

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 problem document."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": str(self.title),  # written now: it is stored and sent as JSON
            "status": self.status,
            "code": self.code,
            "detail": self.message,
        }
        if self.field:
            body["errors"] = {self.field: [self.message]}
        return {**body, **self.extra}


class NotFound(DomainError):
    code = "not_found"
    status = 404
    title = gettext_lazy("Not found")


class Conflict(DomainError):
    code = "conflict"
    status = 409
    title = gettext_lazy("The thing has changed meanwhile")


class TooLarge(DomainError):
    code = "too_large"
    status = 413
    title = gettext_lazy("The body is too large")
