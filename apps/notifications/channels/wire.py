"""What channels send through: HTTP clients shared by all attempts of a worker, and the guard against inner networks."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import httpx

from apps.notifications.channels.guard import guarded_client

ANSWER_BYTES = 16_384  # of an answer read for the log


class Wire:
    """`http` for providers whose address the operator has set; `guarded` for every URL that a person gave."""

    def __init__(self) -> None:
        self._clients: list[httpx.AsyncClient] = []
        self._kept: dict[str, queue.LifoQueue[Any]] = {}

    @cached_property
    def http(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=128, max_keepalive_connections=32)
        return self._kept_open(
            httpx.AsyncClient(timeout=20.0, limits=limits, follow_redirects=False, trust_env=False)
        )

    @cached_property
    def guarded(self) -> httpx.AsyncClient:
        return self._kept_open(guarded_client())

    def _kept_open(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
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
    """The seconds of a `Retry-After` header; 0 without one."""
    return seconds_of(response.headers.get("Retry-After", ""))


def seconds_of(value: str) -> float:
    """How long from now a number of seconds or an HTTP date is; 0 for what is neither."""
    value = value.strip()
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
