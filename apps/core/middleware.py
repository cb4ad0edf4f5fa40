"""Errors of pages in the page's form; paths of the API with and without their last slash."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core.errors import DomainError


class ApiSlashMiddleware:
    """Below /api/ a path means the same without its last slash. (A redirect would lose the body of a POST.)"""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and not request.path_info.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        return self.get_response(request)


class DomainErrorMiddleware:
    """HTMX requests get a toast and keep what was typed; plain ones an error page with the same words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        if getattr(request, "htmx", False):
            response = HttpResponse(status=error.status)
            response["HX-Trigger"] = json.dumps({"toast": {"level": "error", "message": error.message}})
            response["HX-Reswap"] = "none"
        else:
            response = render(request, "errors/problem.html", {"error": error}, status=error.status)
        response["X-Problem"] = error.code
        return response
