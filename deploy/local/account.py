"""The system account that PostgreSQL runs under: ours, or `nobody` when we are root (PostgreSQL refuses root)."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.local.errors import LocalError


def needs_other_account() -> bool:
    return os.geteuid() == 0


def ids() -> tuple[int, int]:
    """User and group id of the account that owns PostgreSQL's files."""
    if not needs_other_account():
        return os.geteuid(), os.getegid()
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise LocalError(
            "PostgreSQL does not run as root, and this machine has no account 'nobody' to run it as. "
            "Start as a normal user, or set DATABASE_URL to a server that runs elsewhere."
        ) from None
    return entry.pw_uid, entry.pw_gid


def run(command: Sequence[object], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command under the account, with its output captured as text. The exit status is not checked."""
    if needs_other_account():
        user, group = ids()
        options |= {"user": user, "group": group, "extra_groups": []}
    return subprocess.run(
        [str(part) for part in command],
        cwd="/",  # the current folder may be closed to the account
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def own(path: Path) -> None:
    """Give a file or folder to the account."""
    if needs_other_account():
        os.chown(path, *ids())


def can_execute(program: Path) -> bool:
    """Whether the account reaches the program (a folder of mode 0700 above it keeps another account out)."""
    try:
        return run([program, "--version"]).returncode == 0
    except PermissionError:
        return False


def can_write(folder: Path) -> bool:
    """Whether the account may create files in the folder."""
    return run(["/bin/sh", "-c", 'test -w "$0" && test -x "$0"', folder]).returncode == 0
