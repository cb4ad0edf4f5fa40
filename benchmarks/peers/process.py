"""A process of a peer, and what is said to it: a line of JSON each way, arrays by file."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from apps.engine.bars import COLUMNS, Bars
from benchmarks.peers.environment import NotAvailable, interpreter

SERVER = Path(__file__).with_name("side") / "server.py"


class PeerError(Exception):
    """The peer failed at a job; the message is its last words."""


class Peer:
    """A process with one of the peers, `"vectorbt"` or `"backtesting"`. Use in a with statement.

    Jobs are the functions named in `benchmarks/peers/side/with_<peer>.py`.
    """

    def __init__(self, name: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
        environment.pop("PYTHONPATH", None)
        self._process = subprocess.Popen(
            [interpreter(), SERVER, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.version: str = self._answer()["version"]
        self.took = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def hold(self, bars: Bars, **more: np.ndarray) -> None:
        """Hand over bars and other columns, which stay for the jobs after."""
        path = Path(self._folder.name) / "held.npz"
        np.savez(path, time=bars.time, **{name: getattr(bars, name) for name in COLUMNS}, **more)
        self._ask({"job": "hold", "path": str(path)})

    def run(self, job: str, **options: Any) -> dict[str, np.ndarray]:
        """Do the job; the arrays it gives, and in `took` its seconds. Raises PeerError where it fails."""
        path = Path(self._folder.name) / "found.npz"
        self.took = float(self._ask({"job": job, "options": options, "path": str(path)})["seconds"])
        with np.load(path) as saved:
            return dict(saved)

    def seconds(self, job: str, **options: Any) -> float:
        """Do the job; the seconds it took there."""
        return float(self._ask({"job": job, "options": options})["seconds"])

    def height(self) -> float:
        """Mebibytes of the process's memory at its height. Raises OSError where the system does not tell."""
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

    def _ask(self, line: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NotAvailable("the peer's process ended early")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer
