"""What the engine says of a text, as JSON-able values. Nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from apps.engine.lang import FormulaError, Problem, check, format_text, formula_json, parse, tree
from apps.engine.lang.blocks import block_ids, block_palette, from_blocks, to_blocks
from apps.engine.lang.certificate import Certificate, certificate
from apps.engine.lang.complete import complete, hover, signature_help
from apps.engine.lang.explain import explain
from apps.engine.lang.reader import TreeError, read_formula_json
from apps.engine.lang.writer import write
from apps.engine.pine import export_pine, import_pine
from apps.formulas.errors import InvalidFormula, InvalidTree
from apps.formulas.in_words import (
    in_words,
    palette_in_words,
    problem_in_words,
    report_in_words,
    told_in_words,
)


def check_report(text: str, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The checker's findings: ok, errors, warnings, lookback, inputs, hash, cost."""
    return report_in_words(check(text, settings).as_dict())


def explanation(text: str) -> str:
    """What a formula does in plain words. Empty where its syntax is wrong."""
    parsed = parse(text)
    return "" if parsed.problems else in_words(explain(parsed.formula))


def explained(text: str) -> str:
    """As `explanation`. Raises InvalidFormula with all errors."""
    report = check(text)
    if not report.ok:
        raise refuse(report.errors)
    return in_words(explain(report.formula))


def formatted(text: str) -> str:
    """The text in the one way formulas are laid out. Raises InvalidFormula where its syntax is wrong."""
    try:
        return format_text(text)
    except FormulaError as error:
        raise refuse(error.errors) from None


def tree_of(text: str) -> dict[str, Any]:
    """The syntax tree as JSON. Raises InvalidFormula where the syntax is wrong."""
    return formula_json(_parsed(text))


def blocks_of(text: str) -> dict[str, Any]:
    """The visual blocks as JSON. Raises InvalidFormula where the syntax is wrong."""
    return to_blocks(_parsed(text))


def palette() -> dict[str, Any]:
    """Every block there is, in the words of whoever reads it."""
    return palette_in_words(block_palette())


def text_of(*, tree_content: Any = None, blocks: Any = None) -> dict[str, Any]:
    """The text of a tree or of blocks; for blocks also `ids`, the block that each node of the tree came from, so that
    the checker's findings can be shown on them. Raises InvalidTree."""
    try:
        if blocks is None:
            return {"text": write(read_formula_json(tree_content)), "ids": {}}
        return {"text": write(from_blocks(blocks)), "ids": block_ids(blocks)}
    except TreeError as error:
        raise InvalidTree(str(error), extra={"tree_error": error.as_dict()}) from None


def completions(text: str, line: int, column: int) -> list[dict[str, Any]]:
    """What may be written at a place, the likeliest first."""
    return [told_in_words(completion.as_dict()) for completion in complete(text, line, column)]


def hover_at(text: str, line: int, column: int) -> dict[str, Any] | None:
    """What stands at a place; None where nothing with a meaning does."""
    found = hover(text, line, column)
    return told_in_words(found.as_dict()) if found else None


def signature_at(text: str, line: int, column: int) -> dict[str, Any] | None:
    """The call that is being written at a place; None outside of one."""
    found = signature_help(text, line, column)
    return told_in_words(found.as_dict()) if found else None


def pine_of(
    text: str, *, kind: Literal["indicator", "strategy"], name: str, settings: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The formula as a Pine v6 script, or the problems for which there is none."""
    found = export_pine(text, kind, name, settings).as_dict()
    return found | {"problems": [problem_in_words(problem) for problem in found["problems"]]}


def formula_of_pine(source: str) -> dict[str, Any]:
    """The formula that a Pine script says, as far as one can, with what became of each of its lines."""
    found = import_pine(source).as_dict()
    report = [line | {"message": in_words(line["message"])} for line in found["report"]]
    return found | {"report": report}


def certificate_of(text: str, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What each value reads, how far back, and from which bar on it speaks. Raises InvalidFormula."""
    return _certified(text, settings).as_dict()


def certified_values(text: str) -> list[dict[str, Any]]:
    """The certificate's values as rows for people, each with its title. Raises InvalidFormula."""
    return [
        {
            **value.as_dict(),
            "title": in_words(value.title),
            "waits": [in_words(wait.words) for wait in value.waits],
        }
        for value in _certified(text, None).values
    ]


def _certified(text: str, settings: Mapping[str, Any] | None) -> Certificate:
    try:
        return certificate(text, settings)
    except FormulaError as error:
        raise refuse(error.errors) from None


def refuse(errors: list[Problem]) -> InvalidFormula:
    """The refusal of a text with these errors, or of settings that do not fit it."""
    return InvalidFormula([error.as_dict() for error in errors])


def _parsed(text: str) -> tree.Formula:
    parsed = parse(text)
    if parsed.problems:
        raise refuse(parsed.problems)
    return parsed.formula
