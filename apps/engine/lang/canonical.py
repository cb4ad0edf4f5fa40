"""The tree as JSON, and the formula's identity: SHA-256 over its canonical form.

Chains of operators are written as one list, so that a long sum does not nest. The canonical form leaves out what
carries no meaning: comments, empty lines, brackets, and how a number was spelled. `reader` reads JSON back.
"""

import hashlib
import json
from typing import Any

from apps.engine.lang import tree

Json = dict[str, Any]
TREE_VERSION = 1


def expression_json(node: tree.Expr, canonical: bool) -> Json:
    """`node` as plain JSON values."""
    result = _expression_json(node, canonical)
    if node.brackets and not canonical:
        result["brackets"] = node.brackets
    return result


def _expression_json(node: tree.Expr, canonical: bool) -> Json:
    match node:
        case tree.Number():
            kind = "percent" if node.is_percent else "number"
            return {"type": kind, "value": node.value} if canonical else {"type": kind, "text": node.text}
        case tree.Truth():
            return {"type": "truth", "value": node.value}
        case tree.Text():
            return {"type": "text", "value": node.value}
        case tree.Name():
            return {"type": "name", "name": node.name}
        case tree.Call():
            arguments = [expression_json(argument, canonical) for argument in node.arguments]
            return {"type": "call", "name": node.name, "arguments": arguments}
        case tree.Field():
            return {"type": "field", "of": expression_json(node.base, canonical), "name": node.name}
        case tree.History():
            return {
                "type": "history",
                "of": expression_json(node.base, canonical),
                "ago": expression_json(node.ago, canonical),
            }
        case tree.Unary():
            operators = [node.operator]
            operand = node.operand
            while isinstance(operand, tree.Unary) and (canonical or not operand.brackets):
                operators.append(operand.operator)
                operand = operand.operand
            return {"type": "unary", "operators": operators, "of": expression_json(operand, canonical)}
        case tree.Binary():
            rest: list[list[Any]] = [[node.operator, expression_json(node.right, canonical)]]
            first = node.left
            while isinstance(first, tree.Binary) and (canonical or not first.brackets):
                rest.append([first.operator, expression_json(first.right, canonical)])
                first = first.left
            return {"type": "chain", "first": expression_json(first, canonical), "rest": rest[::-1]}
        case tree.Ternary():
            cases: list[list[Json]] = []
            last: tree.Expr = node
            while isinstance(last, tree.Ternary) and (last is node or canonical or not last.brackets):
                cases.append(
                    [expression_json(last.condition, canonical), expression_json(last.then, canonical)]
                )
                last = last.otherwise
            return {"type": "choice", "cases": cases, "otherwise": expression_json(last, canonical)}
    raise TypeError(f"not an expression: {node!r}")


def statement_json(node: tree.Statement, canonical: bool) -> Json:
    """`node` as plain JSON values."""
    result = _statement_json(node, canonical)
    if not canonical:
        if node.comments:
            result["comments"] = node.comments
        if node.comment is not None:
            result["comment"] = node.comment
        if node.gap:
            result["gap"] = True
    return result


def _statement_json(node: tree.Statement, canonical: bool) -> Json:
    match node:
        case tree.Input():
            result: Json = {
                "type": "input",
                "name": node.name,
                "kind": node.kind,
                "default": expression_json(node.default, canonical),
            }
            for key in ("low", "high", "step"):
                value = getattr(node, key)
                if value is not None:
                    result[key] = expression_json(value, canonical)
            if node.choices is not None:
                result["choices"] = [choice.value for choice in node.choices]
            if node.label is not None:
                result["label"] = node.label
            return result
        case tree.Definition():
            return {"type": "definition", "name": node.name, "value": expression_json(node.value, canonical)}
        case tree.Condition():
            return {"type": node.kind, "when": expression_json(node.condition, canonical)}
        case tree.ExitAfter():
            return {"type": "exit_after", "bars": expression_json(node.bars, canonical)}
        case tree.Protect():
            return {"type": node.kind, "mode": node.mode, "value": expression_json(node.value, canonical)}
        case tree.Sizing():
            return {"type": "size", "mode": node.mode, "value": expression_json(node.value, canonical)}
        case tree.Alert():
            return {"type": "alert", "text": node.text, "when": expression_json(node.condition, canonical)}
        case tree.Plot():
            return {"type": "plot", "name": node.name, "value": expression_json(node.value, canonical)}
    raise TypeError(f"not a statement: {node!r}")


def formula_json(formula: tree.Formula, canonical: bool = False) -> Json:
    """The whole tree; with `canonical`, only what carries meaning."""
    statements = [statement_json(statement, canonical) for statement in formula.statements]
    result: Json = {"version": TREE_VERSION, "statements": statements}
    if formula.closing_comments and not canonical:
        result["closing_comments"] = formula.closing_comments
    return result


def formula_hash(formula: tree.Formula) -> str:
    """SHA-256, in hex, over the canonical tree."""
    text = json.dumps(
        formula_json(formula, canonical=True), sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(text.encode("ascii")).hexdigest()
