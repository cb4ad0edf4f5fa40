"""The peers' own environment below `var/peers`, made when it is first needed, one for each content of bench.txt."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements" / "bench.txt"
MAKING_SECONDS = 300
OUTDATED_SECONDS = 86_400  # not sooner: another run may be making its own
_PYTHON = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"


class NotAvailable(Exception):
    """The peers cannot be had here; the message says why."""


def interpreter() -> Path:
    """The Python of the environment. Raises NotAvailable where it cannot be made, for instance without a network."""
    name = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = ROOT / "var" / "peers" / name
    if not folder.exists():
        _make(folder)
    return folder / _PYTHON


def _tidy(parent: Path) -> None:
    """Remove what earlier requirements, and runs that were broken off, have left: 700 MB each."""
    for other in parent.glob("*"):
        if time.time() - other.stat().st_mtime > OUTDATED_SECONDS:
            shutil.rmtree(other, ignore_errors=True)


def _make(folder: Path) -> None:
    _tidy(folder.parent)
    # made aside and then named: a run that was broken off, or another one beside it, leaves nothing half done
    aside = folder.with_name(f"{folder.name}.{os.getpid()}")
    uv = Path(sys.executable).parent / "uv"
    python = aside / _PYTHON
    steps = (
        [uv, "venv", "-q", "--clear", "--python", sys.executable, aside],
        [uv, "pip", "install", "-q", "--require-hashes", "--python", python, "-r", REQUIREMENTS],
    )
    print("making the peers' environment in var/peers", flush=True)
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=MAKING_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            shutil.rmtree(aside, ignore_errors=True)
            raise NotAvailable(f"the peers' environment cannot be made ({type(error).__name__})") from error
        if done.returncode:
            shutil.rmtree(aside, ignore_errors=True)
            last = (done.stderr.strip().splitlines() or ["no message"])[-1].strip()
            raise NotAvailable(f"the peers' environment cannot be made: {last}")
    try:
        aside.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        shutil.rmtree(aside)
