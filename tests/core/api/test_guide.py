"""docs/api.md and the quick start as a stranger reads them: each command is run, in their order, and every code that can come stands there."""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache

import config.urls  # noqa: F401  every module that defines an error
from apps.accounts.services import create_api_key
from apps.accounts.services.tokens import REFUSALS
from apps.core.errors import DomainError
from apps.formulas.services import create_formula
from apps.markets.services import import_bars
from apps.trading.choices import Refusal
from tests.accounts.second_factors.conftest import PASSWORD, code_of, enrol
from tests.factories import CROSS, UserFactory, wave_csv, workspace_of

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs/api.md").read_text()
QUICK_START = (ROOT / "docs/guides/api-quick-start.md").read_text()
BLOCK = re.compile(r"^```(sh|python|js)( refused)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# each curl tells its status, and the guide's own text stays as it is
SHELL = """
set -euo pipefail
curl() { command curl -sS -w '%{stderr}STATUS %{http_code}\\n' "$@"; }
"""
# what DRF and Django raise by themselves (rest_framework/exceptions.py), and apps.core.problems makes of it
BUILT_IN = {
    "invalid", "parse_error", "authentication_failed", "not_authenticated", "permission_denied", "not_found",
    "method_not_allowed", "not_acceptable", "unsupported_media_type", "throttled", "csrf_failed", "bad_request",
    "server_error",
}  # fmt: skip
INSIDE = {
    "unknown_member",
    "unknown_parameter",
}  # of a message inside `errors`; the document's own is `invalid`


def run(command: list[str], text: str, env: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=text, env=env, cwd=folder, capture_output=True, text=True, timeout=120
    )


@pytest.mark.django_db(transaction=True)
def test_every_command_of_the_guide_runs(live_server, tmp_path):
    cache.clear()
    user = UserFactory()
    workspace = workspace_of(user, "pro")
    for symbol in ("AAPL", "MSFT"):
        bars = io.BytesIO(wave_csv())
        import_bars(workspace, symbol=symbol, file=bars, filename="bars.csv", actor=user)
    create_formula(workspace, name="Cross", text=CROSS, actor=user)
    _, key = create_api_key(workspace, name="guide", actor=user)
    device = enrol(user)
    env = {
        "PATH": os.environ["PATH"],
        "URL": f"{live_server.url}/api/v1",
        "KEY": key,
        "EMAIL": user.email,
        "PASSWORD": PASSWORD,
        "CODE": code_of(device),
    }
    blocks = BLOCK.findall(GUIDE) + BLOCK.findall(QUICK_START)
    shell = [(text, bool(refused)) for language, refused, text in blocks if language == "sh"]
    script = SHELL + "".join(f"\necho BLOCK >&2\n{text}" for text, _ in shell)
    ran = run(["bash", "-s"], script, env, tmp_path)
    assert ran.returncode == 0, ran.stderr[-2000:] + ran.stdout[-2000:]
    told = [re.findall(r"STATUS (\d+)", part) for part in ran.stderr.split("BLOCK")[1:]]
    for (text, refused), statuses in zip(shell, told, strict=True):
        assert len(statuses) >= text.count("curl "), f"{text}\n{statuses}"
        assert all((status[0] == "4") == refused for status in statuses), f"{text}\n{statuses}\n{ran.stdout}"
    for language, command in (
        ("python", [sys.executable, "-"]),
        ("js", ["node", "--input-type=module", "-"]),
    ):
        if shutil.which(command[0]) is None:
            continue  # Node is there wherever the pages are built
        text = "".join(text for kind, _, text in blocks if kind == language)
        ran = run(command, text, env, tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert "Cross" in ran.stdout


def kinds_of(error: type[DomainError]) -> Iterator[type[DomainError]]:
    yield error
    for kind in error.__subclasses__():
        yield from kinds_of(kind)


def raised_codes() -> set[str]:
    """Codes of all errors, and those given where one is raised; the alert intake's are told in docs/signals.md."""
    found = {kind.code for kind in kinds_of(DomainError) if ".signals.errors.AlertRefused" not in _name(kind)}
    for file in (ROOT / "apps").rglob("*.py"):
        if {"engine", "migrations", "intake"} & set(file.parts) or file.match("apps/signals/rules.py"):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                found |= {
                    keyword.value.value
                    for keyword in node.exc.keywords
                    if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
                }
                if isinstance(node.exc.func, ast.Name) and node.exc.func.id == "BadAccessToken":
                    found.add(ast.literal_eval(node.exc.args[1]))
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names = {target.id for target in node.targets if isinstance(target, ast.Name)}
                found |= {node.value.value} if "default_code" in names else set()
    return found


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__name__}"


def test_every_code_stands_in_the_guide_and_every_code_there_can_come():
    table = GUIDE.split("\n## Codes\n")[1]
    told = {
        code for line in table.splitlines() if line.startswith("| `") for code in _codes(line.split("|")[1])
    }
    risk = {f"refused_{reason}" for reason in Refusal.values}
    real = (raised_codes() | BUILT_IN | set(REFUSALS) | risk) - INSIDE
    assert told == real, f"not told: {sorted(real - told)}; never come: {sorted(told - real)}"


def _codes(cell: str) -> list[str]:
    return re.findall(r"`([a-z_]+)`", cell)
