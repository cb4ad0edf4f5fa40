"""Every refusal of the API as an RFC 9457 problem document."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.core.errors import DomainError

PROBLEM_JSON = "application/problem+json"


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal as an RFC 9457 document; None lets a bug reach the log as what it is."""
    if isinstance(error, DomainError):
        return Response(error.problem(), status=error.status, content_type=PROBLEM_JSON)
    response = exception_handler(error, context)
    if response is None:
        return None
    body: dict[str, Any] = {"type": "about:blank", "status": response.status_code}
    if isinstance(error, exceptions.ValidationError):
        body |= {"title": "Some values are wrong", "code": "invalid", "errors": response.data}
        body["detail"] = _first_message(response.data)
    else:
        detail = response.data.get("detail", "") if isinstance(response.data, dict) else response.data
        code = getattr(detail, "code", None) or _code_of(error)
        body |= {"title": str(detail).rstrip("."), "code": code, "detail": str(detail)}
    response.data = body
    response.content_type = PROBLEM_JSON
    return response


def _code_of(error: Exception) -> str:
    if isinstance(error, Http404):
        return "not_found"
    if isinstance(error, PermissionDenied):
        return "permission_denied"
    return getattr(error, "default_code", "error")


def _first_message(data: Any) -> str:
    """The first message of DRF's nested error structure, with the field it belongs to."""
    if isinstance(data, dict):
        for field, value in data.items():
            message = _first_message(value)
            return message if field == "non_field_errors" else f"{field}: {message}"
    if isinstance(data, list) and data:
        return _first_message(data[0])
    return str(data)
