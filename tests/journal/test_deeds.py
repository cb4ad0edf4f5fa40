"""Every action that a service names has words in the catalogues."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils import translation

from apps.core.deeds import DEEDS
from apps.core.templatetags.figures import deed

APPS = Path(__file__).resolve().parents[2] / "apps"


def actions() -> Iterator[str]:
    """Those that stand in the code as a whole, not put together of parts."""
    for path in APPS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            for keyword in node.keywords:
                if keyword.arg != "action" or isinstance(keyword.value, ast.JoinedStr):
                    continue
                for inner in ast.walk(keyword.value):
                    text = inner.value if isinstance(inner, ast.Constant) else None
                    if isinstance(text, str) and re.fullmatch(r"[a-z]+\.[a-z_]+\.[a-z_]+", text):
                        yield text


def test_every_action_is_told_in_words():
    with translation.override("en"):
        missing = {deed(action) for action in actions()} - DEEDS
    assert not missing, f"apps/core/deeds.py: {sorted(missing)}"
    assert len(DEEDS) > 100
