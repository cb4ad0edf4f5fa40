"""A formula in plain words."""

from apps.engine.lang import tree
from apps.engine.lang.writer import write_expression

_ASKS = {
    "long": "Buys (goes long)",
    "short": "Sells short",
    "exit_long": "Closes a long position",
    "exit_short": "Closes a short position",
    "exit": "Closes any position",
}
_OPERATORS = {
    "<": "is below",
    "<=": "is at or below",
    ">": "is above",
    ">=": "is at or above",
    "==": "equals",
    "!=": "differs from",
    "and": "and",
    "or": "or",
}
_EVENTS = {
    "crossover": "{0} rises above {1}",
    "crossunder": "{0} falls below {1}",
    "cross": "{0} crosses {1}",
    "rising": "{0} is above each of its last {1} values",
    "falling": "{0} is below each of its last {1} values",
    "na": "{0} is missing",
}
_PROTECTIONS = {"stop_loss": "stop-loss", "take_profit": "take-profit", "trailing_stop": "trailing stop"}


def explain(formula: tree.Formula) -> str:
    """One sentence per statement, on one line each."""
    return "\n".join(_sentence(statement) for statement in formula.statements)


def _sentence(node: tree.Statement) -> str:
    match node:
        case tree.Input():
            text = (
                f"{node.label or node.name} can be set; it is {write_expression(node.default)} unless changed"
            )
            if node.low is not None and node.high is not None:
                text += f", from {write_expression(node.low)} to {write_expression(node.high)}"
            if node.choices is not None:
                text += ", one of " + ", ".join(choice.value for choice in node.choices)
            return text + "."
        case tree.Definition():
            return f"{node.name} is {_words(node.value)}."
        case tree.Condition():
            return f"{_ASKS[node.kind]} when {_words(node.condition)}."
        case tree.ExitAfter():
            return f"Closes a position after {_words(node.bars)} bars."
        case tree.Protect():
            name = _PROTECTIONS[node.kind]
            where = {
                "percent": f"{_words(node.value)} from the {'best' if node.kind == 'trailing_stop' else 'entry'} price",
                "by": f"{_words(node.value)} away, measured on the bar of the signal",
                "at": f"at {_words(node.value)}, moved at every close",
            }[node.mode]
            return f"Protects each position by a {name} {where}."
        case tree.Sizing():
            if node.mode == "risk":
                return f"Sizes each position so that its stop-loss would lose {_words(node.value)} of equity."
            if node.mode == "units":
                return f"Each position is {_words(node.value)} units."
            is_share = isinstance(node.value, tree.Number) and node.value.is_percent
            return f"Each position is worth {_words(node.value)}{' of equity' if is_share else ''}."
        case tree.Alert():
            return f'Sends "{node.text}" when {_words(node.condition)}.'
        case tree.Plot():
            return f'Draws {_words(node.value)} as "{node.name}".'
    raise TypeError(f"not a statement: {node!r}")


def _words(node: tree.Expr) -> str:
    text = _plain(node)
    return f"({text})" if node.brackets and isinstance(node, tree.Binary | tree.Ternary) else text


def _plain(node: tree.Expr) -> str:
    match node:
        case tree.Binary():
            parts: list[str] = []
            left: tree.Expr = node
            while isinstance(left, tree.Binary) and (left is node or not left.brackets):
                parts.append(f"{_OPERATORS.get(left.operator, left.operator)} {_words(left.right)}")
                left = left.left
            return " ".join([_words(left), *reversed(parts)])
        case tree.Call():
            if node.name in _EVENTS and len(node.arguments) == _EVENTS[node.name].count("{"):
                return _EVENTS[node.name].format(*(_words(argument) for argument in node.arguments))
            return f"{node.name}({', '.join(_words(argument) for argument in node.arguments)})"
        case tree.History():
            return f"{_words(node.base)} {_words(node.ago)} bars ago"
        case tree.Unary() if node.operator == "not" and not isinstance(node.operand, tree.Unary):
            return f"not {_words(node.operand)}"
        case tree.Ternary():
            parts = []
            last: tree.Expr = node
            while isinstance(last, tree.Ternary) and (last is node or not last.brackets):
                parts.append(f"{_words(last.then)} if {_words(last.condition)}, else ")
                last = last.otherwise
            return "".join(parts) + _words(last)
    return write_expression(node)
