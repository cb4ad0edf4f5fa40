"""Text that leaves in a CSV file, which people open in spreadsheets."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any


def inert(value: object) -> str:
    """The value's text; what a spreadsheet would run as a formula is made plain by a leading apostrophe."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def cell(value: Any) -> str | int | float:
    """A cell: numbers as they are, times in ISO 8601, nothing for None, everything else inert."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, int | float):
        return "" if value is None else value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, datetime | date) else inert(value)
