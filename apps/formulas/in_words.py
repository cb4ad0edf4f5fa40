"""What the engine says of the language, in the language of whoever reads it. Names and keywords stay as they are."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from apps.core.words import said_in_words
from apps.engine.lang import FormulaError
from apps.engine.said import Said
from apps.formulas.engine_words import TEXTS


def in_words(text: str) -> str:
    """One text of the engine. What is none of its own (a name, a piece of a formula) is given back."""
    if isinstance(text, Said):
        return said_in_words(text)
    return gettext(text) if text in TEXTS else text


def error_in_words(error: Exception) -> str:
    """The message of an error of the engine."""
    return in_words(error.args[0]) if error.args and isinstance(error.args[0], str) else str(error)


def errors_in_words(error: FormulaError) -> str:
    """All that is wrong with a formula or its settings, a line each."""
    return "\n".join(
        gettext("line {line}, column {column}: {message}").format(
            line=problem.line, column=problem.column, message=in_words(problem.message)
        )
        + (f" ({in_words(problem.hint)})" if problem.hint else "")
        for problem in error.errors
    )


def problem_in_words(problem: dict[str, Any]) -> dict[str, Any]:
    """An error or warning of the checker."""
    return problem | {key: in_words(problem[key]) for key in ("message", "hint") if problem.get(key)}


def report_in_words(report: dict[str, Any]) -> dict[str, Any]:
    """The checker's report."""
    return report | {key: [problem_in_words(one) for one in report[key]] for key in ("errors", "warnings")}


def why_in_words(report: dict[str, Any]) -> dict[str, Any]:
    """What every part of a formula is on a bar: the sentences of its conditions."""
    statements = [{**one, "sentence": in_words(one["sentence"])} for one in report["statements"]]
    return report | {"statements": statements}


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
