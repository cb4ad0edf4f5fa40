"""Conditions on what a message says: expressions of the formula language, over its fields instead of bars.

    price > 45000 and timeframe == "1h" and (rsi < 30 or parameters.mode == "fast")

A name is a field of the signal (or of what a webhook is told), a dot leads into an object. What is not there is `na`;
a comparison with it is false, as in formulas. Text that is a number compares as one, since senders often write numbers
in quotes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from apps.engine.lang import FormulaError, Problem, tree
from apps.engine.lang.errors import nearest
from apps.engine.lang.parser import parse
from apps.engine.said import said

LONGEST = 500
_LEAD = "long when "  # the statement that makes the parser read an expression
_NUMBER = re.compile(r"\s*-?\d{1,30}(\.\d{0,30})?([eE][+-]?\d{1,2})?\s*")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
}
_FUNCTIONS = {"abs": (1, 1), "min": (2, 8), "max": (2, 8), "na": (1, 1), "contains": (2, 2)}
_TRUTHS = {"na", "contains"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition. `hash` is the same for the same text."""

    text: str
    hash: str
    root: tree.Expr

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether a message of these fields meets it."""
        return _value(self.root, fields) is True


@lru_cache(maxsize=4096)
def compile_condition(text: str) -> Condition:
    """Raises FormulaError with every problem and its place."""
    line = text.strip()
    if "\n" in line or "\r" in line or "#" in line:
        raise FormulaError(
            [Problem(1, 1, said("a condition is one expression on one line, without comments"))]
        )
    parsed = parse(_LEAD + line)
    problems = [
        Problem(problem.line, max(1, problem.column - len(_LEAD)), problem.message, problem.hint)
        for problem in parsed.problems
    ]
    statements = parsed.formula.statements
    if problems or len(statements) != 1 or not isinstance(statements[0], tree.Condition):
        raise FormulaError(problems or [Problem(1, 1, said("this is not an expression"))])
    root = statements[0].condition
    _check(root, problems)
    if not problems and not _may_be_true(root):
        hint = said("compare something, such as price > 45000")
        problems.append(Problem(1, 1, said("the condition is a value, neither true nor false"), hint))
    if problems:
        raise FormulaError(problems)
    return Condition(line, hashlib.sha256(line.encode()).hexdigest(), root)


def _children(node: tree.Expr) -> list[tree.Expr]:
    match node:
        case tree.Call():
            return list(node.arguments)
        case tree.Field():
            return [node.base]
        case tree.Unary():
            return [node.operand]
        case tree.Binary():
            return [node.left, node.right]
        case tree.Ternary():
            return [node.condition, node.then, node.otherwise]
    return []


def _check(root: tree.Expr, problems: list[Problem]) -> None:
    work = [root]
    while work:
        node = work.pop()
        column = max(1, node.column - len(_LEAD))
        if isinstance(node, tree.History):
            problems.append(
                Problem(1, column, said("there are no bars before it"), said("leave out the square brackets"))
            )
        elif isinstance(node, tree.Field) and not isinstance(node.base, tree.Name | tree.Field):
            problems.append(Problem(1, column, said("a dot stands behind the name of a field")))
        elif isinstance(node, tree.Call):
            arity = _FUNCTIONS.get(node.name)
            if arity is None:
                hint = nearest(node.name, _FUNCTIONS) or said(
                    "there are {names}", names=", ".join(_FUNCTIONS)
                )
                problems.append(
                    Problem(1, column, said("a condition has no function `{name}`", name=node.name), hint)
                )
            elif not arity[0] <= len(node.arguments) <= arity[1]:
                problems.append(
                    Problem(
                        1,
                        column,
                        said(
                            "`{name}` does not take {count} values", name=node.name, count=len(node.arguments)
                        ),
                    )
                )
        work += _children(node)


def _may_be_true(node: tree.Expr) -> bool:
    match node:
        case tree.Binary():
            return node.operator not in _ARITHMETIC
        case tree.Unary():
            return node.operator == "not"
        case tree.Call():
            return node.name in _TRUTHS
        case tree.Ternary():
            return _may_be_true(node.then) and _may_be_true(node.otherwise)
        case tree.Number() | tree.Text():
            return False
    return True


def _value(node: tree.Expr, fields: Mapping[str, Any]) -> Any:
    """A number, a truth, a text, or None for na. Never raises."""
    match node:
        case tree.Number() | tree.Truth() | tree.Text():
            return node.value
        case tree.Name():
            return _plain(fields.get(node.name))
        case tree.Field():
            return _plain(_inner(node, fields))
        case tree.Unary():
            value = _value(node.operand, fields)
            if node.operator == "not":
                return value is not True
            number = _number(value)
            return None if number is None else -number
        case tree.Ternary():
            chosen = node.then if _value(node.condition, fields) is True else node.otherwise
            return _value(chosen, fields)
        case tree.Call():
            return _call(node.name, [_value(argument, fields) for argument in node.arguments])
        case tree.Binary():
            return _binary(node, fields)
    return None


def _binary(node: tree.Binary, fields: Mapping[str, Any]) -> Any:
    left = _value(node.left, fields)
    if node.operator == "and":
        return left is True and _value(node.right, fields) is True
    if node.operator == "or":
        return left is True or _value(node.right, fields) is True
    right = _value(node.right, fields)
    if node.operator in _ARITHMETIC:
        a, b = _number(left), _number(right)
        if a is None or b is None:
            return None
        try:
            return _ARITHMETIC[node.operator](a, b)
        except (ZeroDivisionError, OverflowError):
            return None
    if left is None or right is None:
        return False
    if isinstance(left, float) or isinstance(right, float):
        left, right = _number(left), _number(right)
        if left is None or right is None:
            return False
    if type(left) is not type(right):
        return False
    if node.operator in ("==", "!="):
        return (left == right) is (node.operator == "==")
    return _ORDERS[node.operator](left, right) if isinstance(left, float) else False


def _call(name: str, values: list[Any]) -> Any:
    if name == "na":
        return values[0] is None
    if name == "contains":
        return isinstance(values[0], str) and isinstance(values[1], str) and values[1] in values[0]
    numbers = [_number(value) for value in values]
    if any(number is None for number in numbers):
        return None
    if name == "abs":
        return abs(numbers[0])  # type: ignore[arg-type]
    return (min if name == "min" else max)(numbers)  # type: ignore[type-var]


def _inner(node: tree.Expr, fields: Mapping[str, Any]) -> Any:
    names: list[str] = []
    while isinstance(node, tree.Field):
        names.append(node.name)
        node = node.base
    value: Any = fields.get(node.name) if isinstance(node, tree.Name) else None
    for name in reversed(names):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, bool | str) or value is None:
        return value
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    if isinstance(value, float):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return None
