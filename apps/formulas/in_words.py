"""What the engine says of the language, in the language of whoever reads it. Names and keywords stay as they are."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from apps.engine.lang.said import Said
from apps.formulas.engine_words import TEXTS


def in_words(text: str) -> str:
    """One text of the engine. What is none of its own (a name, a piece of a formula) is given back."""
    if isinstance(text, Said):
        return gettext(text.pattern).format(**{name: in_words(value) for name, value in text.values.items()})
    return gettext(text) if text in TEXTS else str(text)


def told_in_words(told: dict[str, Any]) -> dict[str, Any]:
    """A completion, a hover or a signature."""
    return told | {
        "summary": in_words(told["summary"]),
        "parameters": [{**one, "takes": in_words(one["takes"])} for one in told["parameters"]],
        **({"details": [in_words(line) for line in told["details"]]} if "details" in told else {}),
    }


def palette_in_words(palette: dict[str, Any]) -> dict[str, Any]:
    """The block palette: what its categories, blocks and choices are called, and what they do."""
    return palette | {
        "categories": [{**one, "label": in_words(one["label"])} for one in palette["categories"]],
        "blocks": [_block(block) for block in palette["blocks"]],
    }


def _block(block: dict[str, Any]) -> dict[str, Any]:
    return block | {
        "label": in_words(block["label"]),
        "summary": in_words(block["summary"]),
        "fields": [_field(field) for field in block["fields"]],
    }


def _field(field: dict[str, Any]) -> dict[str, Any]:
    if not any(isinstance(option, dict) for option in field.get("options", ())):
        return field
    return field | {"options": [{**one, "label": in_words(one["label"])} for one in field["options"]]}
