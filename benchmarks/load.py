"""A load client for one address: keep-alive connections that each send, wait for the answer, and send again.

With a rate, requests are due at fixed times whatever the server does, and a latency counts from the time at which its
request was due: a server that falls behind is not spared the requests it keeps waiting.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
import uvloop


@dataclass(frozen=True)
class Load:
    """What came back: answers per second, latencies in milliseconds, and how often each status."""

    per_second: float
    median_ms: float
    p95_ms: float
    p99_ms: float
    statuses: dict[int, int]

    def __str__(self) -> str:
        answers = ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses.items()))
        return f"{self.per_second:8,.0f}/s   median {self.median_ms:6.1f} ms   p99 {self.p99_ms:6.1f} ms   {answers}"


class _Run:
    """What the connections of one run share: the requests to be made, and what came back."""

    def __init__(self, head: bytes, body: bytes, seconds: float, rate: float | None) -> None:
        self.head, self.body = head, body
        self.taken: list[tuple[float, int]] = []
        self._numbers = itertools.count()
        self._rate = rate
        self._idle: list[_Client] = []
        self._due: deque[float] = deque()
        self.began = time.perf_counter()
        self._until = self.began + seconds
        if rate:
            self._ahead = int(seconds * rate)
            asyncio.get_running_loop().call_soon(self._tick, 0)

    def request(self) -> bytes:
        """The next request. Bodies are numbered, so that every one is new."""
        return self.head + self.body.replace(b"NUMBER", b"%09d" % next(self._numbers))

    def free(self, client: _Client) -> None:
        """Give a connection that waits its next request, or close it when the run is over."""
        now = time.perf_counter()
        if not self._rate:
            if now < self._until:
                client.send(now)
            else:
                client.close()
        elif self._due:
            client.send(self._due.popleft())
        elif self._ahead:
            self._idle.append(client)
        else:
            client.close()

    def _tick(self, number: int) -> None:
        self._ahead -= 1
        due = self.began + number / (self._rate or 1)
        if self._idle:
            self._idle.pop().send(due)
        else:
            self._due.append(due)
        if self._ahead:
            after = self.began + (number + 1) / (self._rate or 1) - time.perf_counter()
            asyncio.get_running_loop().call_later(max(0.0, after), self._tick, number + 1)
        else:
            while self._idle:
                self._idle.pop().close()


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._received = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._run.free(self)

    def send(self, since: float) -> None:
        self._since = since
        self._transport.write(self._run.request())  # type: ignore[attr-defined]

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        self._run.taken.append((time.perf_counter() - self._since, int(head[9:12])))
        self._received = b""
        self._run.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def _load(run_of: tuple[bytes, bytes, float, float | None], url: str, connections: int) -> Load:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    run = _Run(*run_of)
    clients = [
        (await loop.create_connection(lambda: _Client(run), parts.hostname, parts.port))[1]
        for _ in range(connections)
    ]
    await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), run_of[2] + 30)
    elapsed = time.perf_counter() - run.began
    times = np.array([latency for latency, _ in run.taken]) * 1000
    return Load(
        per_second=len(run.taken) / elapsed,
        median_ms=float(np.median(times)),
        p95_ms=float(np.percentile(times, 95)),
        p99_ms=float(np.percentile(times, 99)),
        statuses=dict(Counter(status for _, status in run.taken)),
    )


def run_load(
    url: str,
    body: bytes | None = None,
    *,
    connections: int,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    rate: float | None = None,
) -> Load:
    """Ask `url` over `connections` at once for `seconds`; `rate` requests a second, else as many as get answered.

    GET, or POST of `body`, its NUMBER replaced by a counter.
    """
    parts = urlsplit(url)
    lines = [
        f"{'GET' if body is None else 'POST'} {parts.path}{f'?{parts.query}' if parts.query else ''} HTTP/1.1"
    ]
    lines.append(f"host: {parts.netloc}")
    if body is not None:
        size = len(body.replace(b"NUMBER", b"%09d" % 0))
        lines += ["content-type: application/json", f"content-length: {size}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return uvloop.run(_load((head, body or b"", seconds, rate), url, connections))
