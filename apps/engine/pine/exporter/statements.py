"""The statements of a formula as lines of Pine, in their order: what `//- Formula` heads in a script."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from apps.engine.lang import tree
from apps.engine.lang.functions import FUNCTIONS
from apps.engine.lang.names import uses_of
from apps.engine.pine.exporter.code import Code, Piece
from apps.engine.pine.exporter.literals import fraction, number, quoted
from apps.engine.pine.exporter.meaning import Meaning, Type
from apps.engine.pine.names import pine_name
from apps.engine.program.graph import NEVER

_INPUT_TYPES: dict[str, Type] = {
    "integer": "int",
    "number": "float",
    "percent": "float",
    "truth": "bool",
    "text": "string",
}
_PERCENT = " / 100.0"


@dataclass
class Written:
    """What the statements became. `conditions`: by kind, each condition with its guard; `texts`: of the alerts;
    `settings`: the names of the lines that hold protective orders, sizes and the like."""

    code: Code
    conditions: dict[str, list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    settings: set[str] = field(default_factory=set)
    plots: int = 0


def write_statements(formula: tree.Formula, meaning: Meaning) -> Written:
    """All statements of a formula without errors."""
    writer = _Writer(meaning)
    for statement in formula.statements:
        writer.statement(statement)
    writer.code.lines += [_comment(text) for text in formula.closing_comments]
    return writer.written


class _Writer:
    def __init__(self, meaning: Meaning) -> None:
        self.meaning = meaning
        self.code = Code(meaning)
        self.written = Written(self.code)
        self.done: set[str] = set()

    def statement(self, node: tree.Statement) -> None:
        if node.gap and self.code.lines:
            self.code.lines.append("")
        if isinstance(node, tree.Input | tree.Definition) and node.name in self.done:
            self.code.lines.append(f"//- {pine_name(node.name)} is computed above, where it is first needed")
            return
        recursive = isinstance(node, tree.Definition) and node.name in self.meaning.recursive
        for name in self.meaning.needed(*expressions_of(node), done=self.done, recursive=recursive):
            self.with_comments(self.meaning.inputs.get(name) or self.meaning.definitions[name])
        self.with_comments(node)

    def with_comments(self, node: tree.Statement) -> None:
        lines = self.code.lines
        lines += [_comment(text) for text in node.comments]
        self.lines_of(node)
        if node.comment is not None:
            lines[-1] += f"  {_comment(node.comment)}"

    def lines_of(self, node: tree.Statement) -> None:
        lines = self.code.lines
        match node:
            case tree.Input():
                self.done.add(node.name)
                self.code.types[node.name] = _INPUT_TYPES[node.kind]
                lines.append(f"{_INPUT_TYPES[node.kind]} {pine_name(node.name)} = {self.input(node)}")
            case tree.Definition():
                self.definition(node)
            case tree.Condition():
                self.condition(node.kind, node.condition)
            case tree.Alert():
                self.condition("alert", node.condition)
                self.text(node)
            case tree.ExitAfter():
                self.setting("int", "exit_after", self.code.whole(node.bars))
            case tree.Protect():
                self.setting("float", f"{node.kind}_{node.mode}", self.alone(node.value).text)
            case tree.Sizing():
                self.setting("float", f"size_{self.size_kind(node)}", self.alone(node.value).text)
            case tree.Plot():
                self.written.plots += 1
                lines.append(f"plot({self.code.expression(node.value).text}, {quoted(node.name)})")

    def alone(self, node: tree.Expr) -> Piece:
        return self.code.expression(node, top=True)

    def definition(self, node: tree.Definition) -> None:
        name = node.name
        piece = self.alone(node.value)
        self.done.add(name)
        if name in self.code.declared:
            self.code.lines.append(f"{pine_name(name)} := {piece.text}")
            return
        type_ = self.meaning.type_of(name)
        if piece.type == "int" and self.meaning.value_of(node.value) is not None:
            type_ = "int"
        self.code.types[name] = type_
        self.code.lines.append(f"{type_} {pine_name(name)} = {piece.text}")

    def setting(self, type_: Type, name: str, text: str) -> None:
        self.written.settings.add(name)
        self.code.lines.append(f"{type_} {name} = {text}")

    def size_kind(self, node: tree.Sizing) -> str:
        if node.mode != "amount":
            return node.mode
        return "percent" if self.meaning.found.plan.size.kind == "percent" else "cash"

    # inputs

    def input(self, node: tree.Input) -> str:
        value = self.meaning.found.values[node.name]
        tail = "" if node.label is None else f", {quoted(node.label)}"
        if isinstance(value, str):
            if node.choices is not None:
                options = ", ".join(quoted(choice.value) for choice in node.choices)
                tail += f", options = [{options}]"
            return f"input.string({quoted(value)}{tail})"
        if node.kind == "truth":
            return f"input.bool({'true' if value else 'false'}{tail})"
        write = _whole if node.kind == "integer" else fraction
        scale = 100.0 if node.kind == "percent" else 1.0
        for key, part in (("minval", node.low), ("maxval", node.high), ("step", node.step)):
            if part is not None:
                tail += f", {key} = {write(_shown(part))}"
        default = node.default
        assert isinstance(default, tree.Number)
        shown = _shown(default) if value == default.value else round(float(value) * scale, 12)
        if node.kind == "integer":
            return f"input.int({write(shown)}{tail})"
        if node.kind == "percent":
            return f'input.float({write(shown)}{tail}, tooltip = "In percent"){_PERCENT}'
        return f"input.float({write(shown)}{tail})"

    # conditions and texts

    def condition(self, kind: str, node: tree.Expr) -> None:
        known = self.written.conditions.setdefault(kind, [])
        name = f"{kind}_{len(known) + 1}"
        self.code.lines.append(f"bool {name} = {self.alone(node).text}")
        known.append(" and ".join([*self.guards(node), name]))

    def guards(self, node: tree.Expr) -> list[str]:
        """What keeps a condition silent until its look-back has passed. A comparison with na is false, so only
        conditions that turn or join comparisons can speak before."""
        value = self.meaning.found.chart.values[self.meaning.ref_of(node)]
        if value.first >= NEVER:
            return ["false"]  # it waits for a series that never has a value; the checker warns of it
        if not self.can_speak_early(node):
            return []
        result = [f"bar_index >= {value.first}"] if value.first else []
        for source, bars in sorted(value.late.items()):
            held = self.code.frames.get(source)
            if held is not None:
                result.append(f"not na({held}[{bars}])" if bars else f"not na({held})")
        return result

    def can_speak_early(self, node: tree.Expr) -> bool:
        return _speaks_early(node, self.meaning) or any(use.name in self.early for use in uses_of(node).all())

    @cached_property
    def early(self) -> set[str]:
        """The definitions that can speak before their look-back has passed, of themselves or by what they read."""
        definitions = self.meaning.definitions
        return self.meaning.readers_of(
            [name for name, node in definitions.items() if _speaks_early(node.value, self.meaning)]
        )

    def text(self, node: tree.Alert) -> None:
        """The alert's text as a sum of its fixed parts and of the values its braces name."""
        parts = []
        rest = node.text
        while "{" in rest:
            fixed, _, tail = rest.partition("{")
            if fixed:
                parts.append(quoted(fixed))
            name, _, rest = tail.partition("}")
            parts.append(self.text_part(name.strip(), node))
        if rest or not parts:
            parts.append(quoted(rest))
        self.written.texts.append(f"text_{len(self.written.texts) + 1}")
        self.code.lines.append(f"string {self.written.texts[-1]} = {' + '.join(parts)}")

    def text_part(self, name: str, node: tree.Alert) -> str:
        if name in ("symbol", "time") and not self.meaning.is_own(name):
            return "syminfo.ticker" if name == "symbol" else "f_time()"
        piece = self.code.expression(tree.Name(node.line, node.text_column, name))
        if piece.type == "string":
            return piece.text
        return f"{'f_truth' if piece.type == 'bool' else 'f_text'}({piece.text})"


def children(node: tree.Expr) -> list[tree.Expr]:
    """The expressions directly inside `node`."""
    match node:
        case tree.Call():
            return list(node.arguments)
        case tree.Field():
            return [node.base]
        case tree.History():
            return [node.base, node.ago]
        case tree.Unary():
            return [node.operand]
        case tree.Binary():
            return [node.left, node.right]
        case tree.Ternary():
            return [node.condition, node.then, node.otherwise]
    return []


def expressions_of(node: tree.Statement) -> list[tree.Expr]:
    """The expressions of a statement, the names in an alert's text included."""
    match node:
        case tree.Definition() | tree.Protect() | tree.Sizing() | tree.Plot():
            return [node.value]
        case tree.Condition():
            return [node.condition]
        case tree.ExitAfter():
            return [node.bars]
        case tree.Alert():
            names = [part.partition("}")[0].strip() for part in node.text.split("{")[1:]]
            return [node.condition, *(tree.Name(node.line, node.text_column, name) for name in names)]
    return []


def _speaks_early(node: tree.Expr, meaning: Meaning) -> bool:
    """Whether `node`, names aside, can hold while a part of it is na."""
    work = [node]
    while work:
        part = work.pop()
        match part:
            case (
                tree.Unary(operator="not")
                | tree.Binary(operator="or")
                | tree.Ternary()
                | tree.Call(name="na")
            ):
                return True
            case tree.Binary(operator="==" | "!=") if meaning.is_truth(part.left):
                return True
        work += children(part)
    return False


def _comment(text: str) -> str:
    """A comment that Pine takes neither for an annotation such as //@version nor for the end of a line."""
    text = "".join(c if c.isprintable() else " " for c in text)
    if text.startswith("@"):
        text = f"# {text}"
    return f"// {text}" if text else "//"


def _shown(node: tree.Expr) -> float:
    """A bound of an input as it was written: 3% is 3."""
    assert isinstance(node, tree.Number)
    return float(node.text.rstrip("%"))


def _whole(value: float) -> str:
    return f"-{number(-value)}" if value < 0 else number(math.floor(value))


def is_price(node: tree.Expr, meaning: Meaning) -> bool:
    """Whether a plotted expression lies where prices do, so that it belongs on the chart itself."""
    seen: set[str] = set()
    work = [node]
    while work:
        part = work.pop()
        if isinstance(part, tree.Name) and part.name in meaning.definitions and part.name not in seen:
            seen.add(part.name)
            work.append(meaning.definitions[part.name].value)
        elif isinstance(part, tree.Name) and part.name in _PRICES:
            return True
        elif isinstance(part, tree.Call | tree.Name) and part.name in FUNCTIONS:
            if part.name in _KEEPS_PRICE and isinstance(part, tree.Call):
                work.append(part.arguments[0])
            elif part.name in _IS_PRICE:
                return True
        elif isinstance(part, tree.Call):  # tf
            work.append(part.arguments[1])
        elif isinstance(part, tree.Field | tree.History):
            work.append(part.base)
        elif isinstance(part, tree.Ternary):
            work += [part.then, part.otherwise]
        elif isinstance(part, tree.Binary) and part.operator in "+-":
            work.append(part.left)
        elif isinstance(part, tree.Binary) and part.operator == "*":
            work += [part.left, part.right]
    return False


_PRICES = frozenset(["open", "high", "low", "close", "hl2", "hlc3", "ohlc4", "vwap"])
_IS_PRICE = frozenset(["supertrend", "sar", "ichimoku", "donchian"])
_KEEPS_PRICE = frozenset(
    """sma ema rma wma hma vwma dema tema kama alma linreg bb kc highest lowest median nz fixnan max min avg round
    valuewhen pivothigh pivotlow""".split()  # noqa: SIM905
)
