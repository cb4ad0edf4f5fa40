"""From where something is done: request id, address, device, and by which way the caller came.

It is kept in structlog's context variables, so that every log line carries it and Celery jobs queued by a request
inherit it. What authenticates a caller says so with `came_via`; staff acting as somebody else with `impersonated_by`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from ua_parser import parse

from apps.core.client_ip import client_ip

PAGE, API_KEY, TOKEN, ADMIN, COMMAND, JOB = "page", "api key", "token", "admin", "command", "job"
WAYS = (PAGE, API_KEY, TOKEN, ADMIN, COMMAND, JOB)


@dataclass(frozen=True)
class RequestContext:
    """`via` is one of WAYS; `via_detail` names the key, the command or the job. Empty where nothing is known."""

    request_id: str = ""
    ip: str | None = None
    device: str = ""
    via: str = COMMAND
    via_detail: str = ""
    impersonator_id: int | None = None


def request_context() -> RequestContext:
    """What is known here and now; outside of requests and jobs it is a command that runs."""
    bound = structlog.contextvars.get_contextvars()
    via = bound.get("via")
    return RequestContext(
        request_id=str(bound.get("request_id", ""))[:64],
        ip=bound.get("ip") or None,
        device=str(bound.get("device", ""))[:100],
        via=via or COMMAND,
        via_detail=str(bound.get("via_detail", ""))[:100] if via else _command(),
        impersonator_id=bound.get("impersonator_id"),
    )


def origin() -> dict[str, Any]:
    """From where the work of now comes, to be kept in the row of a job that a later worker takes."""
    now = request_context()
    known = {
        "request_id": now.request_id,
        "ip": now.ip,
        "device": now.device,
        "impersonator_id": now.impersonator_id,
    }
    return {name: value for name, value in known.items() if value}


@contextmanager
def coming_from(kept: dict[str, Any]) -> Iterator[None]:
    """Work for whoever asked for the job of this `origin`, whatever woke the worker."""
    nowhere = {"request_id": "", "ip": None, "device": "", "impersonator_id": None}
    with structlog.contextvars.bound_contextvars(**nowhere | kept):
        yield


def came_via(way: str, detail: str = "") -> None:
    """Say how the caller of this request came in: one of WAYS, and which key or token (never its secret)."""
    if way not in WAYS:
        raise ValueError(f"no such way: {way!r}; one of {', '.join(WAYS)}")
    structlog.contextvars.bind_contextvars(via=way, via_detail=detail)


def impersonated_by(user_id: int | None) -> None:
    """Say which member of staff acts as the person whom this request belongs to; None when nobody does."""
    if user_id is None:
        structlog.contextvars.unbind_contextvars("impersonator_id")
    else:
        structlog.contextvars.bind_contextvars(impersonator_id=user_id)


@contextmanager
def without_origin() -> Iterator[None]:
    """Address, device, key and program stay out of what is written here: it is for the eyes of another workspace."""
    with structlog.contextvars.bound_contextvars(ip=None, device="", via_detail=""):
        yield


@lru_cache(maxsize=2048)
def device_of(user_agent: str) -> str:
    """A User-Agent as a person would say it: "Firefox 132 on Windows 10"; the program's own words for a program."""
    if not user_agent:
        return ""
    found = parse(user_agent[:500])
    browser = found.user_agent and " ".join(filter(None, (found.user_agent.family, found.user_agent.major)))
    system = found.os and " ".join(filter(None, (found.os.family, found.os.major)))
    program = browser or user_agent.split(" ")[0]
    return (f"{program} on {system}" if system else program)[:100]


class RequestContextMiddleware:
    """Binds address, device and way of each request; stands behind structlog's, which clears them at the end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        structlog.contextvars.bind_contextvars(
            ip=client_ip(request),
            device=device_of(request.headers.get("User-Agent", "")),
            via=ADMIN if request.path.startswith("/admin/") else PAGE,
            via_detail="",
        )
        return self.get_response(request)


def bind_job(task: Any, **kwargs: Any) -> None:
    """Receiver of django-structlog's signal: a job keeps its request's context, but it is the job that acts."""
    came_via(JOB, task.name)


def _command() -> str:
    """The management command this process runs; empty for other programs."""
    return sys.argv[1][:100] if Path(sys.argv[0]).name == "manage.py" and len(sys.argv) > 1 else ""
