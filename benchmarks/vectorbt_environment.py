"""vectorbt in an environment of its own below `var/bench`, made when it is first needed, and a process of it.

Its licence (Apache with the Commons Clause) keeps it out of the product and of our own environments.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements" / "bench.txt"
ENGINES = ("numba", "rust")


class NotAvailable(Exception):
    """vectorbt cannot be had here; the message says why."""


def interpreter() -> Path:
    """The Python of the environment. Raises NotAvailable where it cannot be made, for instance without a network."""
    name = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = ROOT / "var" / "bench" / f"vectorbt-{name}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = folder / "ready"
    if ready.exists():
        return python
    uv = Path(sys.executable).parent / "uv"
    steps = (
        [uv, "venv", "-q", "--clear", "--python", sys.executable, folder],
        [uv, "pip", "install", "-q", "--require-hashes", "--python", python, "-r", REQUIREMENTS],
    )
    print("making an environment for vectorbt in var/bench", flush=True)
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=180, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotAvailable(f"its environment cannot be made ({type(error).__name__})") from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1].strip()
            raise NotAvailable(f"its environment cannot be made: {last}")
    ready.touch()
    return python


class Peer:
    """A process of vectorbt with `close` loaded. Use in a with statement."""

    def __init__(self, close: np.ndarray) -> None:
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "close.npy"
        np.save(path, close)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
        self._process = subprocess.Popen(
            [interpreter(), ROOT / "benchmarks" / "peer.py", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.version = self._answer().removeprefix("ready ")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise NotAvailable("its process ended early")
        return line

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer()

    def seconds(self, engine: str) -> float:
        """Run once with one of ENGINES; the seconds it took there."""
        return float(self._ask(engine))

    def values(self) -> list[np.ndarray]:
        """Both averages and RSI (float64[n]), buying and selling crossings (bool[n])."""
        path = Path(self._folder.name) / "values.npz"
        self._ask(f"save {path}")
        with np.load(path) as saved:
            return [saved[name] for name in saved.files]
