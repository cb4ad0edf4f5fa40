"""An own local installation, away from the project's: its servers are real and are stopped at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Installation:
    """`python -m deploy.local` with a data folder of its own."""

    var: Path

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name
            not in {
                "DATABASE_URL",
                "REDIS_URL",
                "SECRET_KEY",
                "FIELD_KEYS",
                "MAKELEVEL",
                "TEST_DATABASE_TEMPLATE",
            }
        }
        return subprocess.run(
            [sys.executable, "-m", "deploy.local", *arguments],
            cwd=ROOT,
            env=inherited | {"VAR_DIR": str(self.var)} | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def servers(self) -> dict[str, str]:
        """Start the servers; what they export."""
        done = self.call("servers")
        assert done.returncode == 0, done.stderr
        pairs = [line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines()]
        return {name: value.strip("'") for name, value in pairs}


@pytest.fixture
def installation() -> Iterator[Installation]:
    # Not tmp_path: pytest closes its folders to other accounts, and as root PostgreSQL runs as another one.
    var = Path(tempfile.mkdtemp(prefix="candlewright-local-"))
    var.chmod(0o755)
    try:
        yield Installation(var)
    finally:
        Installation(var).call("down")
        shutil.rmtree(var)
