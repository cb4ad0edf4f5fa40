"""What the engine says of a text, as JSON-able values."""

from __future__ import annotations

from typing import Any

from apps.engine.lang import check, parse
from apps.engine.lang.explain import explain


def check_report(text: str) -> dict[str, Any]:
    """The checker's findings: ok, errors, warnings, lookback, inputs, hash."""
    return check(text).as_dict()


def explanation(text: str) -> str:
    """What a formula does in plain words, a paragraph for each of its lines. Empty where it has errors."""
    parsed = parse(text)
    return "" if parsed.problems else explain(parsed.formula)
