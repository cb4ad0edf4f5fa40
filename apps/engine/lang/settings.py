"""Inputs of a formula and the settings given for them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from apps.engine.lang import tree
from apps.engine.lang.errors import nearest
from apps.engine.said import said

_KIND_WORDS = {
    "integer": said("a whole number"),
    "number": said("a number"),
    "percent": said("a percentage"),
    "truth": said("true or false"),
    "text": said("a text"),
}
Setting = float | int | bool | str
_MOST = 1e300  # as of a number in a formula's text
_MOST_CHARACTERS = 200
_MOST_UNKNOWN = 20
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class Note(Protocol):
    """Notes an error at a node: what is wrong, and what would help."""

    def __call__(self, at: tree.Expr | tree.Statement, message: str, hint: str = "", /) -> object: ...


class Refusal(NamedTuple):
    """A setting that cannot be used: the input it was given for, or an empty name where there is no such input."""

    name: str
    message: str
    hint: str = ""


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


def read_input(node: tree.Input, note: Note) -> InputSpec | None:
    """The declaration as a spec, or None after noting what is wrong with it."""
    noted = False

    def wrong(at: tree.Expr | tree.Statement, message: str, hint: str = "") -> None:
        nonlocal noted
        noted = True
        note(at, message, hint)

    low, high, step = (_number(node, part, wrong) for part in (node.low, node.high, node.step))
    if node.low is not None and node.kind in ("truth", "text"):
        wrong(node.low, said("an input that is {type} has no range from..to", type=_KIND_WORDS[node.kind]))
        return None
    if node.choices is not None and node.kind != "text":
        wrong(
            node.choices[0],
            said("texts to choose from, but the default is {type}", type=_KIND_WORDS[node.kind]),
        )
        return None
    default: Setting
    if isinstance(node.default, tree.Number):
        default = int(node.default.value) if node.kind == "integer" else node.default.value
        if low is not None and high is not None:
            assert node.low is not None
            if low > high:
                wrong(
                    node.low,
                    said(
                        "the range of `{name}` is empty: {low} is above {high}",
                        name=node.name,
                        low=_text(low, node),
                        high=_text(high, node),
                    ),
                )
            elif not low <= default <= high and not noted:
                wrong(
                    node.default,
                    said(
                        "the default {text} lies outside {low}..{high}",
                        text=node.default.text,
                        low=_text(low, node),
                        high=_text(high, node),
                    ),
                )
        if step is not None and step <= 0 and node.step is not None:
            wrong(node.step, said("a step must be above 0"))
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
                    said(
                        'the default "{default}" is not among the texts to choose from', default=default[:40]
                    ),
                    nearest(default, texts),
                )
            if len(set(texts)) < len(texts):
                wrong(node.choices[0], said("the same text is given twice"))
    if noted:
        return None
    if step is None and node.kind == "integer" and low is not None:
        step = 1.0
    choices = tuple(choice.value for choice in node.choices) if node.choices is not None else None
    return InputSpec(
        node.name, node.kind, default, low, high, step, choices, node.label, node.line, node.name_column
    )


def _text(value: float, node: tree.Input) -> str:
    return f"{value * 100:g}%" if node.kind == "percent" else f"{value:g}"


def _number(node: tree.Input, part: tree.Expr | None, wrong: Note) -> float | None:
    """A bound or step of the range, which must be of the default's kind."""
    if part is None or not isinstance(part, tree.Number):
        return None
    if node.kind in ("integer", "number", "percent"):
        if part.is_percent != (node.kind == "percent"):
            hint = (
                said("write {code}", code=f"{part.text}%")
                if node.kind == "percent"
                else said("leave out the %")
            )
            found = said("a percentage") if part.is_percent else said("a number")
            wrong(
                part,
                said(
                    "expected {type} as the default is, found {found}",
                    type=_KIND_WORDS[node.kind],
                    found=found,
                ),
                hint,
            )
        elif node.kind == "integer" and part.value != math.floor(part.value):
            assert isinstance(node.default, tree.Number)
            wrong(
                part,
                said("expected a whole number as the default is, found {text}", text=part.text),
                said("write the default as {text}.0 to allow fractions", text=node.default.text),
            )
    return part.value


def resolve(
    specs: list[InputSpec], settings: Mapping[str, Any] | None
) -> tuple[dict[str, Setting], list[Refusal]]:
    """The value of each input, the setting given for it or else its default; and what is wrong with the settings.

    Settings come from anywhere: of those no input takes, only the first 20 are named.
    """
    values: dict[str, Setting] = {spec.name: spec.default for spec in specs}
    by_name = {spec.name: spec for spec in specs}
    refusals: list[Refusal] = []
    unknown = 0
    for name, given in (settings or {}).items():
        spec = by_name.get(name)
        if spec is None:
            unknown += 1
            if unknown <= _MOST_UNKNOWN:
                word = str(name)[:60]
                refusals.append(
                    Refusal(
                        "",
                        said("the formula has no input `{word}`", word=word),
                        nearest(word, by_name) or _inputs(by_name),
                    )
                )
            continue
        value, wrong = _accept(spec, given)
        if value is None:
            refusals.append(
                Refusal(spec.name, said("setting `{name}`: {wrong}", name=spec.name, wrong=wrong))
            )
        else:
            values[spec.name] = value
    if unknown > _MOST_UNKNOWN:
        refusals.append(
            Refusal(
                "", said("and {count} more settings that are no input", count=f"{unknown - _MOST_UNKNOWN:,}")
            )
        )
    return values, refusals


def _inputs(names: Collection[str]) -> str:
    """The formula's inputs, as a hint."""
    if not names:
        return said("it has none")
    shown = ", ".join(list(names)[:10])
    return said("its inputs are: {shown}", shown=shown + (", ..." if len(names) > 10 else ""))


def _accept(spec: InputSpec, given: Any) -> tuple[Setting | None, str]:
    """The setting in the input's own kind, or why it cannot be used."""
    expected = said("expected {type}, found {shown}", type=_KIND_WORDS[spec.kind], shown=_shown(given))
    if spec.kind == "text":
        if not isinstance(given, str):
            return None, expected
        if spec.choices is not None:
            shown = ", ".join(spec.choices)[:200]
            return (
                (given, "")
                if given in spec.choices
                else (None, said("{given} is not one of {shown}", given=f"{given[:40]!r}", shown=shown))
            )
        if len(given) > _MOST_CHARACTERS and given != spec.default:
            return None, said(
                "expected a text of at most {most_characters} characters, found {count}",
                most_characters=_MOST_CHARACTERS,
                count=f"{len(given):,}",
            )
        if _CONTROL.search(given):
            return None, said("expected a text, found control characters in it")
        return given, ""
    if isinstance(given, str):
        given = _read_text(given.strip(), spec.kind) if len(given) <= _MOST_CHARACTERS else None
    if spec.kind == "truth":
        return (given, "") if isinstance(given, bool) else (None, expected)
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) <= _MOST:
        return None, expected
    if spec.kind == "integer" and given != math.floor(given):
        return None, expected
    if spec.low is not None and spec.high is not None and not spec.low <= given <= spec.high:
        percent = spec.kind == "percent"
        low, high, found = (f"{v * 100:g}%" if percent else f"{v:g}" for v in (spec.low, spec.high, given))
        return None, said("{found} lies outside {low}..{high}", found=found, low=low, high=high)
    return (int(given) if spec.kind == "integer" else float(given)), ""


def _shown(given: Any) -> str:
    """A setting as messages show it, whatever it is."""
    if isinstance(given, str):
        return repr(given[:80])
    if given is None or isinstance(given, bool | float):
        return repr(given)
    if isinstance(given, int):
        return repr(given) if abs(given) <= _MOST else said("a number that is too large")
    if isinstance(given, Mapping):
        return said("an object")
    return said("a list") if isinstance(given, list | tuple) else said("something else")


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
