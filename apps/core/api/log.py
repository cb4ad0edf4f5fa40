"""The API's request log: who asked what, when, and how it went.

Lines are gathered in memory and written in bulk by a thread, after the answer: every second, every 200 lines, and
when the process ends. A process that is killed loses the second it had not written; the journal, which is about
changes, does not.
"""

from __future__ import annotations

import atexit
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from rest_framework.request import Request

from apps.core.models import ApiRequest

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 1.0
FLUSH_LINES = 200
MOST_WAITING = 20_000  # while the database is away, the oldest are let go


@dataclass(frozen=True)
class Caller:
    """Whom a request was answered for."""

    via: str = ""
    key_id: int | None = None
    user_id: int | None = None
    workspace_id: int | None = None


def caller_of(request: Request) -> Caller:
    """The facts a view knows of its caller, without asking the database for any."""
    user = request.__dict__.get("_user")
    if user is None or not user.is_authenticated:
        return Caller()
    auth = request.__dict__.get("_auth")
    is_key = hasattr(auth, "secret_hash")
    workspace = getattr(request, "workspace", None)
    return Caller(
        via="key" if is_key else "session" if auth is None else "token",
        key_id=auth.pk if is_key else None,
        user_id=user.pk,
        workspace_id=workspace.pk if workspace else None,
    )


class RequestLog:
    """The lines that wait to be written, and the thread that writes them."""

    def __init__(self) -> None:
        self._waiting: deque[ApiRequest] = deque(maxlen=MOST_WAITING)
        self._full = threading.Event()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, **values: Any) -> None:
        """Keep a line; it is written within a second."""
        self._waiting.append(ApiRequest(**values))
        if len(self._waiting) >= FLUSH_LINES:
            self._full.set()
        if self._thread is None and settings.API_LOG_THREAD:
            with self._start:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._write_forever, name="api-log", daemon=True)
                    self._thread.start()
                    atexit.register(self.close)

    def flush(self) -> int:
        """Write what waits; how many lines. Raises DatabaseError and keeps them."""
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            ApiRequest.objects.bulk_create(lines, batch_size=1_000)
        except DatabaseError:
            self._waiting.extendleft(reversed(lines))
            raise
        return len(lines)

    def _write_forever(self) -> None:
        while True:
            self._full.wait(FLUSH_SECONDS)
            self._full.clear()
            if self._waiting:
                self._try()

    def _try(self) -> None:
        try:
            self.flush()
        except DatabaseError as error:
            log.warning("api_log_not_written", lines=len(self._waiting), error=str(error))
            self._full.wait(FLUSH_SECONDS)
        finally:
            connection.close()

    def close(self) -> None:
        """Write what waits before the process ends."""
        if self._waiting:
            self._try()


request_log = RequestLog()
