"""Refusals in Stripe's form."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """Answered as {"error": {…}} with the status."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        fields = {"type": kind, "code": code, "param": param, "message": message, **more}
        self.body = {"error": {name: value for name, value in fields.items() if value != ""}}


class CardError(StripeError):
    """The card was refused; `decline_code` says why."""

    def __init__(self, code: str, decline_code: str, message: str, **more: Any) -> None:
        super().__init__(message, status=402, kind="card_error", code=code, decline_code=decline_code, **more)
        self.code = code
        self.decline_code = decline_code


def missing(kind: str, identifier: str, param: str = "id") -> StripeError:
    return StripeError(f"No such {kind}: '{identifier}'", status=404, code="resource_missing", param=param)
