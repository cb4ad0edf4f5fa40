"""Sentences that others can say in other languages: they know their pattern and what was put into it."""

from __future__ import annotations

from collections.abc import Mapping


class Said(str):
    """A text made of `pattern`, whose places in braces hold `values`; of a fixed sentence there are none."""

    pattern: str
    values: Mapping[str, str]


def said(pattern: str, **values: str) -> Said:
    """For instance said("It is shown as {label}.", label=...)."""
    sentence = Said(pattern.format(**values) if values else pattern)
    sentence.pattern, sentence.values = pattern, values
    return sentence
