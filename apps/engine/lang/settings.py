"""Inputs of a formula and the settings given for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.engine.lang import tree
from apps.engine.lang.errors import Problem, nearest

_KIND_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "percent": "a percentage",
    "truth": "true or false",
    "text": "a text",
}
Setting = float | int | bool | str


@dataclass(frozen=True)
class InputSpec:
    """An input as declared: kind, default, and the range or the texts it may be set to. Percentages are fractions."""

    name: str
    kind: str
    default: Setting
    low: float | None
    high: float | None
    step: float | None
    choices: tuple[str, ...] | None
    label: str | None
    line: int
    column: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON; whole numbers as integers."""
        result: dict[str, Any] = {"name": self.name, "kind": self.kind, "default": self.default}
        for key in ("low", "high", "step"):
            value = getattr(self, key)
            if value is not None:
                result[key] = int(value) if self.kind == "integer" else value
        if self.choices is not None:
            result["choices"] = list(self.choices)
        if self.label is not None:
            result["label"] = self.label
        return result


def read_input(node: tree.Input, problems: list[Problem]) -> InputSpec | None:
    """The declaration as a spec, or None after noting what is wrong with it."""
    before = len(problems)

    def wrong(at: tree.Expr | tree.Statement, message: str, hint: str = "") -> None:
        problems.append(Problem(at.line, at.column, message, hint))

    low, high, step = (_number(node, part, problems) for part in (node.low, node.high, node.step))
    if node.low is not None and node.kind in ("truth", "text"):
        wrong(node.low, f"an input that is {_KIND_WORDS[node.kind]} has no range from..to")
        return None
    if node.choices is not None and node.kind != "text":
        wrong(node.choices[0], f"texts to choose from, but the default is {_KIND_WORDS[node.kind]}")
        return None
    default: Setting
    if isinstance(node.default, tree.Number):
        default = int(node.default.value) if node.kind == "integer" else node.default.value
        if low is not None and high is not None:
            assert node.low is not None
            if low > high:
                wrong(
                    node.low,
                    f"the range of `{node.name}` is empty: {_text(low, node)} is above {_text(high, node)}",
                )
            elif not low <= default <= high and len(problems) == before:
                wrong(
                    node.default,
                    f"the default {node.default.text} lies outside {_text(low, node)}..{_text(high, node)}",
                )
        if step is not None and step <= 0 and node.step is not None:
            wrong(node.step, "a step must be above 0")
    elif isinstance(node.default, tree.Truth):
        default = node.default.value
    else:
        assert isinstance(node.default, tree.Text)
        default = node.default.value
        if node.choices is not None:
            texts = [choice.value for choice in node.choices]
            if default not in texts:
                wrong(
                    node.default,
                    f'the default "{default[:40]}" is not among the texts to choose from',
                    nearest(default, texts),
                )
            if len(set(texts)) < len(texts):
                wrong(node.choices[0], "the same text is given twice")
    if len(problems) > before:
        return None
    if step is None and node.kind == "integer" and low is not None:
        step = 1.0
    choices = tuple(choice.value for choice in node.choices) if node.choices is not None else None
    return InputSpec(
        node.name, node.kind, default, low, high, step, choices, node.label, node.line, node.name_column
    )


def _text(value: float, node: tree.Input) -> str:
    return f"{value * 100:g}%" if node.kind == "percent" else f"{value:g}"


def _number(node: tree.Input, part: tree.Expr | None, problems: list[Problem]) -> float | None:
    """A bound or step of the range, which must be of the default's kind."""
    if part is None or not isinstance(part, tree.Number):
        return None
    if node.kind in ("integer", "number", "percent"):
        if part.is_percent != (node.kind == "percent"):
            hint = f"write {part.text}%" if node.kind == "percent" else "leave out the %"
            found = "a percentage" if part.is_percent else "a number"
            problems.append(
                Problem(
                    part.line,
                    part.column,
                    f"expected {_KIND_WORDS[node.kind]} as the default is, found {found}",
                    hint,
                )
            )
        elif node.kind == "integer" and part.value != math.floor(part.value):
            problems.append(
                Problem(
                    part.line,
                    part.column,
                    f"expected a whole number as the default is, found {part.text}",
                    f"write the default as {node.default.text}.0"  # type: ignore[attr-defined]
                    " to allow fractions",
                )
            )
    return part.value


def resolve(
    specs: list[InputSpec], settings: Mapping[str, Any] | None, problems: list[Problem]
) -> dict[str, Setting]:
    """The value of each input: the setting given for it, else its default. Notes every setting that is wrong."""
    values: dict[str, Setting] = {spec.name: spec.default for spec in specs}
    by_name = {spec.name: spec for spec in specs}
    for name, given in (settings or {}).items():
        spec = by_name.get(str(name))
        if spec is None:
            hint = nearest(str(name), by_name) or (
                f"its inputs are: {', '.join(by_name)}" if by_name else "it has none"
            )
            problems.append(Problem(1, 1, f"the formula has no input `{str(name)[:60]}`", hint))
            continue
        value, wrong = _accept(spec, given)
        if wrong:
            problems.append(Problem(spec.line, spec.column, f"setting `{spec.name}`: {wrong}"))
        else:
            assert value is not None
            values[spec.name] = value
    return values


def _accept(spec: InputSpec, given: Any) -> tuple[Setting | None, str]:
    """The setting in the input's own kind, or why it cannot be used."""
    expected = _KIND_WORDS[spec.kind]
    shown = f"expected {expected}, found {given!r}"[:120]
    if isinstance(given, str) and spec.kind != "text":
        given = _read_text(given.strip(), spec.kind)
        if given is None:
            return None, shown
    if spec.kind == "text":
        if not isinstance(given, str):
            return None, shown
        if spec.choices is not None and given not in spec.choices:
            return None, f"{given[:40]!r} is not one of {', '.join(spec.choices)}"
        return given, ""
    if spec.kind == "truth":
        return (given, "") if isinstance(given, bool) else (None, shown)
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        return None, shown
    if spec.kind == "integer" and given != math.floor(given):
        return None, shown
    if spec.low is not None and spec.high is not None and not spec.low <= given <= spec.high:
        percent = spec.kind == "percent"
        low, high, found = (f"{v * 100:g}%" if percent else f"{v:g}" for v in (spec.low, spec.high, given))
        return None, f"{found} lies outside {low}..{high}"
    return (int(given) if spec.kind == "integer" else float(given)), ""


def _read_text(text: str, kind: str) -> Setting | None:
    """A setting written as text ("9", "0.5", "3%", "true"), or None."""
    if kind == "truth":
        return {"true": True, "false": False}.get(text.lower())
    if "_" in text or not text.isascii():  # Python reads 1_000 and the digits of every script
        return None
    try:
        if text.endswith("%") and kind == "percent":
            return float(text[:-1]) / 100.0
        return float(text)
    except ValueError:
        return None
