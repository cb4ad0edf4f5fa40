"""Sentences that others can say in other languages: they know their pattern and what was put into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Said(str):
    """A text made of `pattern`, whose places in braces hold `values`; of a fixed sentence there are none."""

    pattern: str
    values: Mapping[str, str]


class Figure(str):
    """A number of a sentence as English writes it, which others may write another way: 1,000.5, -3 or 12%."""


def said(pattern: str, **values: object) -> Said:
    """For instance said("It is shown as {label}.", label=...). A value may be said itself."""
    texts = {name: _text(value) for name, value in values.items()}
    sentence = Said(pattern.format(**texts) if texts else pattern)
    sentence.pattern, sentence.values = pattern, texts
    return sentence


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return Figure(value) if isinstance(value, int | float) else str(value)


def row(pattern: str, items: Sequence[str]) -> str:
    """Several in a row, joined by a pattern of {left} and {right}, such as "{left}, {right}"."""
    text = items[0]
    for item in items[1:]:
        text = said(pattern, left=text, right=item)
    return text


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(items) == 1:
        return items[0]
    return said("{left} and {right}", left=row("{left}, {right}", items[:-1]), right=items[-1])
