"""The JSON tree read back, strictly: what is accepted here is a formula that can be written down as text.

Whatever the schema (schema/tree.schema.json) forbids is refused here too, with the place and what was expected, and so
is what only the whole shows: texts too long, brackets too deep.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from apps.engine.lang import tree
from apps.engine.lang.canonical import TREE_VERSION
from apps.engine.lang.errors import nearest
from apps.engine.lang.lexer import MAX_BYTES, MAX_TOKENS
from apps.engine.lang.parser import MAX_BRACKETS, MAX_TREE_DEPTH, RESERVED, parse
from apps.engine.lang.writer import write, write_statement

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
NUMBER = r"([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
INPUT_KINDS = ("integer", "number", "percent", "truth", "text")
_CONDITIONS = ("long", "short", "exit_long", "exit_short", "exit")
_PROTECTIONS = ("stop_loss", "take_profit", "trailing_stop")
_STATEMENT_TYPES = (
    *("input", "definition", *_CONDITIONS, "exit_after", *_PROTECTIONS, "size", "alert", "plot"),
)
_EXPRESSION_TYPES = (
    *("number", "percent", "truth", "text", "name", "call"),
    *("field", "history", "unary", "chain", "choice"),
)
_MOST_NODES = (
    2 * MAX_TOKENS
)  # a generous bound, so that reading stops early; the text's own limits are checked last


class TreeError(ValueError):
    """The JSON is not the tree of a formula. `node`: a JSON pointer to the place ("" for the whole)."""

    def __init__(self, message: str, node: str = "") -> None:
        super().__init__(f"{node}: {message}" if node else message)
        self.message = message
        self.node = node

    def as_dict(self) -> dict[str, str]:
        return {"node": self.node, "message": self.message}


@dataclass(frozen=True)
class ReadTree:
    """A formula, and its statements and expressions by their pointers into what was read.

    Those may differ from the pointers into the formula's own `formula_json`, which has a chain as the first term of
    another, and the like, in one piece; `paths.node_paths` gives the latter.
    """

    formula: tree.Formula
    nodes: dict[str, tree.Statement | tree.Expr]


def read_formula_json(content: Any) -> tree.Formula:
    """The tree that `formula_json` wrote. Raises TreeError where `content` is anything else.

    The result's lines and columns are of no use: the text written from it has the places to report.
    """
    return read_tree(content).formula


def read_tree(content: Any) -> ReadTree:
    """As `read_formula_json`, with where each node was read."""
    reader = _Reader()
    top = reader.record(content, "", ("version", "statements"), ("closing_comments",))
    version = top["version"]
    if isinstance(version, bool) or version != TREE_VERSION:
        raise TreeError(f"expected the number {TREE_VERSION}, found {_shown(version)}", "/version")
    items = reader.items(top["statements"], "/statements")
    statements = [reader.statement(item, f"/statements/{i}") for i, item in enumerate(items)]
    if statements:
        statements[0].gap = False  # nothing stands before it
    formula = tree.Formula(statements, reader.comments(top, "", "closing_comments"))
    _check_text(formula)
    return ReadTree(formula, reader.nodes)


def _check_text(formula: tree.Formula) -> None:
    """The limits of the whole: length, words and signs, depth of brackets."""
    problems = parse(write(formula)).problems
    if not problems:
        return
    for i, statement in enumerate(formula.statements):
        own = parse(write_statement(statement)).problems
        if own:
            raise TreeError(own[0].message, f"/statements/{i}")
    raise TreeError(problems[0].message)


def _shown(value: Any) -> str:
    """`value` for a message."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "...")
    return json.dumps(value)[:40]


class _Reader:
    """Reads values, each with the pointer to its place; counts what it reads, so that no input is read without end."""

    def __init__(self) -> None:
        self.nodes: dict[str, tree.Statement | tree.Expr] = {}
        self.read = 0

    # plain values

    def record(
        self, value: Any, node: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TreeError(f"expected an object, found {_shown(value)}", node)
        for key in value:
            if key not in required and key not in optional:
                hint = nearest(key, (*required, *optional)) if isinstance(key, str) else ""
                raise TreeError(f"unknown key {_shown(key)}" + (f" ({hint})" if hint else ""), node)
        for key in required:
            if key not in value:
                raise TreeError(f"`{key}` is missing", node)
        return value

    def items(self, value: Any, node: str, least: int = 0) -> list[Any]:
        if not isinstance(value, list):
            raise TreeError(f"expected a list, found {_shown(value)}", node)
        if len(value) < least:
            raise TreeError("expected a list that is not empty", node)
        return value

    def one_of(self, value: Any, node: str, allowed: tuple[str, ...]) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise TreeError(f"expected one of {', '.join(allowed)}, found {_shown(value)}", node)
        return value

    def boolean(self, value: Any, node: str) -> bool:
        if not isinstance(value, bool):
            raise TreeError(f"expected true or false, found {_shown(value)}", node)
        return value

    def text(self, value: Any, node: str) -> str:
        if not isinstance(value, str):
            raise TreeError(f"expected a text, found {_shown(value)}", node)
        if len(value) > MAX_BYTES:
            raise TreeError("the text is longer than 16 KiB", node)
        if "\n" in value or "\r" in value:
            raise TreeError("a text of one line expected, found a line end in it", node)
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise TreeError("half a character pair (a surrogate) is no text", node)
        return value

    def name(self, value: Any, node: str, allowed: tuple[str, ...] = ()) -> str:
        """A name; of the language's own words only those `allowed`."""
        text = self.text(value, node)
        if not re.fullmatch(NAME, text):
            raise TreeError(f"expected a name (letters a-z, A-Z, digits and _), found {_shown(text)}", node)
        if text in RESERVED and text not in allowed:
            raise TreeError(f"`{text}` is a word of the language and cannot be a name", node)
        return text

    def comments(self, item: dict[str, Any], node: str, key: str) -> list[str]:
        texts = self.items(item.get(key, []), f"{node}/{key}")
        return [self.text(text, f"{node}/{key}/{i}").strip() for i, text in enumerate(texts)]

    # statements

    def statement(self, content: Any, node: str) -> tree.Statement:
        self.count(node)
        kind = self.type_of(content, node, _STATEMENT_TYPES)
        required, optional = _STATEMENT_KEYS.get(kind) or _STATEMENT_KEYS[""]
        item = self.record(content, node, ("type", *required), (*optional, "comments", "comment", "gap"))
        statement = self.nodes[node] = self.bare_statement(kind, item, node)
        statement.comments = self.comments(item, node, "comments")
        if "comment" in item:
            statement.comment = self.text(item["comment"], f"{node}/comment").strip()
        if "gap" in item:
            statement.gap = self.boolean(item["gap"], f"{node}/gap")
        return statement

    def bare_statement(self, kind: str, item: dict[str, Any], node: str) -> tree.Statement:
        def part(key: str) -> tree.Expr:
            return self.expression(item[key], f"{node}/{key}", 0)

        if kind == "input":
            return self.input(item, node)
        if kind == "definition":
            return tree.Definition(0, 0, self.name(item["name"], f"{node}/name"), part("value"))
        if kind in _CONDITIONS:
            return tree.Condition(0, 0, kind, part("when"))  # type: ignore[arg-type]
        if kind == "exit_after":
            return tree.ExitAfter(0, 0, part("bars"))
        if kind in _PROTECTIONS:
            modes = ("percent", "by") if kind == "trailing_stop" else ("percent", "by", "at")
            mode = self.one_of(item["mode"], f"{node}/mode", modes)
            return tree.Protect(0, 0, kind, mode, part("value"))  # type: ignore[arg-type]
        if kind == "size":
            mode = self.one_of(item["mode"], f"{node}/mode", ("amount", "units", "risk"))
            return tree.Sizing(0, 0, mode, part("value"))  # type: ignore[arg-type]
        if kind == "alert":
            return tree.Alert(0, 0, self.text(item["text"], f"{node}/text"), 0, part("when"))
        return tree.Plot(0, 0, part("value"), self.text(item["name"], f"{node}/name"), 0)

    def input(self, item: dict[str, Any], node: str) -> tree.Input:
        name = self.name(item["name"], f"{node}/name")
        kind = self.one_of(item["kind"], f"{node}/kind", INPUT_KINDS)
        default = self.literal(item["default"], f"{node}/default", ("number", "percent", "truth", "text"))
        meant = tree.literal_kind(default)
        if kind != meant:
            raise TreeError(f"expected {meant}, the kind of its default, found {kind}", f"{node}/kind")
        statement = tree.Input(0, 0, name, 0, kind, default)  # type: ignore[arg-type]
        if ("low" in item) != ("high" in item):
            raise TreeError("`low` and `high` stand together", node)
        if "step" in item and "low" not in item:
            raise TreeError("a step needs a range: `low` and `high`", node)
        if "choices" in item and "low" in item:
            raise TreeError("either a range or choices, not both", node)
        for key in ("low", "high", "step"):
            if key in item:
                setattr(statement, key, self.literal(item[key], f"{node}/{key}", ("number", "percent")))
        if "choices" in item:
            texts = self.items(item["choices"], f"{node}/choices", least=1)
            statement.choices = [
                tree.Text(0, 0, self.text(text, f"{node}/choices/{i}")) for i, text in enumerate(texts)
            ]
        if "label" in item:
            statement.label = self.text(item["label"], f"{node}/label")
        return statement

    def literal(self, content: Any, node: str, types: tuple[str, ...]) -> tree.Expr:
        """A plain value, as inputs have: numbers may bear a sign, and nothing stands in brackets."""
        self.count(node)
        kind = self.type_of(content, node, types)
        item = self.record(content, node, ("type", "text" if kind in ("number", "percent") else "value"))
        if kind in ("number", "percent"):
            return self.number(item, node, signed=True)
        return self.atom(kind, item, node)

    # expressions

    def count(self, node: str) -> None:
        self.read += 1
        if self.read > _MOST_NODES:
            raise TreeError(f"the formula has more than {MAX_TOKENS:,} tokens", node)

    def type_of(self, content: Any, node: str, known: tuple[str, ...]) -> str:
        if not isinstance(content, dict):
            raise TreeError(f"expected an object, found {_shown(content)}", node)
        if "type" not in content:
            raise TreeError("`type` is missing", node)
        kind = content["type"]
        if not isinstance(kind, str) or kind not in known:
            raise TreeError(f"expected one of {', '.join(known)}, found {_shown(kind)}", f"{node}/type")
        return kind

    def expression(self, content: Any, node: str, depth: int) -> tree.Expr:
        self.count(node)
        if depth > MAX_TREE_DEPTH:
            raise TreeError("the expression is nested too deeply", node)
        kind = self.type_of(content, node, _EXPRESSION_TYPES)
        item = self.record(content, node, ("type", *_EXPRESSION_KEYS[kind]), ("brackets",))
        result = self.nodes[node] = self.bare_expression(kind, item, node, depth + 1)
        brackets = item.get("brackets", 0)
        if isinstance(brackets, bool) or not isinstance(brackets, int) or not 0 <= brackets <= MAX_BRACKETS:
            raise TreeError(
                f"expected a whole number from 0 to {MAX_BRACKETS}, found {_shown(brackets)}",
                f"{node}/brackets",
            )
        result.brackets = brackets
        return result

    def bare_expression(self, kind: str, item: dict[str, Any], node: str, depth: int) -> tree.Expr:
        match kind:
            case "number" | "percent":
                return self.number(item, node)
            case "call":
                name = self.name(item["name"], f"{node}/name", allowed=("na",))
                arguments = self.items(item["arguments"], f"{node}/arguments")
                values = [
                    self.expression(argument, f"{node}/arguments/{i}", depth)
                    for i, argument in enumerate(arguments)
                ]
                return tree.Call(0, 0, name, values)
            case "field":
                base = self.expression(item["of"], f"{node}/of", depth)
                return tree.Field(0, 0, base, self.name(item["name"], f"{node}/name"))
            case "history":
                base = self.expression(item["of"], f"{node}/of", depth)
                return tree.History(0, 0, base, self.expression(item["ago"], f"{node}/ago", depth))
            case "unary":
                return self.unary(item, node, depth)
            case "chain":
                return self.chain(item, node, depth)
            case "choice":
                return self.choice(item, node, depth)
        return self.atom(kind, item, node)

    def atom(self, kind: str, item: dict[str, Any], node: str) -> tree.Expr:
        if kind == "truth":
            return tree.Truth(0, 0, self.boolean(item["value"], f"{node}/value"))
        if kind == "text":
            return tree.Text(0, 0, self.text(item["value"], f"{node}/value"))
        return tree.Name(0, 0, self.name(item["name"], f"{node}/name", allowed=("na",)))

    def number(self, item: dict[str, Any], node: str, signed: bool = False) -> tree.Number:
        is_percent = item["type"] == "percent"
        text = self.text(item["text"], f"{node}/text")
        if not re.fullmatch(("-?" if signed else "") + NUMBER + ("%" if is_percent else ""), text):
            example = "3%" if is_percent else "14 or 0.5"
            raise TreeError(f"expected digits such as {example}, found {_shown(text)}", f"{node}/text")
        value = float(text.rstrip("%"))
        if abs(value) > 1e300:
            raise TreeError(f"the number {text[:40]} is too large", f"{node}/text")
        return tree.Number(0, 0, text, value / 100.0 if is_percent else value, is_percent)

    def unary(self, item: dict[str, Any], node: str, depth: int) -> tree.Expr:
        operand = self.expression(item["of"], f"{node}/of", depth)
        operators = self.items(item["operators"], f"{node}/operators", least=1)
        for i in reversed(range(len(operators))):
            self.count(node)
            sign = self.one_of(operators[i], f"{node}/operators/{i}", tree.UNARY_OPERATORS)
            operand = tree.Unary(0, 0, sign, operand)
        return operand

    def chain(self, item: dict[str, Any], node: str, depth: int) -> tree.Expr:
        left = self.expression(item["first"], f"{node}/first", depth)
        for i, pair in enumerate(self.items(item["rest"], f"{node}/rest", least=1)):
            place = f"{node}/rest/{i}"
            operator, right = self.pair(pair, place, "an operator and an expression")
            operator = self.one_of(operator, f"{place}/0", tuple(tree.LEVELS))
            left = tree.Binary(0, 0, operator, left, self.expression(right, f"{place}/1", depth))
        return left

    def choice(self, item: dict[str, Any], node: str, depth: int) -> tree.Expr:
        cases: list[tuple[tree.Expr, tree.Expr]] = []
        for i, pair in enumerate(self.items(item["cases"], f"{node}/cases", least=1)):
            place = f"{node}/cases/{i}"
            condition, then = self.pair(pair, place, "a condition and an expression")
            cases.append(
                (self.expression(condition, f"{place}/0", depth), self.expression(then, f"{place}/1", depth))
            )
        last = self.expression(item["otherwise"], f"{node}/otherwise", depth)
        for test, value in reversed(cases):
            last = tree.Ternary(0, 0, test, value, last)
        return last

    def pair(self, value: Any, node: str, what: str) -> list[Any]:
        if not isinstance(value, list) or len(value) != 2:
            raise TreeError(f"expected a list of two: {what}", node)
        return value


_STATEMENT_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "input": (("name", "kind", "default"), ("low", "high", "step", "choices", "label")),
    "definition": (("name", "value"), ()),
    "exit_after": (("bars",), ()),
    **dict.fromkeys((*_PROTECTIONS, "size"), (("mode", "value"), ())),
    "alert": (("text", "when"), ()),
    "plot": (("name", "value"), ()),
    "": (("when",), ()),  # the conditions
}
_EXPRESSION_KEYS: dict[str, tuple[str, ...]] = {
    "number": ("text",),
    "percent": ("text",),
    "truth": ("value",),
    "text": ("value",),
    "name": ("name",),
    "call": ("name", "arguments"),
    "field": ("of", "name"),
    "history": ("of", "ago"),
    "unary": ("operators", "of"),
    "chain": ("first", "rest"),
    "choice": ("cases", "otherwise"),
}
