"""The parts of an expression as a reader sees them: chains of operators flat, each part with its text and its path.

Paths are JSON pointers into `formula_json`. A chain there is {"first", "rest": [[operator, expression], ...]}: the part
of it that ends with operator i, where tighter operators stand before looser ones, has the path of `rest/i`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

from apps.engine.lang import tree
from apps.engine.lang.functions import TIMEFRAME_FUNCTION
from apps.engine.lang.writer import write_expression

LEVELS = {"or": 1, "and": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5}


@dataclass(slots=True)
class Spot:
    """A sub-expression. `kind`: number, truth, text, name, call, tf, field, history, unary, chain or choice.

    `operators`: the signs of a unary, or what stands between the parts of a chain, all of one level. The parts of a
    choice are condition, value, condition, value, ..., and the value otherwise; those of a history the series and the
    number of bars. `ago`: bars before the one that is asked for, on its own timeframe; `frame_ago`: on the chart's,
    for what stands in a `tf`, whose timeframe is `frame`. `past`: its value one bar earlier counts as well.
    """

    node: tree.Expr
    kind: str
    text: str
    line: int
    column: int
    path: str
    operators: tuple[str, ...] = ()
    name: str = ""
    parts: list[Spot] = field(default_factory=list)
    ago: int = 0
    frame: str = ""
    frame_ago: int = 0
    past: bool = False


def outline(node: tree.Expr, path: str) -> Spot:
    """`node`, which stands at `path`, and all its parts."""
    match node:
        case tree.Binary():
            return _chain(node, path)
        case tree.Unary():
            signs = [node.operator]
            operand = node.operand
            while isinstance(operand, tree.Unary) and not operand.brackets:
                signs.append(operand.operator)
                operand = operand.operand
            spot = _spot(node, "unary", path, [outline(operand, f"{path}/of")], operators=tuple(signs))
            spot.line, spot.column = node.line, node.column
            return spot
        case tree.Ternary():
            parts: list[Spot] = []
            last: tree.Expr = node
            number = 0
            while isinstance(last, tree.Ternary) and (last is node or not last.brackets):
                parts.append(outline(last.condition, f"{path}/cases/{number}/0"))
                parts.append(outline(last.then, f"{path}/cases/{number}/1"))
                last = last.otherwise
                number += 1
            parts.append(outline(last, f"{path}/otherwise"))
            return _spot(node, "choice", path, parts)
        case tree.History():
            return _spot(
                node, "history", path, [outline(node.base, f"{path}/of"), outline(node.ago, f"{path}/ago")]
            )
        case tree.Field():
            return _spot(node, "field", path, [outline(node.base, f"{path}/of")], name=node.name)
        case tree.Call():
            parts = [outline(argument, f"{path}/arguments/{i}") for i, argument in enumerate(node.arguments)]
            kind = "tf" if node.name == TIMEFRAME_FUNCTION else "call"
            spot = _spot(node, kind, path, parts, name=node.name)
            spot.line, spot.column = node.line, node.column
            return spot
        case tree.Name():
            return _spot(node, "name", path, name=node.name)
    kinds: dict[type, str] = {tree.Number: "number", tree.Truth: "truth", tree.Text: "text"}
    return _spot(node, kinds[type(node)], path)


def _spot(
    node: tree.Expr,
    kind: str,
    path: str,
    parts: list[Spot] | None = None,
    operators: tuple[str, ...] = (),
    name: str = "",
) -> Spot:
    """A spot that begins where its first part does."""
    parts = parts or []
    at = parts[0] if parts else node
    return Spot(node, kind, write_expression(node), at.line, at.column, path, operators, name, parts)


def _chain(node: tree.Binary, path: str) -> Spot:
    spine = [node]
    while isinstance(spine[-1].left, tree.Binary) and not spine[-1].left.brackets:
        spine.append(spine[-1].left)
    spine.reverse()
    result = outline(spine[0].left, f"{path}/first")
    numbered = enumerate(spine)
    for _, run in groupby(numbered, key=lambda item: LEVELS.get(item[1].operator, 6)):
        members = list(run)
        last, top = members[-1]
        parts = [result]
        parts += [outline(part.right, f"{path}/rest/{i}/1") for i, part in members]
        own = path if top is node else f"{path}/rest/{last}"
        result = _spot(top, "chain", own, parts, operators=tuple(part.operator for _, part in members))
    return result
