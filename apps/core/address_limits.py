"""Public pages that cost work: so many a minute to one address."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext
from redis import RedisError

from apps.core.api.windows import hit
from apps.core.client_ip import client_ip

log = structlog.get_logger(__name__)
View = Callable[..., HttpResponseBase]


def limited_by_address(scope: str, *, per_minute: int) -> Callable[[View], View]:
    """Answer 429 with `Retry-After` to an address that asked `per_minute` times within a minute.

    Without Redis everything passes.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                window = hit(scope, f"address:{client_ip(request)}", per_minute)
            except RedisError as error:
                log.warning("rate_limit_lost", error=str(error))
                return view(request, *args, **kwargs)
            if window.passes:
                return view(request, *args, **kwargs)
            seconds = max(1, math.ceil(window.resets_in))
            return HttpResponse(
                gettext("Too many requests: {per_minute} a minute. Try again in {seconds} s.\n").format(
                    per_minute=per_minute, seconds=seconds
                ),
                status=429,
                content_type="text/plain; charset=utf-8",
                headers={"Retry-After": str(seconds), "Cache-Control": "no-store"},
            )

        return limited

    return decorate
