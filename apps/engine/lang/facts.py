"""What a text defines: its inputs and series as an editor shows them, also while other parts of it are broken."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from apps.engine.lang import tree
from apps.engine.lang.analysis import analyse
from apps.engine.lang.lexer import quote
from apps.engine.lang.parser import Parsed, parse
from apps.engine.lang.writer import write_expression, write_statement
from apps.engine.program.graph import NEVER
from apps.engine.said import said

_TYPES = {
    "number": said("a number"),
    "percent": said("a percentage"),
    "truth": said("true/false"),
    "text": said("a text"),
}
_KINDS = {**_TYPES, "integer": said("a whole number")}
MAX_SHOWN = 300


@dataclass(frozen=True)
class Fact:
    """A name of the formula. `kind`: input or definition; `type` in words, empty where it is not known; `text`: its
    statement; `details`: its range, its look-back, one sentence each; `choices`: texts it may be."""

    name: str
    kind: str
    type: str
    text: str
    line: int
    details: tuple[str, ...]
    choices: tuple[str, ...] = ()


@lru_cache(maxsize=16)
def facts(text: str) -> dict[str, Fact]:
    """The names that `text` defines, in its order. Never raises."""
    parsed = parse(text)
    told = [s for s in parsed.formula.statements if isinstance(s, tree.Input | tree.Definition)]
    found = analyse(Parsed(tree.Formula([*told]), [], parsed.broken_names))  # the rest defines nothing
    result: dict[str, Fact] = {}
    for statement in told:
        if isinstance(statement, tree.Input):
            choices = tuple(choice.value for choice in statement.choices or ())
            result.setdefault(
                statement.name,
                Fact(
                    statement.name,
                    "input",
                    _KINDS[statement.kind],
                    _short(write_statement(statement)),
                    statement.line,
                    _input_details(statement),
                    choices,
                ),
            )
        else:
            val = found.meant.get(id(statement.value))
            details: tuple[str, ...] = ()
            if val is not None and val.ref >= 0 and val.ref < len(found.chart.values):
                value = found.chart.values[val.ref]
                details = (look_back(value.first, bool(value.late)),)
            result.setdefault(
                statement.name,
                Fact(
                    statement.name,
                    "definition",
                    _TYPES.get(val.type, "") if val is not None else "",
                    _short(write_statement(statement)),
                    statement.line,
                    details,
                ),
            )
    return result


def look_back(first: int, waits: bool) -> str:
    """When a series has its first value, as a sentence. `waits`: for a higher timeframe as well."""
    if first >= NEVER:
        return said("It never has a value.")
    if waits:
        return said("Its first value comes once the higher timeframe it looks at has closed enough bars.")
    if first == 0:
        return said("It has a value from the first bar on.")
    return said("Its first value is on bar {bar}, the first bar being 0.", bar=f"{first:,}")


def _input_details(node: tree.Input) -> tuple[str, ...]:
    details: list[str] = [said("The default is {value}.", value=write_expression(node.default))]
    if node.low is not None and node.high is not None:
        low, high = write_expression(node.low), write_expression(node.high)
        if node.step is None:
            details.append(said("It may be set from {low} to {high}.", low=low, high=high))
        else:
            step = write_expression(node.step)
            details.append(
                said("It may be set from {low} to {high} in steps of {step}.", low=low, high=high, step=step)
            )
    if node.choices is not None:
        choices = ", ".join(quote(choice.value) for choice in node.choices)
        details.append(said("It may be one of these: {choices}.", choices=choices))
    if node.label is not None:
        details.append(said("It is shown as {label}.", label=quote(node.label)))
    return tuple(details)


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
