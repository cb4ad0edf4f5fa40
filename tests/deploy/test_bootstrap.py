"""The set-up step, run the way `make` runs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path("deploy") / "local" / "bootstrap.py"


def bootstrap(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def project_copy(folder: Path, pins: str) -> Path:
    """A project that is nothing but the script and one set of pins."""
    (folder / SCRIPT).parent.mkdir(parents=True)
    shutil.copy(ROOT / SCRIPT, folder / SCRIPT)
    (folder / "requirements").mkdir()
    (folder / "requirements" / "base.txt").write_text(pins)
    shutil.copy(ROOT / "requirements" / "uv.txt", folder / "requirements" / "uv.txt")
    return folder


def test_an_unknown_set_is_named():
    done = bootstrap(ROOT, "everything")
    assert done.returncode == 1
    assert "Unknown set 'everything': one of base, dev, prod." in done.stderr


def test_a_second_run_does_nothing_and_a_changed_pin_installs(tmp_path: Path):
    project = project_copy(tmp_path / "project", "")
    # uv is looked for in the environment first, so no index is needed here
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", project / ".venv"], check=True)
    (project / ".venv" / "bin" / "uv").symlink_to(Path(sys.executable).with_name("uv"))

    assert "environment ready" in bootstrap(project, "base").stdout
    assert bootstrap(project, "base").stdout == ""
    (project / "requirements" / "base.txt").write_text("# a new pin\n")
    assert "environment ready" in bootstrap(project, "base").stdout


def test_pins_carry_hashes(tmp_path: Path):
    """A pin without its hash is refused, whoever serves the package."""
    project = project_copy(tmp_path / "project", "six==1.17.0\n")
    subprocess.run([sys.executable, "-m", "venv", project / ".venv"], check=True)
    (project / ".venv" / "bin" / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    done = bootstrap(project, "base")
    assert done.returncode == 1
    assert "Setup stopped: the requirements could not be installed" in done.stderr
