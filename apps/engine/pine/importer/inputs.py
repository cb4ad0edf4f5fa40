"""Pine's input(), input.int() and their like as inputs of a formula."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apps.engine.lang import tree
from apps.engine.pine.importer import requests
from apps.engine.pine.importer.arguments import bind_arguments
from apps.engine.pine.importer.report import Cannot
from apps.engine.pine.importer.state import Input, Item
from apps.engine.pine.importer.values import DRAWING, Value, name, number, shortest
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said

if TYPE_CHECKING:
    from apps.engine.pine.importer.expressions import Expressions

_OLD_TYPES = {"integer": "int", "resolution": "timeframe"}
_PARAMETERS = {
    "": "defval title tooltip inline group",
    "old": "defval title type minval maxval confirm step options",
    "int": "defval title minval maxval step tooltip inline group confirm",
    "float": "defval title minval maxval step tooltip inline group confirm",
    "bool": "defval title tooltip inline group confirm",
    "string": "defval title options tooltip inline group confirm",
    "text_area": "defval title tooltip group confirm",
    "timeframe": "defval title options tooltip inline group confirm",
    "source": "defval title tooltip inline group confirm",
    "price": "defval title tooltip inline group confirm",
}


def is_percent(node: pine.Expr) -> bool:
    """input(3.0, "Stop in %") / 100: a percentage."""
    if not (isinstance(node, pine.Binary) and node.operator == "/" and isinstance(node.left, pine.Call)):
        return False
    hundred = isinstance(node.right, pine.Num) and float(node.right.text) == 100.0
    return hundred and node.left.path in ("input", "input.float", "input.int")


def read(expressions: Expressions, node: pine.Call, *, percent: bool = False) -> Value:
    """The input as a value; it is declared in the formula where it stands. `percent`: it is divided by 100."""
    version = expressions.state.script.version
    word = node.path.partition(".")[2]
    parameters = _PARAMETERS.get(word or ("old" if version < 5 else ""), "defval title")
    given = bind_arguments(node, parameters, lenient=True)
    kind = word or _declared(given.get("type"))
    if kind == "color":
        return DRAWING
    if kind in ("session", "symbol", "enum"):
        raise Cannot(
            said(
                "an input of the kind {kind} has no counterpart: write its value where it is used", kind=kind
            )
        )
    if "defval" not in given:
        raise Cannot(said("the input has no default"))
    default = expressions.value(given["defval"])
    title = ""
    if "title" in given:
        title = expressions.value(given["title"]).fixed_text or ""
    if default.kind == "drawing":
        return DRAWING
    record = expressions.state.record
    if default.kind == "moment":
        record.note(
            "imported",
            said("the date is fixed: a formula's inputs are numbers, percentages, true/false and texts"),
        )
        return default
    if kind == "source" or (default.kind == "number" and _literal(default.expr) is None):
        expressions.number_of(default)
        record.note(
            "imported",
            said("the source is fixed: a formula's inputs are numbers, percentages, true/false and texts"),
        )
        return default
    if kind == "timeframe":
        return _timeframe(expressions, default, given, title)
    if default.kind == "truth" and isinstance(default.expr, tree.Truth):
        truth = tree.Truth(0, 0, default.expr.value)
        return Value("truth", _declare(expressions, "truth", truth, title))
    if default.kind == "text" and default.fixed_text is not None:
        choices = _choices(expressions, given)
        text = tree.Text(0, 0, default.fixed_text)
        return Value("text", _declare(expressions, "text", text, title, choices=choices))
    literal = _literal(default.expr) if default.kind == "number" else None
    if literal is None:
        raise Cannot(said("the default of an input must be a number, true/false or a text"))
    whole = kind == "int" or (kind in ("", "integer") and default.integer)
    bounds: dict[str, tree.Number] = {}
    for ours, theirs in (("low", "minval"), ("high", "maxval"), ("step", "step")):
        if theirs not in given:
            continue
        bound = expressions.value(given[theirs])
        found = _literal(bound.expr) if bound.kind == "number" else None
        if found is None:
            if bound.kind == "tuple":  # options in the place of minval
                record.note("imported", said("the choices are left out: a number's range is LOW..HIGH"))
                continue
            record.note("imported", said("{theirs} is left out: it is no number", theirs=theirs))
            continue
        bounds[ours] = found
    if "options" in given:
        record.note("imported", said("the choices are left out: a number's range is LOW..HIGH"))
    if "low" not in bounds or "high" not in bounds:
        if bounds:
            record.note("imported", said("a range needs both minval and maxval: it is left out"))
        bounds = {}
    if not whole and literal.text.lstrip("-").isdigit():
        literal = number(literal.text + ".0")
    if percent:
        bounds = {part: _hundredth(bound) for part, bound in bounds.items()}
        return Value("number", _declare(expressions, "percent", _hundredth(literal), title, bounds))
    key = _declare(expressions, "integer" if whole else "number", literal, title, bounds)
    return Value("number", key, integer=whole)


def _declared(node: pine.Expr | None) -> str:
    """The kind that `type=` says, in versions before 5."""
    if not isinstance(node, pine.Name):
        return ""
    word = node.path.rpartition(".")[2]
    return _OLD_TYPES.get(word, word)


def _literal(expr: tree.Expr | None) -> tree.Number | None:
    """A number as it may stand in an input, with its sign."""
    if isinstance(expr, tree.Unary) and expr.operator == "-" and isinstance(expr.operand, tree.Number):
        return number("-" + expr.operand.text)
    return expr if isinstance(expr, tree.Number) else None


def _hundredth(literal: tree.Number) -> tree.Number:
    return tree.Number(0, 0, shortest(literal.value) + "%", literal.value / 100.0, True)


def _choices(expressions: Expressions, given: dict[str, pine.Expr]) -> list[tree.Text] | None:
    if "options" not in given:
        return None
    items = expressions.value(given["options"])
    texts = [item.fixed_text for item in items.items]
    if items.kind != "tuple" or None in texts:
        return None
    return [tree.Text(0, 0, text) for text in texts if text is not None]


def _timeframe(expressions: Expressions, default: Value, given: dict[str, pine.Expr], title: str) -> Value:
    text = default.fixed_text
    if text == "" or (default.kind == "symbol" and default.name == "timeframe.period"):
        expressions.state.record.note("imported", said("the chart's own timeframe: the input is left out"))
        return Value("symbol", name="timeframe.period")
    if text is None:
        raise Cannot(said('the default of a timeframe must be a text such as "D"'))
    frame = tree.Text(0, 0, requests.frame_name(text))
    choices = _choices(expressions, given)
    if choices is not None:
        choices = [tree.Text(0, 0, requests.frame_name(choice.value)) for choice in choices]
    return Value("text", _declare(expressions, "text", frame, title, choices=choices))


def _declare(
    expressions: Expressions,
    kind: str,
    default: tree.Expr,
    title: str,
    bounds: dict[str, tree.Number] | None = None,
    choices: list[tree.Text] | None = None,
) -> tree.Expr:
    state = expressions.state
    key = f"$in{len(state.inputs)}"
    base = state.wanted or re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:40] or "setting"
    if base[0].isdigit():
        base = "n" + base
    low, high, step = ((bounds or {}).get(part) for part in ("low", "high", "step"))
    statement = tree.Input(0, 0, base, 0, kind, default, low, high, step, choices, title or None)  # type: ignore[arg-type]
    state.inputs[key] = statement
    state.items.append(Item(Input(key, statement, base), state.record))
    state.record.note("imported")
    return name(key)
