"""Values of Pine expressions while a script is imported, and short ways to build the formula's own tree.

Names inside these trees are of three kinds: the formula's own functions (`close`); `$...`, definitions and inputs whose
final names are chosen at the end; `@...`, facts about the position or the instrument that no formula can read, and that
must have vanished before the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from apps.engine.lang import tree
from apps.engine.said import said

POSITION, ENTRY_PRICE, OPEN_TRADES, TICK = "@position", "@entry_price", "@open_trades", "@tick"
FACTS = {
    POSITION: said("strategy.position_size: a formula does not know its position"),
    ENTRY_PRICE: said(
        "strategy.position_avg_price: a formula does not know its entry price outside of stops and targets"
    ),
    OPEN_TRADES: said("strategy.opentrades: a formula does not know its position"),
    TICK: said("syminfo.mintick: a formula does not know the instrument's tick size"),
}


class Folded(tree.Truth):
    """A truth that is known at import, such as barstate.isconfirmed: `and`, `or`, `not` and choices fold it away."""


@dataclass(frozen=True)
class Value:
    """One value. `number` and `truth` have an `expr`; a `text` has `parts`, fixed ones and expressions, or is a text
    input (`expr`) or a `choice` by a condition; a `tuple` has `items`; `constant` and `symbol` have a `name`; `na` is
    Pine's na literal, `drawing` anything that only draws; `poison` was not imported, `name` says why; a `moment` is
    `time` or a timestamp. `integer`: of
    Pine's type int."""

    kind: Literal[
        "number", "truth", "text", "tuple", "constant", "symbol", "na", "drawing", "poison", "void", "moment"
    ]
    expr: tree.Expr | None = None
    parts: tuple[str | tree.Expr, ...] = ()
    items: tuple[Value, ...] = ()
    name: str = ""
    integer: bool = False
    choice: tuple[tree.Expr, Value, Value] | None = None

    @property
    def fixed_text(self) -> str | None:
        """The text, where it is one that never changes."""
        fixed = [part for part in self.parts if isinstance(part, str)]
        if (
            self.kind != "text"
            or self.expr is not None
            or self.choice is not None
            or len(fixed) < len(self.parts)
        ):
            return None
        return "".join(fixed)


DRAWING = Value("drawing")
VOID = Value("void")
NA = Value("na", tree.Name(0, 0, "na"))


def number(value: float | str) -> tree.Number:
    text = value if isinstance(value, str) else shortest(value)
    return tree.Number(0, 0, text, float(text))


def shortest(value: float) -> str:
    """The shortest text of a number that the language reads; whole ones without a point."""
    text = repr(float(value))
    return text[:-2] if text.endswith(".0") else text


def percent(text: str) -> tree.Number:
    return tree.Number(0, 0, text + "%", float(text) / 100.0, True)


def name(word: str) -> tree.Name:
    return tree.Name(0, 0, word)


def call(function: str, *arguments: tree.Expr) -> tree.Call:
    return tree.Call(0, 0, function, list(arguments))


def field_of(base: tree.Expr, output: str) -> tree.Field:
    return tree.Field(0, 0, base, output)


def past(base: tree.Expr, ago: tree.Expr | int) -> tree.History:
    return tree.History(0, 0, base, number(ago) if isinstance(ago, int) else ago)


def binary(operator: str, left: tree.Expr, right: tree.Expr) -> tree.Binary:
    return tree.Binary(0, 0, operator, left, right)


def negative(operand: tree.Expr) -> tree.Expr:
    return tree.Unary(0, 0, "-", operand)


def truth_of(value: bool) -> Folded:
    return Folded(0, 0, value)


def inverse(operand: tree.Expr) -> tree.Expr:
    """not operand."""
    if isinstance(operand, Folded):
        return truth_of(not operand.value)
    if isinstance(operand, tree.Binary | tree.Ternary) and not operand.brackets:
        operand = replace(operand, brackets=1)
    return tree.Unary(0, 0, "not", operand)


def both(left: tree.Expr, right: tree.Expr) -> tree.Expr:
    """left and right."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Folded):
            return other if one.value else one
    return binary("and", left, right)


def either(left: tree.Expr, right: tree.Expr) -> tree.Expr:
    """left or right."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Folded):
            return one if one.value else other
    return binary("or", left, right)


def choose(condition: tree.Expr, then: tree.Expr, otherwise: tree.Expr) -> tree.Expr:
    """condition ? then : otherwise."""
    if isinstance(condition, Folded):
        return then if condition.value else otherwise
    if isinstance(condition, tree.Ternary) and not condition.brackets:
        condition = replace(condition, brackets=1)
    return tree.Ternary(0, 0, condition, then, otherwise)


def children(node: tree.Expr) -> list[tree.Expr]:
    match node:
        case tree.Call():
            return node.arguments
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


def walk(node: tree.Expr) -> Iterator[tree.Expr]:
    """Every node of the expression, without recursion."""
    work = [node]
    while work:
        one = work.pop()
        yield one
        work += children(one)


def measure(node: tree.Expr) -> tuple[int, int]:
    """How many nodes an expression has, and how deeply they nest."""
    size = deepest = 0
    work = [(node, 1)]
    while work:
        one, depth = work.pop()
        size += 1
        deepest = max(deepest, depth)
        work += [(child, depth + 1) for child in children(one)]
    return size, deepest


def rebuild(node: tree.Expr, change: Callable[[tree.Expr], tree.Expr]) -> tree.Expr:
    """A copy in which `change` was applied to every node, the inner ones first; without recursion."""
    done: list[tree.Expr] = []
    work: list[tuple[tree.Expr, bool]] = [(node, False)]
    while work:
        one, ready = work.pop()
        parts = children(one)
        if not ready and parts:
            work.append((one, True))
            work += [(part, False) for part in reversed(parts)]
            continue
        if parts:
            fresh = done[-len(parts) :]
            del done[-len(parts) :]
            one = _with_children(one, fresh)
        done.append(change(one))
    return done[0]


def _with_children(node: tree.Expr, fresh: list[tree.Expr]) -> tree.Expr:
    match node:
        case tree.Call():
            return replace(node, arguments=fresh)
        case tree.Field():
            return replace(node, base=fresh[0])
        case tree.History():
            return replace(node, base=fresh[0], ago=fresh[1])
        case tree.Unary():
            return replace(node, operand=fresh[0])
        case tree.Binary():
            return replace(node, left=fresh[0], right=fresh[1])
        case tree.Ternary():
            return replace(node, condition=fresh[0], then=fresh[1], otherwise=fresh[2])
    return node


def same(one: tree.Expr, other: tree.Expr) -> bool:
    """Whether two expressions say the same."""
    left, right = list(walk(one)), list(walk(other))
    if len(left) != len(right):
        return False
    return all(_label(a) == _label(b) for a, b in zip(left, right, strict=True))


def _label(node: tree.Expr) -> tuple[str, object, int]:
    kind = type(node).__name__.removeprefix("Folded") or "Truth"
    match node:
        case tree.Number():
            return kind, node.value, node.is_percent
        case tree.Truth() | tree.Text():
            return kind, node.value, 0
        case tree.Name() | tree.Field():
            return kind, node.name, 0
        case tree.Call():
            return kind, node.name, len(node.arguments)
        case tree.Unary() | tree.Binary():
            return kind, node.operator, 0
    return kind, None, 0
