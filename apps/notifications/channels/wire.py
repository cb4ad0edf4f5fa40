"""What channels send through: HTTP clients shared by all attempts of a worker, and the guard against inner networks."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from apps.notifications.channels.guard import guarded_client

ANSWER_BYTES = 16_384  # of an answer read for the log


class Wire:
    """`http` for providers whose address the operator has set; `guarded` for every URL that a person gave."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=128, max_keepalive_connections=32)
        self.http = httpx.AsyncClient(timeout=20.0, limits=limits, follow_redirects=False, trust_env=False)
        self.guarded = guarded_client()
        self._kept: dict[str, queue.LifoQueue[Any]] = {}

    async def close(self) -> None:
        await self.http.aclose()
        await self.guarded.aclose()
        for kept in self._kept.values():
            while not kept.empty():
                await asyncio.to_thread(kept.get_nowait().close)

    def take(self, name: str, make: Callable[[], Any]) -> Any:
        """A connection of a blocking client that is free, or a new one. For code that runs in threads."""
        try:
            return self._kept.setdefault(name, queue.LifoQueue()).get_nowait()
        except queue.Empty:
            return make()

    def give_back(self, name: str, connection: Any) -> None:
        """Keep a connection that is whole for the next one."""
        self._kept.setdefault(name, queue.LifoQueue()).put(connection)


def retry_after_s(response: httpx.Response) -> float:
    """The seconds of a `Retry-After` header, given as a number or a date; 0 without one."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        due = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return 0.0
    return max(
        0.0, (due if due.tzinfo else due.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
    )


async def read_some(response: httpx.Response, most: int = ANSWER_BYTES) -> str:
    """The beginning of a streamed answer; the rest is never loaded."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size >= most:
            break
    return b"".join(parts)[:most].decode("utf-8", "replace")
