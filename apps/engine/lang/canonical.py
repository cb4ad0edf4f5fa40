"""The tree as JSON, both ways, and the formula's identity: SHA-256 over its canonical form.

Chains of operators are written as one list, so that a long sum does not nest. The canonical form leaves out what
carries no meaning: comments, empty lines, brackets, and how a number was spelled.
"""

import hashlib
import json
from typing import Any

from apps.engine.lang import tree

Json = dict[str, Any]
TREE_VERSION = 1


class TreeError(ValueError):
    """The JSON is not the tree of a formula."""


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


# reading JSON


def read_formula_json(content: Any) -> tree.Formula:
    """The tree that `formula_json` wrote. Raises TreeError where `content` is anything else.

    The result's places are of no use: the text written from it has the places to report.
    """
    top = _object(content, "the tree")
    if top.get("version") != TREE_VERSION:
        raise TreeError(f"version {TREE_VERSION} of the tree expected")
    statements = [_read_statement(item) for item in _list(top.get("statements"), "statements")]
    comments = _texts(top.get("closing_comments", []), "closing_comments")
    return tree.Formula(statements, comments)


def _object(value: Any, what: str) -> Json:
    if not isinstance(value, dict):
        raise TreeError(f"{what}: an object expected")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise TreeError(f"{what}: a list expected")
    return value


def _word(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise TreeError(f"{what}: a text expected")
    return value


def _texts(value: Any, what: str) -> list[str]:
    return [_word(item, what) for item in _list(value, what)]


def _read_statement(content: Any) -> tree.Statement:
    item = _object(content, "a statement")
    kind = _word(item.get("type"), "a statement's type")
    statement: tree.Statement
    if kind == "input":
        input_kind = item.get("kind")
        if input_kind not in ("integer", "number", "percent", "truth", "text"):
            raise TreeError("input: unknown kind")
        name = _word(item.get("name"), "name")
        statement = tree.Input(0, 0, name, 0, input_kind, read_expression(item.get("default")))
        for key in ("low", "high", "step"):
            if key in item:
                setattr(statement, key, read_expression(item[key]))
        if "choices" in item:
            statement.choices = [tree.Text(0, 0, text) for text in _texts(item["choices"], "choices")]
        if "label" in item:
            statement.label = _word(item["label"], "label")
    elif kind == "definition":
        statement = tree.Definition(0, 0, _word(item.get("name"), "name"), read_expression(item.get("value")))
    elif kind in ("long", "short", "exit_long", "exit_short", "exit"):
        statement = tree.Condition(0, 0, kind, read_expression(item.get("when")))  # type: ignore[arg-type]
    elif kind == "exit_after":
        statement = tree.ExitAfter(0, 0, read_expression(item.get("bars")))
    elif kind in ("stop_loss", "take_profit", "trailing_stop"):
        mode = item.get("mode")
        if mode not in ("percent", "by", "at"):
            raise TreeError(f"{kind}: unknown mode")
        statement = tree.Protect(0, 0, kind, mode, read_expression(item.get("value")))  # type: ignore[arg-type]
    elif kind == "size":
        mode = item.get("mode")
        if mode not in ("amount", "units", "risk"):
            raise TreeError("size: unknown mode")
        statement = tree.Sizing(0, 0, mode, read_expression(item.get("value")))
    elif kind == "alert":
        statement = tree.Alert(0, 0, _word(item.get("text"), "text"), 0, read_expression(item.get("when")))
    elif kind == "plot":
        statement = tree.Plot(0, 0, read_expression(item.get("value")), _word(item.get("name"), "name"), 0)
    else:
        raise TreeError(f"unknown statement {kind[:40]!r}")
    statement.comments = _texts(item.get("comments", []), "comments")
    statement.comment = _word(item["comment"], "comment") if "comment" in item else None
    statement.gap = item.get("gap") is True
    return statement


def read_expression(content: Any) -> tree.Expr:
    """The expression that `expression_json` wrote. Raises TreeError where `content` is anything else."""
    item = _object(content, "an expression")
    node = _read_expression(item)
    brackets = item.get("brackets", 0)
    if not isinstance(brackets, int) or not 0 <= brackets <= 64:
        raise TreeError("brackets: a whole number from 0 to 64 expected")
    node.brackets = brackets
    return node


def _read_expression(item: Json) -> tree.Expr:
    kind = item.get("type")
    match kind:
        case "number" | "percent":
            return _read_number(item, kind == "percent")
        case "truth":
            return tree.Truth(0, 0, item.get("value") is True)
        case "text":
            return tree.Text(0, 0, _word(item.get("value"), "value"))
        case "name":
            return tree.Name(0, 0, _word(item.get("name"), "name"))
        case "call":
            arguments = [read_expression(argument) for argument in _list(item.get("arguments"), "arguments")]
            return tree.Call(0, 0, _word(item.get("name"), "name"), arguments)
        case "field":
            return tree.Field(0, 0, read_expression(item.get("of")), _word(item.get("name"), "name"))
        case "history":
            return tree.History(0, 0, read_expression(item.get("of")), read_expression(item.get("ago")))
        case "unary":
            operand = read_expression(item.get("of"))
            for sign in reversed(_texts(item.get("operators"), "operators")):
                operand = tree.Unary(0, 0, sign, operand)
            return operand
        case "chain":
            left = read_expression(item.get("first"))
            for pair in _list(item.get("rest"), "rest"):
                operator, right = _pair(pair)
                left = tree.Binary(0, 0, _word(operator, "operator"), left, read_expression(right))
            return left
        case "choice":
            last = read_expression(item.get("otherwise"))
            for pair in reversed(_list(item.get("cases"), "cases")):
                condition, then = _pair(pair)
                last = tree.Ternary(0, 0, read_expression(condition), read_expression(then), last)
            return last
    raise TreeError(f"unknown expression {str(kind)[:40]!r}")


def _pair(value: Any) -> list[Any]:
    pair = _list(value, "a pair")
    if len(pair) != 2:
        raise TreeError("a pair expected")
    return pair


def _read_number(item: Json, is_percent: bool) -> tree.Number:
    text = _word(item.get("text"), "a number's text")
    try:
        value = float(text.rstrip("%"))
    except ValueError as error:
        raise TreeError(f"{text[:40]!r} is no number") from error
    return tree.Number(0, 0, text, value / 100.0 if is_percent else value, is_percent)
