"""A load client for one address: keep-alive connections that each post, wait for the answer, and post again."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
import uvloop


@dataclass(frozen=True)
class Load:
    """What came back: answers per second, latencies in milliseconds, and how often each status."""

    per_second: float
    median_ms: float
    p99_ms: float
    statuses: dict[int, int]

    def __str__(self) -> str:
        answers = ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses.items()))
        return f"{self.per_second:8,.0f}/s   median {self.median_ms:6.1f} ms   p99 {self.p99_ms:6.1f} ms   {answers}"


class _Poster(asyncio.Protocol):
    """One connection. Bodies are numbered, so that every request is a new alert."""

    numbers = itertools.count()

    def __init__(self, head: bytes, body: bytes, taken: list[tuple[float, int]], until: float) -> None:
        self._head, self._body, self._taken, self._until = head, body, taken, until
        self._received = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._post()

    def _post(self) -> None:
        body = self._body.replace(b"NUMBER", b"%09d" % next(self.numbers))
        self._began = time.perf_counter()
        self._transport.write(self._head + body)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        now = time.perf_counter()
        self._taken.append((now - self._began, int(head[9:12])))
        self._received = b""
        if now < self._until:
            self._post()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def _run(url: str, body: bytes, connections: int, seconds: float) -> Load:
    parts = urlsplit(url)
    size = len(body.replace(b"NUMBER", b"%09d" % 0))
    head = (
        f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\n"
        f"content-type: application/json\r\ncontent-length: {size}\r\n\r\n"
    ).encode()
    taken: list[tuple[float, int]] = []
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    posters = [
        (await loop.create_connection(
            lambda: _Poster(head, body, taken, began + seconds), parts.hostname, parts.port
        ))[1]
        for _ in range(connections)
    ]  # fmt: skip
    await asyncio.wait_for(asyncio.gather(*(poster.done for poster in posters)), seconds + 30)
    elapsed = time.perf_counter() - began
    times = np.array([latency for latency, _ in taken]) * 1000
    return Load(
        per_second=len(taken) / elapsed,
        median_ms=float(np.median(times)),
        p99_ms=float(np.percentile(times, 99)),
        statuses=dict(Counter(status for _, status in taken)),
    )


def run_load(url: str, body: bytes, *, connections: int, seconds: float) -> Load:
    """Post `body`, its NUMBER replaced by a counter, over `connections` at once for `seconds`."""
    return uvloop.run(_run(url, body, connections, seconds))
