"""The API's request log: who asked what, when, and how it went.

Lines are gathered in memory and written in bulk by a thread: every second, every 200 lines, and when the process ends.
Those of programs are what workspaces pay for, so their answer waits for its line: the thread then writes at once all
that waits, and the rooms that count (`counts_with`) do so in the same transaction. A process that is killed loses
lines of browsers alone, those of the second it had not written.
"""

from __future__ import annotations

import atexit
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from rest_framework.request import Request

from apps.core.models import ApiRequest

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 1.0
FLUSH_LINES = 200
MOST_WAITING = 20_000  # while the database is away, the oldest are let go
LONGEST_WAIT_SECONDS = 2.0  # of an answer for its line; after that it goes out, and the line follows


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
        self._waiting: deque[tuple[ApiRequest, threading.Event | None]] = deque(maxlen=MOST_WAITING)
        self._counting: list[Callable[[Sequence[ApiRequest]], None]] = []
        self._full = threading.Event()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def counts_with(self, count: Callable[[Sequence[ApiRequest]], None]) -> None:
        """Let `count` see the lines that are being written, in their transaction. Called by a room above."""
        if count not in self._counting:
            self._counting.append(count)

    def add(self, *, is_awaited: bool = False, **values: Any) -> None:
        """Keep a line; it is written within a second. Awaited, it is written when this returns."""
        written = threading.Event() if is_awaited and settings.API_LOG_THREAD else None
        self._waiting.append((ApiRequest(**values), written))
        if self._thread is None and settings.API_LOG_THREAD:
            with self._start:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._write_forever, name="api-log", daemon=True)
                    self._thread.start()
                    atexit.register(self.close)
        if written is not None or len(self._waiting) >= FLUSH_LINES:
            self._full.set()
        if written is not None and not written.wait(LONGEST_WAIT_SECONDS):
            log.warning("api_line_late", lines=len(self._waiting))

    def flush(self) -> int:
        """Write what waits; how many lines. Raises DatabaseError and keeps them."""
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not taken:
            return 0
        lines = [line for line, _ in taken]
        try:
            with transaction.atomic():
                ApiRequest.objects.bulk_create(lines, batch_size=1_000)
                for count in self._counting:
                    count(lines)
        except DatabaseError:
            self._waiting.extendleft(reversed(taken))
            raise
        for _, written in taken:
            if written is not None:
                written.set()
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
            connection.close_if_unusable_or_obsolete()
        except DatabaseError as error:
            log.warning("api_log_not_written", lines=len(self._waiting), error=str(error))
            connection.close()
            self._full.wait(FLUSH_SECONDS)

    def close(self) -> None:
        """Write what waits before the process ends."""
        if self._waiting:
            self._try()
            connection.close()


request_log = RequestLog()
