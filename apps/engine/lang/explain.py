"""A formula in plain English."""

from __future__ import annotations

from apps.engine.lang import tree
from apps.engine.lang.lexer import quote
from apps.engine.lang.speech import Speech, listed
from apps.engine.lang.writer import write_expression

_ASKS = {
    "long": "Goes long (buys) when",
    "short": "Goes short (sells) when",
    "exit_long": "Closes a long position when",
    "exit_short": "Closes a short position when",
    "exit": "Closes any position when",
}
_PROTECTIONS = {"stop_loss": "stop-loss", "take_profit": "take-profit", "trailing_stop": "trailing stop"}
_GROUPS: tuple[tuple[type[tree.Statement], ...], ...] = (
    (tree.Definition,),
    (tree.Condition, tree.ExitAfter),
    (tree.Protect, tree.Sizing),
    (tree.Alert,),
    (tree.Plot,),
)


def explain(formula: tree.Formula) -> str:
    """What the formula does, in short paragraphs with an empty line between them: its settings, its series, when it
    asks for what, protection and size, alerts, and what it draws."""
    teller = _Teller(formula)
    settings = [teller.setting(s) for s in formula.statements if isinstance(s, tree.Input)]
    paragraphs = []
    if settings:
        paragraphs.append(f"{'Setting' if len(settings) == 1 else 'Settings'}: {'; '.join(settings)}.")
    for group in _GROUPS:
        sentences = [teller.sentence(s) for s in formula.statements if isinstance(s, group)]
        if sentences:
            paragraphs.append(" ".join(sentences))
    return "\n\n".join(paragraphs)


def explain_statement(statement: tree.Statement, formula: tree.Formula) -> str:
    """One statement of `formula` as a sentence."""
    return _Teller(formula).sentence(statement)


class _Teller(Speech):
    """Statements as sentences."""

    def sentence(self, node: tree.Statement) -> str:
        match node:
            case tree.Input():
                return f"Setting: {self.setting(node)}."
            case tree.Definition():
                return self.definition(node)
            case tree.Condition():
                return f"{_ASKS[node.kind]} {self.clause(node.condition)[0]}."
            case tree.ExitAfter():
                return f"Closes a position after {self.count(node.bars, 'bar')}."
            case tree.Protect():
                return self.protection(node)
            case tree.Sizing():
                return self.size(node)
            case tree.Alert():
                return f"Sends the alert {quote(node.text)} when {self.clause(node.condition)[0]}."
            case tree.Plot():
                return f"Draws {self.value(node.value)[0]} as {quote(node.name)}."
        raise TypeError(f"not a statement: {node!r}")

    def setting(self, node: tree.Input) -> str:
        """For instance "fast (9, adjustable from 2 to 50)"."""
        shown = f", shown as {quote(node.label)}" if node.label is not None else ""
        about = write_expression(node.default)
        if node.low is not None and node.high is not None:
            about += f", adjustable from {write_expression(node.low)} to {write_expression(node.high)}"
            if node.step is not None:
                about += f" in steps of {write_expression(node.step)}"
        elif node.choices is not None:
            about += f", one of {listed([quote(choice.value) for choice in node.choices])}"
        elif node.kind == "truth":
            about += ", may be true or false"
        else:
            about += ", adjustable"
        return f"{node.name}{shown} ({about})"

    def definition(self, node: tree.Definition) -> str:
        self.subject = node.name
        if self.kind(node.value) == "truth":
            text = f"{node.name} is true when {self.clause(node.value)[0]}."
        else:
            text = f"{node.name} is {self.value(node.value)[0]}."
        self.subject = ""
        return text

    def protection(self, node: tree.Protect) -> str:
        value = self.value(node.value)[0]
        name = _PROTECTIONS[node.kind]
        if node.kind == "trailing_stop":
            measured = "" if node.mode == "percent" else ", measured on the bar of the signal"
            return f"The {name} follows the best price at a distance of {value}{measured}."
        if node.mode == "at":
            return f"The {name} stands at {value}, and moves with it at every close."
        if node.mode == "by":
            return (
                f"The {name} stands away from the entry price by {value}, measured on the bar of the signal."
            )
        return f"The {name} stands {value} away from the entry price."

    def size(self, node: tree.Sizing) -> str:
        if node.mode == "units":
            return f"Each position is {self.count(node.value, 'unit')}."
        value = self.value(node.value)[0]
        if node.mode == "risk":
            return f"Each position is sized so that its stop-loss would lose {value} of equity."
        if self.is_percent(node.value):
            return f"Each position is worth {value} of equity."
        return f"Each position is worth {value} in quote currency."
