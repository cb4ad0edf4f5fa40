"""Around every request of the API: its id in the answer, its line in the log, and no page where a program asked."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from apps.core.api.log import Caller, request_log
from apps.core.client_ip import client_ip
from apps.core.problems import request_id


class ApiMiddleware:
    """`X-Request-ID` on every answer; a log line for every request below /api/v1/, before the answer of a program."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        own_id = request_id()
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = own_id
        if request.path.startswith("/api/v1/"):
            caller: Caller = getattr(request, "api_caller", Caller())
            match = request.resolver_match
            request_log.add(
                is_awaited=caller.via in ("key", "token") and caller.workspace_id is not None,
                at=timezone.now(),
                method=(request.method or "")[:10],
                route=(match.route if match else "")[:200],
                status=response.status_code,
                milliseconds=round((time.perf_counter() - started) * 1000, 3),
                bytes_sent=0 if response.streaming else len(response.content),  # type: ignore[attr-defined]
                ip=client_ip(request),
                request_id=own_id[:40],
                via=caller.via,
                key_id=caller.key_id,
                user_id=caller.user_id,
                workspace_id=caller.workspace_id,
            )
        return response
