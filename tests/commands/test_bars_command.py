"""`manage.py bars check|import|list`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Workspace
from apps.markets.models import BarSet

ROWS = "time,open,high,low,close,volume\n2020-01-02,1,2,1,2,3\n2020-01-03,2,3,1,2,4\n2020-01-03,2,3,1,2,4\n"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text(ROWS)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.csv"
    path.write_text(ROWS + "2020-01-06,1,oops,1,2,3\n")
    return path


def run(*args: str) -> str:
    out = StringIO()
    call_command("bars", *args, stdout=out)
    return out.getvalue()


def test_check_prints_the_quality(good: Path):
    assert "2 bars of 1d" in run("check", str(good))
    report = json.loads(run("check", str(good), "--json"))
    assert (report["ok"], report["bars"], report["duplicates"]) == (True, 2, 1)


def test_check_names_the_line(bad: Path):
    with pytest.raises(CommandError, match=r"Line 5: “oops” in column “high” is not a number"):
        run("check", str(bad))
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("bars", "check", str(bad), "--json", stdout=out)
    answer = json.loads(out.getvalue())
    assert (answer["ok"], answer["error"]["line"], answer["error"]["column"]) == (False, 5, "high")


def test_check_reads_standard_input_and_needs_no_database(good: Path):
    nowhere = {
        **os.environ,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "bars", "check", "-"],
        cwd=ROOT, env=nowhere, input=good.read_text(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2 bars of 1d" in done.stdout


@pytest.mark.django_db
def test_import_and_list(good: Path, workspace: Workspace):
    run("import", str(good), "--symbol", "abc", "--workspace", workspace.slug)
    bar_set = BarSet.objects.get()
    assert (bar_set.workspace, bar_set.instrument.symbol, bar_set.source) == (workspace, "ABC", "good.csv")
    assert "ABC" in run("list")


@pytest.mark.django_db
def test_import_refuses_and_keeps_nothing(bad: Path, good: Path):
    with pytest.raises(CommandError, match="Line 5"):
        run("import", str(bad), "--symbol", "abc")
    with pytest.raises(CommandError, match="no workspace nobody"):
        run("import", str(good), "--symbol", "abc", "--workspace", "nobody")
    with pytest.raises(CommandError, match="No such file"):
        run("import", str(good) + ".not", "--symbol", "abc")
    assert not BarSet.objects.exists()
