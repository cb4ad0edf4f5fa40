"""A test of a formula as lines of text, for people: a bar per line, a signal per line.

Bars are closes (`101`), or open, high, low, close and perhaps volume (`100 103 99 102 5000`), with or without a time
first. Signals are a bar, counted from 0, or a time, then a kind and of an alert perhaps its text (`2 long`, `5 alert
Look here`). What a test needs besides (settings, series, a time zone) is said in its JSON.
"""

from __future__ import annotations

import math
import re
from typing import Any

from django.utils.translation import gettext

_SPLIT = re.compile(r"[\s,;]+")


class LineError(ValueError):
    """A line that cannot be read; the message names it."""


def bars_of(text: str) -> list[Any]:
    """The bars of a test's JSON: numbers where each line is a close, else rows. Raises LineError."""
    rows: list[list[Any]] = []
    for place, line in _lines(text):
        words = [word for word in _SPLIT.split(line) if word]
        start = 0 if _number(words[0]) is not None else 1
        values = [_number(word) for word in words[start:]]
        if not values or None in values:
            raise LineError(
                gettext(
                    "Line {place}, “{line}”: a bar is its close, or open, high, low, close and perhaps volume, as "
                    "in 100 103 99 102."
                ).format(place=place, line=line[:60])
            )
        rows.append([*words[:start], *values])
    return [row[0] for row in rows] if all(len(row) == 1 for row in rows) else rows


def signals_of(text: str) -> list[dict[str, Any]]:
    """The signals of a test's JSON. Raises LineError."""
    signals = []
    for place, line in _lines(text):
        where, _, rest = line.partition(" ")
        kind, _, said = rest.strip().partition(" ")
        if not kind:
            raise LineError(
                gettext("Line {place}, “{line}”: a signal is a bar, then a kind, as in 2 long.").format(
                    place=place, line=line[:60]
                )
            )
        signal: dict[str, Any] = {"bar": int(where)} if where.isdecimal() else {"time": where}
        signal["kind"] = kind.lower()
        if said.strip():
            signal["text"] = said.strip().strip('"')
        signals.append(signal)
    return signals


def as_lines(content: dict[str, Any]) -> dict[str, Any] | None:
    """Name, bars, spread and signals of a test for the form; None where its bars are a table with a header line."""
    bars = content["bars"]
    if isinstance(bars, str):
        return None
    rows = [bar if isinstance(bar, list) else [bar] for bar in bars]
    signals = [
        " ".join(str(signal[key]) for key in ("bar", "time", "kind", "text") if signal.get(key) is not None)
        for signal in content["signals"]
    ]
    return {
        "name": content["name"],
        "bars": "\n".join(" ".join(str(value) for value in row) for row in rows),
        "spread": content.get("spread"),
        "signals": "\n".join(signals),
    }


def _lines(text: str) -> list[tuple[int, str]]:
    return [(i, line.strip()) for i, line in enumerate(text.splitlines(), 1) if line.strip()]


def _number(word: str) -> int | float | None:
    """The number that `word` is; None for any other word."""
    try:
        value = float(word)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(word) if re.fullmatch(r"-?[0-9]{1,15}", word) else value
