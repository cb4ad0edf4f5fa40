"""What each part of the API's platform costs a request, measured in this process.

Wall time and this process's own processor time of the part alone (or of a request with it less one without it), as
medians; what PostgreSQL and Redis compute meanwhile is in the wall time only.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks.measure import heading

if TYPE_CHECKING:
    from benchmarks.api_rows import Filled

CALLS = 200
Call = Callable[[], object]


def measure(filled: Filled) -> None:
    """Print a line for each part."""
    heading("What each part costs a request, microseconds, medians in one process")
    print(f"{'':46}{'wall':>8}{'processor':>11}")
    for name, call, without in _parts(filled):
        wall, processor = _cost(call, without)
        print(f"{name:46}{wall:8.0f}{processor:11.0f}", flush=True)


def _cost(call: Call, without: Call | None) -> tuple[float, float]:
    """Microseconds; with `without`, of what `call` takes more than it. The two take turns."""
    walls: list[list[float]] = [[], []]
    spent = [0.0, 0.0]
    ways = [call] if without is None else [call, without]
    for number in range(CALLS + 10):
        for index, way in enumerate(ways):
            processor, began = time.thread_time(), time.perf_counter()
            way()
            if number >= 10:
                walls[index].append(time.perf_counter() - began)
                spent[index] += time.thread_time() - processor
    medians = [statistics.median(times) if times else 0.0 for times in walls]
    return (medians[0] - medians[1]) * 1e6, (spent[0] - spent[1]) / CALLS * 1e6


def _parts(filled: Filled) -> list[tuple[str, Call, Call | None]]:
    from datetime import timedelta
    from uuid import uuid4

    from django.db import transaction
    from django.test import Client
    from django.utils import timezone
    from rest_framework.test import APIRequestFactory

    from apps.accounts.access_tokens import access_token_for
    from apps.accounts.api.authentication import (
        AccessTokenAuthentication,
        ApiKeyAuthentication,
        WorkspaceSessionAuthentication,
    )
    from apps.accounts.choices import LoginKind
    from apps.accounts.models import Login
    from apps.core.api.log import RequestLog
    from apps.core.api.throttling import ApiThrottle
    from apps.core.asgi import ThreadedHandler
    from apps.journal.services import record

    handler = ThreadedHandler(1)
    browser = Client()
    browser.force_login(filled.user)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    now = timezone.now()
    login = Login.objects.create(
        user=filled.user, kind=LoginKind.TOKEN, last_seen_at=now, expires_at=now + timedelta(days=1)
    )
    key, token = f"Bearer {filled.secret}", f"Bearer {access_token_for(login)}"

    def authenticates(kind: type[Any], **headers: str) -> Call:
        from django.contrib.sessions.backends.db import SessionStore
        from rest_framework.request import Request

        def call() -> object:
            request = APIRequestFactory().get("/api/v1/formulas/", headers=headers)
            request.session = SessionStore(browser.session.session_key)
            if kind is WorkspaceSessionAuthentication:
                from django.contrib.auth import get_user

                request.user = get_user(request)
            return kind().authenticate(Request(request))

        return call

    def blank() -> object:
        return APIRequestFactory().get("/api/v1/formulas/", headers={"Authorization": key})

    def throttles() -> object:
        from types import SimpleNamespace

        asked = SimpleNamespace(
            user=filled.user, auth=None, workspace=filled.workspace, _request=SimpleNamespace()
        )
        return ApiThrottle().allow_request(asked, None)  # type: ignore[arg-type]

    def creates(with_key: bool) -> Call:
        body = b'{"name": "Bench", "text": ""}'

        def call() -> object:
            headers = [(b"host", b"localhost"), (b"authorization", key.encode()),
                       (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]  # fmt: skip
            if with_key:
                headers.append((b"idempotency-key", str(uuid4()).encode()))
            scope = {"type": "http", "method": "POST", "path": "/api/v1/formulas/", "query_string": b"",
                     "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}  # fmt: skip
            answer = handler._respond(scope, io.BytesIO(body))
            assert answer.status_code == 201, answer
            return answer

        return call

    def records() -> object:
        with transaction.atomic():
            return record(
                actor=filled.user, workspace=filled.workspace, action="formulas.formula.created",
                target=filled.workspace, changes={"name": [None, "Bench"]},
            )  # fmt: skip

    def commits() -> object:
        from django.db import connection

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return None

    log = RequestLog()
    line = {
        "at": timezone.now(), "method": "GET", "route": "api/v1/formulas/", "status": 200, "milliseconds": 5.0,
        "bytes_sent": 900, "ip": "127.0.0.1", "request_id": str(uuid4()), "via": "key", "key_id": 1,
        "user_id": filled.user.pk, "workspace_id": filled.workspace.pk,
    }  # fmt: skip

    def logs() -> object:
        """One line's share of writing 200."""
        began = len(log._waiting)
        log._waiting.append(_line(line))
        if began >= 199:
            log.flush()
        return None

    return [
        ("authentication by session", authenticates(WorkspaceSessionAuthentication, Cookie=cookie), blank),
        (
            "authentication by access token (JWT)",
            authenticates(AccessTokenAuthentication, Authorization=token),
            blank,
        ),
        ("authentication by API key", authenticates(ApiKeyAuthentication, Authorization=key), blank),
        ("throttling", throttles, None),
        ("idempotency (a POST with a key less one without)", creates(True), creates(False)),
        ("journal (a transaction with an entry less one without)", records, commits),
        ("request log (a line, with its share of writing)", logs, None),
    ]


def _line(values: dict[str, Any]) -> Any:
    from apps.core.models import ApiRequest

    return ApiRequest(**values)
