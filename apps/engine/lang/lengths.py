"""Inputs that are nothing but lengths and factors of functions: what a value of theirs changes, it changes alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator

from apps.engine.lang import tree
from apps.engine.lang.functions import FUNCTIONS, TIMEFRAME_FUNCTION
from apps.engine.lang.paths import statement_parts

_IN_BRACES = re.compile(r"\{\s*(\w+)\s*\}")


def lengths_alone(formula: tree.Formula, names: Collection[str]) -> dict[str, list[tree.Call]]:
    """Those of the inputs `names` that stand nowhere but as a length or number of a function, alone of `names` there.

    With each come the calls it stands in; one that stands nowhere has none. None are found in a formula that looks at
    other timeframes, where a definition may be built more than once.
    """
    inside: dict[str, list[tree.Call]] = {name: [] for name in names}
    places: Counter[str] = Counter()  # where a name stands
    for statement in formula.statements:
        if isinstance(statement, tree.Alert):
            places.update(_IN_BRACES.findall(statement.text))
        for expression, _ in statement_parts(statement):
            for node in _nodes(expression):
                if isinstance(node, tree.Name):
                    places[node.name] += 1
                elif isinstance(node, tree.Call):
                    if node.name == TIMEFRAME_FUNCTION:
                        return {}
                    constants = _constants(node) & set(names)
                    if len(constants) == 1:
                        inside[constants.pop()].append(node)
    return {name: calls for name, calls in inside.items() if len(calls) == places[name]}


def _constants(node: tree.Call) -> set[str]:
    """Names that stand as a length or number of the call; none where one stands twice."""
    function = FUNCTIONS.get(node.name)
    if function is None or function.most:
        return set()
    names = [
        argument.name
        for parameter, argument in zip(function.parameters, node.arguments, strict=False)
        if parameter.kind in ("length", "number") and isinstance(argument, tree.Name)
    ]
    return set(names) if len(set(names)) == len(names) else set()


def _nodes(expression: tree.Expr) -> Iterator[tree.Expr]:
    work = [expression]
    while work:
        node = work.pop()
        yield node
        match node:
            case tree.Call():
                work += node.arguments
            case tree.Field():
                work.append(node.base)
            case tree.History():
                work += [node.base, node.ago]
            case tree.Unary():
                work.append(node.operand)
            case tree.Binary():
                work += [node.left, node.right]
            case tree.Ternary():
                work += [node.condition, node.then, node.otherwise]
