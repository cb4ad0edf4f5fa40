"""The processes of the Procfile: started together, logged with prefixes, ended together.

Each writes its process id to `var/run/NAME.pid`, so that those of a launcher that was killed are found and ended by the
next start.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager

from deploy.local.paths import BIN, ROOT, RUN
from deploy.local.say import say

STOP_SECONDS = 8.0


def run_processes(environment: Mapping[str, str], more: Mapping[str, str] | None = None) -> int:
    """Run until one process ends or a signal arrives; 0 after a signal, else the status of the one that ended.

    `more` are processes of this machine alone (name to command), which no Procfile may start elsewhere.
    """
    manager = Manager()
    listed = parse_procfile((ROOT / "Procfile").read_text()).processes
    for name, command in {**listed, **(more or {})}.items():
        # exec: the recorded id is the program's own, and signals reach it without a shell between
        recorded = f"echo $$ > {shlex.quote(str(RUN / f'{name}.pid'))}; exec {command}"
        manager.add_process(name, recorded, env=dict(environment), cwd=str(ROOT))
    manager.loop()
    for path in RUN.glob("*.pid"):
        path.unlink()
    stopped_by_hand = manager.returncode in (130, 143)
    return 0 if stopped_by_hand else (manager.returncode or 1)


def end_leftovers() -> None:
    """End the processes of an earlier launcher that was killed before it could."""
    leftovers = list(living())
    for pid, name in leftovers:
        say(f"ending {name} (process {pid}), left by a launcher that was killed")
        signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and any(is_ours(pid) for pid, _ in leftovers):
        time.sleep(0.1)
    for pid, _ in leftovers:
        signal_group(pid, signal.SIGKILL)
    for path in RUN.glob("*.pid"):
        path.unlink()


def living() -> Iterator[tuple[int, str]]:
    """Recorded processes that still run, as (id, name)."""
    for path in RUN.glob("*.pid"):
        text = path.read_text().strip()
        if text.isdigit() and is_ours(int(text)):
            yield int(text), path.stem


def is_ours(pid: int) -> bool:
    """Whether the id still belongs to a program of our environment: ids are used again after a restart."""
    listing = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            command = listing.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return False
    else:
        ps = ["ps", "-o", "command=", "-p", str(pid)]
        command = subprocess.run(ps, capture_output=True, text=True, check=False).stdout
    return str(BIN) in command


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal a process and its children (each process of the Procfile leads a group of its own)."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # it ended in the meantime
