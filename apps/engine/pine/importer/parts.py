"""The expressions in statements and items: which they are, and copies with them changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from apps.engine.lang import tree
from apps.engine.pine.importer.state import Alert, Exit, Item, Order, Plot, Size

_EXPRESSIONS = ("value", "condition", "bars")


def expressions_of(statement: tree.Statement) -> list[tree.Expr]:
    """The expressions of a statement but an input's, which are literals."""
    if isinstance(statement, tree.Input):
        return []
    return [getattr(statement, part) for part in _EXPRESSIONS if hasattr(statement, part)]


def change_expressions(statement: tree.Statement, change: Callable[[tree.Expr], tree.Expr]) -> tree.Statement:
    """A copy of the statement with its expressions changed."""
    if isinstance(statement, tree.Input):
        return replace(statement)
    parts = {part: change(getattr(statement, part)) for part in _EXPRESSIONS if hasattr(statement, part)}
    return replace(statement, **parts)  # type: ignore[arg-type]


def payload_expressions(item: Item) -> list[tree.Expr]:
    match item.payload:
        case Order() | Alert():
            return [item.payload.condition]
        case Exit():
            return [item.payload.condition, *item.payload.levels.values()]
        case Plot():
            return [item.payload.value]
        case Size():
            return [item.payload.statement.value]
    return []


def change_payload(item: Item, change: Callable[[tree.Expr], tree.Expr]) -> None:
    match item.payload:
        case Order() | Alert():
            item.payload = replace(item.payload, condition=change(item.payload.condition))
            if isinstance(item.payload, Alert):
                item.payload.parts = [p if isinstance(p, str) else change(p) for p in item.payload.parts]
        case Exit():
            levels = {key: change(level) for key, level in item.payload.levels.items()}
            item.payload = replace(item.payload, levels=levels, condition=change(item.payload.condition))
        case Plot():
            item.payload = replace(item.payload, value=change(item.payload.value))
        case Size():
            item.payload = Size(replace(item.payload.statement, value=change(item.payload.statement.value)))
