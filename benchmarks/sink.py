"""A process that takes every POST: `python -m benchmarks.sink PORT`. It answers 204, or on GET with what it took.

The answer to `GET /taken` is one line a POST: nanoseconds of the monotonic clock, which all processes of a machine
share, and the body's `data.symbol`, if it has one.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


class _Sink(asyncio.Protocol):
    taken: list[tuple[int, bytes]] = []  # of all connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self.received += data
        while True:
            head, separator, rest = self.received.partition(b"\r\n\r\n")
            if not separator:
                return
            if head.startswith(b"GET "):
                self.received = b""
                lines = "\n".join(f"{at} {self._name(body)}" for at, body in self.taken).encode()
                self.transport.write(  # type: ignore[attr-defined]
                    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(lines) + lines
                )
                self.taken.clear()
                return
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            if len(rest) < length:
                return
            self.received = rest[length:]
            self.taken.append((now, rest[:length]))
            self.transport.write(NO_CONTENT)  # type: ignore[attr-defined]

    @staticmethod
    def _name(body: bytes) -> str:
        try:
            return str(json.loads(body)["data"]["symbol"])
        except (ValueError, LookupError, TypeError):
            return "-"


class Sink:
    """The sink's address and what it took since it was last asked."""

    def __init__(self, url: str) -> None:
        self.url = url

    def taken(self) -> list[tuple[float, str]]:
        """Seconds of the monotonic clock, and the name, of each POST."""
        with urlopen(f"{self.url}/taken", timeout=10) as answer:  # noqa: S310
            lines = answer.read().decode().splitlines()
        return [(int(at) / 1e9, name) for at, name in (line.split(" ", 1) for line in lines)]


@contextmanager
def sink() -> Iterator[Sink]:
    """A sink as a process of its own, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.sink", str(port)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield Sink(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(timeout=10)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", port, backlog=1024)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
