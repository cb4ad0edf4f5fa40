"""Text that leaves in a CSV file, which people open in spreadsheets."""

from __future__ import annotations


def inert(value: object) -> str:
    """The value's text; what a spreadsheet would run as a formula is made plain by a leading apostrophe."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
