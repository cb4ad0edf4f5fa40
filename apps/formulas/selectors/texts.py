"""What the engine says of a text, as JSON-able values."""

from __future__ import annotations

from typing import Any

from apps.engine.lang import check


def check_report(text: str) -> dict[str, Any]:
    """The checker's findings: ok, errors, warnings, lookback, inputs, hash."""
    return check(text).as_dict()
