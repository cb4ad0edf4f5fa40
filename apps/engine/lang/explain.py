"""A formula in plain English."""

from __future__ import annotations

from apps.engine.lang import tree
from apps.engine.lang.lexer import quote
from apps.engine.lang.speech import Speech
from apps.engine.lang.writer import write_expression
from apps.engine.said import Figure, listed, row, said

_ASKS = {
    "long": said("Goes long (buys) when {condition}."),
    "short": said("Goes short (sells) when {condition}."),
    "exit_long": said("Closes a long position when {condition}."),
    "exit_short": said("Closes a short position when {condition}."),
    "exit": said("Closes any position when {condition}."),
}
_PROTECTIONS = {
    "stop_loss": {
        "percent": said("The stop-loss stands {value} away from the entry price."),
        "by": said(
            "The stop-loss stands away from the entry price by {value}, measured on the bar of the signal."
        ),
        "at": said("The stop-loss stands at {value}, and moves with it at every close."),
    },
    "take_profit": {
        "percent": said("The take-profit stands {value} away from the entry price."),
        "by": said(
            "The take-profit stands away from the entry price by {value}, measured on the bar of the signal."
        ),
        "at": said("The take-profit stands at {value}, and moves with it at every close."),
    },
    "trailing_stop": {
        "percent": said("The trailing stop follows the best price at a distance of {value}."),
        "by": said(
            "The trailing stop follows the best price at a distance of {value}, "
            "measured on the bar of the signal."
        ),
    },
}
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
    paragraphs: list[str] = []
    if settings:
        told = row("{left}; {right}", settings)
        paragraphs.append(
            said("Setting: {setting}.", setting=told)
            if len(settings) == 1
            else said("Settings: {settings}.", settings=told)
        )
    for group in _GROUPS:
        sentences = [teller.sentence(s) for s in formula.statements if isinstance(s, group)]
        if sentences:
            paragraphs.append(row("{left} {right}", sentences))
    return row("{left}\n\n{right}", paragraphs) if paragraphs else ""


def explain_statement(statement: tree.Statement, formula: tree.Formula) -> str:
    """One statement of `formula` as a sentence."""
    return _Teller(formula).sentence(statement)


class _Teller(Speech):
    """Statements as sentences."""

    def sentence(self, node: tree.Statement) -> str:
        match node:
            case tree.Input():
                return said("Setting: {setting}.", setting=self.setting(node))
            case tree.Definition():
                return self.definition(node)
            case tree.Condition():
                return said(_ASKS[node.kind], condition=self.clause(node.condition)[0])
            case tree.ExitAfter():
                return said("Closes a position after {bars}.", bars=self.count(node.bars, "bar"))
            case tree.Protect():
                return self.protection(node)
            case tree.Sizing():
                return self.size(node)
            case tree.Alert():
                condition = self.clause(node.condition)[0]
                return said(
                    "Sends the alert {text} when {condition}.", text=quote(node.text), condition=condition
                )
            case tree.Plot():
                return said(
                    "Draws {value} as {name}.", value=self.value(node.value)[0], name=quote(node.name)
                )
        raise TypeError(f"not a statement: {node!r}")

    def setting(self, node: tree.Input) -> str:
        """For instance "fast (9, adjustable from 2 to 50)"."""
        about: list[str] = [Figure(write_expression(node.default))]
        if node.low is not None and node.high is not None:
            low, high = Figure(write_expression(node.low)), Figure(write_expression(node.high))
            if node.step is not None:
                step = Figure(write_expression(node.step))
                about.append(
                    said("adjustable from {low} to {high} in steps of {step}", low=low, high=high, step=step)
                )
            else:
                about.append(said("adjustable from {low} to {high}", low=low, high=high))
        elif node.choices is not None:
            choices = listed([quote(choice.value) for choice in node.choices])
            about.append(said("one of {choices}", choices=choices))
        elif node.kind == "truth":
            about.append(said("may be true or false"))
        else:
            about.append(said("adjustable"))
        told = row("{left}, {right}", about)
        if node.label is None:
            return said("{name} ({about})", name=node.name, about=told)
        return said("{name}, shown as {label} ({about})", name=node.name, label=quote(node.label), about=told)

    def definition(self, node: tree.Definition) -> str:
        self.subject = node.name
        if self.kind(node.value) == "truth":
            condition = self.clause(node.value)[0]
            text = said("{name} is true when {condition}.", name=node.name, condition=condition)
        else:
            text = said("{name} is {value}.", name=node.name, value=self.value(node.value)[0])
        self.subject = ""
        return text

    def protection(self, node: tree.Protect) -> str:
        return said(_PROTECTIONS[node.kind][node.mode], value=self.value(node.value)[0])

    def size(self, node: tree.Sizing) -> str:
        if node.mode == "units":
            return said("Each position is {units}.", units=self.count(node.value, "unit"))
        value = self.value(node.value)[0]
        if node.mode == "risk":
            return said(
                "Each position is sized so that its stop-loss would lose {value} of equity.", value=value
            )
        if self.is_percent(node.value):
            return said("Each position is worth {value} of equity.", value=value)
        return said("Each position is worth {value} in quote currency.", value=value)
