"""A signal told to 1,000 WebSocket clients: the live feed against a bare Channels broadcast under the same server.

They take turns. A latency is from handing the event to the channel layer until a client has read it, of every client
and message. Server, Redis and clients share the machine.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import numpy as np

CLIENTS = 1_000
MESSAGES = 30
EVENT = {
    "kind": "signal",
    "signals": [
        {
            "id": "01912d5e-0000-7000-8000-000000000000",
            "source": "01912d5e-0000-7000-8000-000000000001",
            "symbol": "BTCUSDT",
            "exchange": "BINANCE",
            "timeframe": "1h",
            "action": "buy",
            "price": "45000.5",
            "received_at": "2026-01-15T10:00:00+00:00",
            "is_test": False,
        }
    ],
}


class _Client(asyncio.Protocol):
    """A WebSocket that listens and answers pings: it counts frames, and keeps when the last one came."""

    def __init__(self, request: bytes, says: bytes) -> None:
        self.request = request
        self.says = says
        self.received = b""
        self.is_open = False
        self.frames = 0
        self.at = 0.0
        self.error = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.is_open:
            head, separator, rest = self.received.partition(b"\r\n\r\n")
            if not separator:
                return
            if b" 101 " not in head.splitlines()[0]:
                self.error = head.decode()
                return
            self.is_open, self.received = True, rest
            if self.says:
                self.transport.write(self.says)  # type: ignore[attr-defined]
        while len(self.received) >= 2:
            begin, size = 2, self.received[1] & 0x7F
            if size == 126:
                begin, size = 4, int.from_bytes(self.received[2:4])
            if len(self.received) < begin + size:
                return
            if self.received[0] & 0x0F == 1:  # text
                self.frames += 1
                self.at = time.perf_counter()
            elif self.received[0] & 0x0F == 8:
                self.error = f"closed with {int.from_bytes(self.received[begin : begin + 2])}"
            elif self.received[0] & 0x0F == 9:  # a ping, masked with zeros
                pong = bytes([0x8A, 0x80 | size, 0, 0, 0, 0]) + self.received[begin : begin + size]
                self.transport.write(pong)  # type: ignore[attr-defined]
            self.received = self.received[begin + size :]


def _frame(message: Mapping[str, Any]) -> bytes:
    """A text frame of a client, masked with zeros."""
    text = json.dumps(message).encode()
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


@dataclass
class Crowd:
    """The clients of one server."""

    name: str
    url: str
    process: int
    send: Callable[[], Awaitable[None]]
    says: bytes = b""  # once it is open
    greetings: int = 1  # frames before the first message
    headers: Mapping[str, str] = field(default_factory=dict)
    clients: list[_Client] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    before: float = 0.0
    after: float = 0.0

    async def connect(self, number: int) -> None:
        """Each one has the server's first word before the next hundred come."""
        parts = urlsplit(self.url)
        lines = [
            f"GET {parts.path} HTTP/1.1",
            f"host: {parts.netloc}",
            "upgrade: websocket",
            "connection: Upgrade",
            "sec-websocket-version: 13",
            f"sec-websocket-key: {base64.b64encode(os.urandom(16)).decode()}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        loop = asyncio.get_running_loop()
        while len(self.clients) < number:
            for _ in range(min(100, number - len(self.clients))):
                _, client = await loop.create_connection(
                    lambda: _Client(request, self.says), parts.hostname, parts.port
                )
                self.clients.append(client)
            await self.until(self.greetings)

    async def until(self, frames: int) -> None:
        """Wait until every client has had so many frames."""
        deadline = time.monotonic() + 60
        while any(client.frames < frames for client in self.clients):
            errors = [client.error for client in self.clients if client.error]
            if errors:
                raise RuntimeError(f"{self.name}: {errors[0]}")
            if time.monotonic() > deadline:
                missing = sum(client.frames < frames for client in self.clients)
                raise RuntimeError(f"{self.name}: {missing} of {len(self.clients)} clients were not told")
            await asyncio.sleep(0.02)

    async def tell(self, number: int) -> None:
        began = time.perf_counter()
        await self.send()
        await self.until(number + self.greetings)
        self.latencies += [client.at - began for client in self.clients]

    def p(self, percent: float) -> float:
        return float(np.percentile(self.latencies, percent)) * 1e3

    @property
    def kilobytes(self) -> float:
        """Memory of a client in the server."""
        return (self.after - self.before) / len(self.clients)


def _resident(process: int) -> float:
    """Kibibytes of a process's memory. Raises OSError where the system does not tell."""
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return next(float(line.split()[1]) for line in status if line.startswith("VmRSS"))


async def _run(crowds: list[Crowd], clients: int, messages: int) -> None:
    for crowd in crowds:
        await crowd.connect(10)  # what the first ones load is not theirs
        crowd.before = _resident(crowd.process)
        await crowd.connect(clients + 10)
        crowd.after = _resident(crowd.process)
        crowd.clients = crowd.clients[10:]
    for number in range(1, messages + 1):
        for crowd in crowds:
            await crowd.tell(number)
            await asyncio.sleep(0.1)
    for crowd in crowds:
        crowd.latencies = crowd.latencies[2 * clients :]  # the first two find nothing warm
        crowd.after = max(crowd.after, _resident(crowd.process))


def measure_sockets(
    environment: Mapping[str, str], clients: int = CLIENTS, messages: int = MESSAGES
) -> list[Crowd]:
    """The bare broadcast and the live feed. Needs a migrated database of its own (`benchmarks.servers`)."""
    from asgiref.sync import sync_to_async
    from channels.layers import get_channel_layer
    from django.test import Client

    from apps.accounts.models import User
    from apps.accounts.services import ensure_personal_workspace
    from apps.core.live import push
    from apps.signals.services.processing import live_group
    from benchmarks.bare_broadcast import GROUP, configure
    from benchmarks.servers import server_process

    user = User.objects.create_user("viewer@bench.example")
    workspace = ensure_personal_workspace(user)
    browser = Client()
    browser.force_login(user)
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in browser.cookies.items())
    configure()
    layer = get_channel_layer()

    async def broadcast() -> None:
        await layer.group_send(GROUP, {"type": "bare.event", "event": EVENT})

    async def tell_feed() -> None:
        await sync_to_async(push)(live_group(workspace.pk), EVENT)

    with (
        server_process("benchmarks.bare_broadcast:application", environment) as (bare_url, bare),
        server_process("config.asgi:application", environment) as (url, ours),
    ):
        crowds = [
            Crowd("bare broadcast", f"{bare_url}/", bare, broadcast),
            Crowd(
                "live feed",
                f"{url}/ws/",
                ours,
                tell_feed,
                says=_frame({"kind": "subscribe", "path": "/ws/signals/"}),
                greetings=2,
                headers={"cookie": cookies, "origin": url},
            ),
        ]
        asyncio.run(_run(crowds, clients, messages))
    return crowds


def measure() -> None:
    """Print latencies, memory and the goals. Starts servers if none are configured; works in a scratch database."""
    from benchmarks.measure import goal, heading
    from benchmarks.servers import databases, scratch_database

    heading(f"A signal to {CLIENTS:,} WebSocket clients")
    with databases() as environment:
        os.environ.update(environment)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        os.environ["LOG_LEVEL"] = "ERROR"
        import django

        django.setup()
        with scratch_database() as database_url:
            bare, ours = measure_sockets(environment | {"DATABASE_URL": database_url})
    print(f"{'':16}{'median':>10}{'p99':>10}{'memory a client':>18}")
    for crowd in (bare, ours):
        print(f"{crowd.name:16}{crowd.p(50):7.1f} ms{crowd.p(99):7.1f} ms{crowd.kilobytes:15.1f} kB")
    goal("p99 against the bare broadcast", ours.p(99) / bare.p(99), 2, " times")
    goal("memory of a client against the bare one", ours.kilobytes / bare.kilobytes, 2, " times")


if __name__ == "__main__":
    measure()
