"""The parts of an expression as a reader sees them: chains of operators flat, each part with its text and its path.

Paths are those of `paths.node_paths`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby

from apps.engine.lang import tree
from apps.engine.lang.functions import TIMEFRAME_FUNCTION
from apps.engine.lang.writer import write_expression


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


def outline(node: tree.Expr, paths: Mapping[int, str]) -> Spot:
    """`node` and all its parts, with their `paths`."""
    match node:
        case tree.Binary():
            return _chain(node, paths)
        case tree.Unary():
            signs = [node.operator]
            operand = node.operand
            while isinstance(operand, tree.Unary) and not operand.brackets:
                signs.append(operand.operator)
                operand = operand.operand
            spot = _spot(node, "unary", paths, [outline(operand, paths)], operators=tuple(signs))
            spot.line, spot.column = node.line, node.column
            return spot
        case tree.Ternary():
            parts: list[Spot] = []
            last: tree.Expr = node
            while isinstance(last, tree.Ternary) and (last is node or not last.brackets):
                parts.append(outline(last.condition, paths))
                parts.append(outline(last.then, paths))
                last = last.otherwise
            parts.append(outline(last, paths))
            return _spot(node, "choice", paths, parts)
        case tree.History():
            return _spot(node, "history", paths, [outline(node.base, paths), outline(node.ago, paths)])
        case tree.Field():
            return _spot(node, "field", paths, [outline(node.base, paths)], name=node.name)
        case tree.Call():
            parts = [outline(argument, paths) for argument in node.arguments]
            kind = "tf" if node.name == TIMEFRAME_FUNCTION else "call"
            spot = _spot(node, kind, paths, parts, name=node.name)
            spot.line, spot.column = node.line, node.column
            return spot
        case tree.Name():
            return _spot(node, "name", paths, name=node.name)
    kinds: dict[type, str] = {tree.Number: "number", tree.Truth: "truth", tree.Text: "text"}
    return _spot(node, kinds[type(node)], paths)


def _spot(
    node: tree.Expr,
    kind: str,
    paths: Mapping[int, str],
    parts: list[Spot] | None = None,
    operators: tuple[str, ...] = (),
    name: str = "",
) -> Spot:
    """A spot that begins where its first part does."""
    parts = parts or []
    at = parts[0] if parts else node
    return Spot(
        node, kind, write_expression(node), at.line, at.column, paths[id(node)], operators, name, parts
    )


def _chain(node: tree.Binary, paths: Mapping[int, str]) -> Spot:
    spine = [node]
    while isinstance(spine[-1].left, tree.Binary) and not spine[-1].left.brackets:
        spine.append(spine[-1].left)
    spine.reverse()
    result = outline(spine[0].left, paths)
    for _, run in groupby(spine, key=lambda part: tree.LEVELS.get(part.operator, 6)):
        members = list(run)
        parts = [result, *(outline(part.right, paths) for part in members)]
        operators = tuple(part.operator for part in members)
        result = _spot(members[-1], "chain", paths, parts, operators)
    return result
