"""What stands between running servers and running processes: migrations, demo data, compiled kernels.

All three can be repeated. They are skipped when neither the code nor the pins have changed since they last ran on this
database, so that a second start takes seconds.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.paths import PYTHON, ROOT
from deploy.local.say import say, timed

LOGIN_LINE = "DEMO_LOGIN"


@dataclass(frozen=True)
class Login:
    email: str
    password: str


def prepare(environment: Mapping[str, str], stamp: Path | None) -> Login | None:
    """Bring database and kernels up to date; the demo's log-in, if the demo names one.

    `stamp` is a file that lives and dies with the database; without one (a server that runs elsewhere) nothing is
    skipped. Raises LocalError when a step fails; its own output is on the terminal.
    """
    current = sources_hash("all")
    if stamp and (kept := read_stamp(stamp, current)) is not None:
        say("database, demo and kernels are up to date")
        return kept
    environment = {"LOG_LEVEL": "WARNING", **environment}  # the steps below say what they did
    # Compiling takes one core and needs no database, so it runs beside the migrations; the demo's backtests need it.
    warm = subprocess.Popen(
        [PYTHON, "-m", "apps.engine.warm"], cwd=ROOT, env=dict(environment), stdout=sys.stderr
    )
    try:
        with timed("migrations applied"):
            manage(environment, "migrate", "--verbosity", "0")
        if warm.wait() != 0:
            raise LocalError("The engine's kernels could not be compiled; the message is above.")
        with timed("demo loaded"):
            output = manage(environment, "demo")
    finally:
        if warm.poll() is None:
            warm.terminate()
            warm.wait()
    login = find_login(output)
    if stamp:
        stamp.write_text(
            json.dumps({"sources": current, "login": [login.email, login.password] if login else None})
        )
    return login


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a manage.py command; its standard output."""
    command = [str(PYTHON), "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        raise LocalError(f"manage.py {arguments[0]} failed; its message is above.")
    return done.stdout


def find_login(output: str) -> Login | None:
    """The log-in that the demo command prints as `DEMO_LOGIN email password`."""
    for line in output.splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == LOGIN_LINE:
            return Login(words[1], words[2])
    return None


def read_stamp(stamp: Path, current: str) -> Login | None:
    """The log-in kept by the last preparation; None when there was none, or the code has changed since."""
    try:
        kept = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return None
    if kept.get("sources") != current or not kept.get("login"):
        return None
    return Login(*kept["login"])


def sources_hash(what: str) -> str:
    """SHA-256 over names and contents of the code that decides the outcome.

    "migrations": migrations, settings and pins. "engine": the engine and the pins. "all": every module and the pins.
    """
    patterns = {
        "migrations": ["apps/**/migrations/*.py", "config/settings/*.py"],
        "engine": ["apps/engine/**/*.py"],
        "all": ["apps/**/*.py", "config/**/*.py"],
    }[what]
    digest = hashlib.sha256(sys.version.encode())
    files = {path for pattern in patterns for path in ROOT.glob(pattern)} | {
        ROOT / "requirements" / "base.txt"
    }
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
