"""`manage.py` as a person calls it: what it prints, and its exit status."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from django.core.management import execute_from_command_line

ROOT = Path(__file__).resolve().parents[2]


def called(*args: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Inside this process, from the command line to the exit status: a process of its own takes seconds to begin.

    A test without the `django_db` mark reaches no database this way either.
    """
    out, err = _bytes(), _bytes()
    status = 0
    with redirect_stdout(out), redirect_stderr(err), _standard_input(stdin or b""):
        try:
            execute_from_command_line(["manage.py", *args])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
    return subprocess.CompletedProcess(args, status, _content(out), _content(err))


def called_apart(*args: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """In a process of its own, with no database and no Redis to reach."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": "postgres://nobody:none@127.0.0.1:9/none",  # nothing listens there
        "REDIS_URL": "redis://127.0.0.1:9/0",
    }
    command = [sys.executable, "manage.py", *args]
    return subprocess.run(command, cwd=ROOT, env=environment, input=stdin, capture_output=True, check=False)


@contextmanager
def _standard_input(content: bytes) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before


def _bytes() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _content(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue()
