"""Processes of a launcher that was killed are ended; a stranger with a recorded number is left alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.deploy.conftest import Installation

SLEEP = "import time; time.sleep(60)"


@pytest.mark.parametrize(
    ("program", "ended"),
    [([sys.executable, "-c", SLEEP], True), (["sleep", "60"], False)],
    ids=["ours", "stranger"],
)
def test_leftover(installation: Installation, program: list[str], ended: bool):
    process = subprocess.Popen(program, start_new_session=True)
    try:
        run = installation.var / "run"
        run.mkdir()
        (run / "worker.pid").write_text(f"{process.pid}\n")
        done = installation.call("down")
        assert done.returncode == 0, done.stderr
        assert (process.poll() is not None) == ended
        assert not (run / "worker.pid").exists()
    finally:
        process.kill()
        process.wait()
