"""Every refusal of the API as an RFC 9457 problem document, with a stable code and the request's id."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import Http404, JsonResponse
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.core.errors import DomainError, TooLarge

PROBLEM_JSON = "application/problem+json"


def request_id() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal as an RFC 9457 document; None lets a bug reach the log as what it is."""
    request = context.get("request")
    if isinstance(error, RequestDataTooBig | TooManyFilesSent | TooManyFieldsSent):
        error = TooLarge(gettext("The request is larger than this server takes."))
    if getattr(getattr(request, "_request", None), "too_many_refusals", False):
        error = exceptions.Throttled(60, gettext("Too many refused log-ins from this address."))
    if isinstance(error, DomainError):
        body = error.problem()
        response = Response(body, status=error.status, headers=error.headers)
    else:
        found = exception_handler(error, context)
        if found is None:
            return None
        response, body = found, _body_of(error, found)
    response.data = body | {"request_id": request_id()}
    response.content_type = PROBLEM_JSON
    if request is not None:  # also where a view renders YAML or a page
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    return response


def _body_of(error: Exception, response: Response) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "about:blank", "status": response.status_code}
    if isinstance(error, exceptions.ValidationError):
        title, code = gettext("Some values are wrong"), "invalid"
        errors = response.data if isinstance(response.data, dict) else {"non_field_errors": response.data}
        return body | {
            "title": title,
            "code": code,
            "detail": _first_message(response.data),
            "errors": errors,
        }
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else response.data
    code = getattr(detail, "code", None) or _code_of(error)
    if str(detail).startswith("CSRF Failed"):
        code = "csrf_failed"
    # a title is the same for every occurrence; how long to wait stands in the detail
    title = (
        gettext("Too many requests") if isinstance(error, exceptions.Throttled) else str(detail).rstrip(".")
    )
    return body | {"title": title, "code": code, "detail": str(detail)}


def plain_problem(status: int, code: str, title: str) -> JsonResponse:
    """A problem document outside of any API view: an address there is not, an error of ours."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": title}
    return JsonResponse(body | {"request_id": request_id()}, status=status, content_type=PROBLEM_JSON)


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
