"""How often one may ask: a moving window per person, and per key where it has a limit of its own.

The windows are in Redis, so they are exact however many processes answer. Without Redis everything passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import structlog
from redis import RedisError
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core.api.windows import hit
from apps.core.client_ip import client_ip
from apps.core.visiting import is_visit

log = structlog.get_logger(__name__)

PER_MINUTE = 100  # for whom no plan says otherwise, and strangers by their address
EDITOR_PER_MINUTE = 600

_rate_of: list[Callable[[Any], int | None]] = []


def rate_from(function: Callable[[Any], int | None]) -> None:
    """Let `function(workspace)` say how many requests a minute its plan allows; None leaves the default.

    Called by an app above in its `ready`.
    """
    _rate_of[:] = [function]


class ApiThrottle(BaseThrottle):
    """One window of a minute per person (or address, for strangers), and one more for a key with a limit."""

    scope = "api"
    wait_seconds: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        windows = self.windows_of(request)
        try:
            return all(self._passes(request, *window) for window in windows)
        except RedisError as error:
            log.warning("rate_limit_lost", error=str(error))
            return True

    def windows_of(self, request: Request) -> list[tuple[str, int]]:
        """Each window that counts this request: its name and how many it lets pass.

        The key's own comes first: what it refuses does not count for the person, who may have other keys at work.
        """
        if not (request.user and request.user.is_authenticated):
            return [(f"address:{client_ip(request._request)}", PER_MINUTE)]
        if is_visit(request._request):  # one guest for all who look at the demo
            return [(f"address:{client_ip(request._request)}", self.per_minute(request))]
        windows: list[tuple[str, int]] = []
        own = getattr(request.auth, "requests_per_minute", None)
        if own is not None:
            windows.append((f"key:{request.auth.pk}", own))
        return [*windows, (f"person:{request.user.pk}", self.per_minute(request))]

    def per_minute(self, request: Request) -> int:
        workspace = getattr(request, "workspace", None)
        of_plan = _rate_of[0](workspace) if _rate_of and workspace is not None else None
        return PER_MINUTE if of_plan is None else of_plan

    def _passes(self, request: Request, who: str, amount: int) -> bool:
        window = hit(self.scope, who, amount)
        seconds = max(1, math.ceil(window.resets_in))
        known = getattr(request._request, "rate_limit_headers", None)
        if known is None or not window.passes or window.remaining < int(known["RateLimit-Remaining"]):
            request._request.rate_limit_headers = {  # type: ignore[attr-defined]
                "RateLimit-Limit": str(amount),
                "RateLimit-Remaining": str(window.remaining),
                "RateLimit-Reset": str(seconds),
                "RateLimit-Policy": f"{amount};w=60",
            }
        if not window.passes:
            self.wait_seconds = float(seconds)
        return window.passes

    def wait(self) -> float | None:
        return self.wait_seconds


class EditorThrottle(ApiThrottle):
    """For what an editor asks at every pause of the typing."""

    scope = "editor"

    def per_minute(self, request: Request) -> int:
        return EDITOR_PER_MINUTE


def count_refusal(request: Request, error: Exception) -> None:
    """Count a refused log-in against its address; after too many in a minute the answer is 429 instead of 401.

    DRF asks for the caller before it throttles, so strangers would otherwise try for nothing.
    """
    if not isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return
    address = client_ip(request._request)
    try:
        if not hit("refused", str(address), PER_MINUTE).passes:
            request._request.too_many_refusals = True  # type: ignore[attr-defined]
    except RedisError as lost:
        log.warning("rate_limit_lost", error=str(lost))
