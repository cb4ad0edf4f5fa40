"""The tree as text: the one way a formatted formula looks."""

import re

from apps.engine.lang import tree
from apps.engine.lang.lexer import quote

_UNARY, _TIGHT = 7, 8
# `risk` and `units` may be names as well: what would be taken for the other needs brackets
_RISK_FIRST = re.compile(r"risk(\(| [a-z])")
_AMBIGUOUS = {"amount": _RISK_FIRST, "units": _RISK_FIRST, "risk": re.compile(r'[-"]|units\b')}


def write(formula: tree.Formula) -> str:
    """The formula's text, ending in a line end; an empty formula gives an empty text."""
    lines: list[str] = []
    for statement in formula.statements:
        if statement.gap and lines:
            lines.append("")
        lines += [_comment(text) for text in statement.comments]
        line = write_statement(statement)
        lines.append(line if statement.comment is None else f"{line}  {_comment(statement.comment)}")
    lines += [_comment(text) for text in formula.closing_comments]
    return "".join(line + "\n" for line in lines)


def _comment(text: str) -> str:
    return f"# {text}" if text else "#"


def write_statement(node: tree.Statement) -> str:
    """One statement on one line, without its comments."""
    match node:
        case tree.Input():
            parts = [f"input {node.name} = {write_expression(node.default)}"]
            if node.low is not None and node.high is not None:
                parts.append(f"in {write_expression(node.low)}..{write_expression(node.high)}")
            if node.choices is not None:
                parts.append("in " + ", ".join(quote(choice.value) for choice in node.choices))
            if node.step is not None:
                parts.append(f"step {write_expression(node.step)}")
            if node.label is not None:
                parts.append(quote(node.label))
            return " ".join(parts)
        case tree.Definition():
            return f"{node.name} = {write_expression(node.value)}"
        case tree.Condition():
            return f"{node.kind.replace('_', ' ')} when {write_expression(node.condition)}"
        case tree.ExitAfter():
            return f"exit after {write_expression(node.bars)} bars"
        case tree.Protect():
            mode = "" if node.mode == "percent" else f"{node.mode} "
            return f"{node.kind} {mode}{write_expression(node.value)}"
        case tree.Sizing():
            value = write_expression(node.value)
            if _AMBIGUOUS[node.mode].match(value):
                value = f"({value})"
            return {"amount": f"size {value}", "units": f"size {value} units", "risk": f"size risk {value}"}[
                node.mode
            ]
        case tree.Alert():
            return f"alert {quote(node.text)} when {write_expression(node.condition)}"
        case tree.Plot():
            return f"plot {write_expression(node.value)} as {quote(node.name)}"
    raise TypeError(f"not a statement: {node!r}")


def write_expression(node: tree.Expr) -> str:
    """One expression on one line, with the brackets it was written with and those it needs."""
    return _write(node, 0)


def _write(node: tree.Expr, level: int) -> str:
    text, own = _bare(node)
    brackets = node.brackets or (1 if own < level else 0)
    return "(" * brackets + text + ")" * brackets


def _bare(node: tree.Expr) -> tuple[str, int]:
    """The expression without brackets of its own, and how tightly it binds."""
    match node:
        case tree.Number():
            return node.text, _TIGHT if not node.text.startswith("-") else _UNARY
        case tree.Truth():
            return ("true" if node.value else "false"), _TIGHT
        case tree.Text():
            return quote(node.value), _TIGHT
        case tree.Name():
            return node.name, _TIGHT
        case tree.Call():
            return f"{node.name}({', '.join(_write(argument, 0) for argument in node.arguments)})", _TIGHT
        case tree.Field():
            return f"{_write(node.base, _TIGHT)}.{node.name}", _TIGHT
        case tree.History():
            return f"{_write(node.base, _TIGHT)}[{_write(node.ago, 0)}]", _TIGHT
        case tree.Unary():
            signs = []
            operand: tree.Expr = node
            while isinstance(operand, tree.Unary) and (operand is node or not operand.brackets):
                signs.append("not " if operand.operator == "not" else "-")
                operand = operand.operand
            return "".join(signs) + _write(operand, _UNARY), _UNARY
        case tree.Binary():
            own = tree.LEVELS[node.operator]
            tail: list[str] = []
            left: tree.Expr = node
            while (
                isinstance(left, tree.Binary)
                and tree.LEVELS[left.operator] == own
                and (left is node or not left.brackets)
            ):
                tail.append(f" {left.operator} {_write(left.right, own + 1)}")
                left = left.left
            return _write(left, own) + "".join(reversed(tail)), own
        case tree.Ternary():
            parts: list[str] = []
            last: tree.Expr = node
            while isinstance(last, tree.Ternary) and (last is node or not last.brackets):
                parts.append(f"{_write(last.condition, 1)} ? {_write(last.then, 0)} : ")
                last = last.otherwise
            return "".join(parts) + _write(last, 0), 0
    raise TypeError(f"not an expression: {node!r}")
