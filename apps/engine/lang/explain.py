"""A formula in plain English.

Brackets stand wherever a reader could take the words in another order than the formula means.
"""

from __future__ import annotations

import re

from apps.engine.lang import tree
from apps.engine.lang.functions import FUNCTIONS, KEEPS_PERCENT, TIMEFRAME_FUNCTION
from apps.engine.lang.lexer import quote
from apps.engine.lang.phrases import HIGHEST_OF, chart_of, phrase_of
from apps.engine.lang.writer import write_expression
from apps.engine.program.calendar import read_timeframe

# how tightly words hold together: a name, a noun phrase, one with a time behind it, arithmetic, a choice
ATOM, NOUN, DATED, SUM, CHOICE = 4, 3, 2, 1, 0
# and of conditions: one, several joined, or a choice
ONE, JOINED = 2, 1

_ASKS = {
    "long": "Goes long (buys) when",
    "short": "Goes short (sells) when",
    "exit_long": "Closes a long position when",
    "exit_short": "Closes a short position when",
    "exit": "Closes any position when",
}
_COMPARED = {
    "<": "is below",
    "<=": "is at or below",
    ">": "is above",
    ">=": "is at or above",
    "==": "equals",
    "!=": "differs from",
}
_ARITHMETIC = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_LEVELS = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2}
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
    speaker = _Speaker(formula)
    settings = [speaker.setting(s) for s in formula.statements if isinstance(s, tree.Input)]
    paragraphs = []
    if settings:
        paragraphs.append(f"{'Setting' if len(settings) == 1 else 'Settings'}: {'; '.join(settings)}.")
    for group in _GROUPS:
        sentences = [speaker.sentence(s) for s in formula.statements if isinstance(s, group)]
        if sentences:
            paragraphs.append(" ".join(sentences))
    return "\n\n".join(paragraphs)


def explain_statement(statement: tree.Statement, formula: tree.Formula) -> str:
    """One statement of `formula` as a sentence."""
    return _Speaker(formula).sentence(statement)


class _Speaker:
    """Knows what the names of a formula stand for. `subject`: the definition that is being explained."""

    def __init__(self, formula: tree.Formula) -> None:
        self.inputs = {s.name: s for s in formula.statements if isinstance(s, tree.Input)}
        self.definitions = {s.name: s.value for s in formula.statements if isinstance(s, tree.Definition)}
        self.subject = ""
        self.kinds: dict[str, str] = {}

    # statements

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
            about += f", one of {_listed([quote(choice.value) for choice in node.choices], 'and')}"
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

    # types, as far as the words depend on them

    def kind(self, node: tree.Expr) -> str:
        """truth, text or number."""
        passed: list[str] = []
        while True:
            match node:
                case tree.Ternary():
                    node = node.then
                case tree.History():
                    node = node.base
                case tree.Call(name=name, arguments=[_, inner]) if name == TIMEFRAME_FUNCTION:
                    node = inner
                case tree.Name(name=name) if name in self.kinds:
                    result = self.kinds[name]
                    break
                case tree.Name(name=name) if name in self.definitions and name not in passed:
                    passed.append(name)
                    node = self.definitions[name]
                case _:
                    result = self.plain_kind(node)
                    break
        self.kinds.update(dict.fromkeys(passed, result))
        return result

    def plain_kind(self, node: tree.Expr) -> str:
        """The kind of what does not take it from one of its parts."""
        match node:
            case tree.Truth():
                return "truth"
            case tree.Text():
                return "text"
            case tree.Unary() if node.operator == "not":
                return "truth"
            case tree.Binary() if node.operator in _COMPARED or node.operator in ("and", "or"):
                return "truth"
            case tree.Call() if node.name in FUNCTIONS:
                return FUNCTIONS[node.name].result
            case tree.Name() if node.name in self.inputs and self.inputs[node.name].kind in ("truth", "text"):
                return self.inputs[node.name].kind
        return "number"

    def is_percent(self, node: tree.Expr) -> bool:
        """Whether a constant is a percentage, by the rules of the checker."""
        passed: set[str] = set()
        while isinstance(node, tree.Name) and node.name in self.definitions and node.name not in passed:
            passed.add(node.name)
            node = self.definitions[node.name]
        match node:
            case tree.Number():
                return node.is_percent
            case tree.Name() if node.name in self.inputs:
                return self.inputs[node.name].kind == "percent"
            case tree.Binary():
                spine = [node]
                while isinstance(spine[-1].left, tree.Binary):
                    spine.append(spine[-1].left)
                left = self.is_percent(spine[-1].left)
                for part in reversed(spine):
                    right = self.is_percent(part.right)
                    if part.operator == "*":
                        left = left or right
                    else:
                        left = left and (part.operator == "/") != right
                return left
            case tree.Unary():
                return self.is_percent(_signs(node)[0])
            case tree.Ternary():
                return self.is_percent(node.then)
            case tree.Call() if node.name in KEEPS_PERCENT and node.arguments:
                return all(self.is_percent(argument) for argument in node.arguments)
        return False

    # conditions

    def clause(self, node: tree.Expr) -> tuple[str, int]:
        """A condition as words, and how tightly they hold together."""
        match node:
            case tree.Truth():
                return f"it is {'always' if node.value else 'never'} true", ONE
            case tree.Name():
                return f"{node.name} is true", ONE
            case tree.Unary() if node.operator == "not":
                operand, signs = _signs(node)
                if isinstance(operand, tree.Name):
                    return f"{operand.name} is {'false' if signs % 2 else 'true'}", ONE
                if isinstance(operand, tree.History) and isinstance(operand.base, tree.Name):
                    return self.was(operand, "false" if signs % 2 else "true"), ONE
                text, level = self.clause(operand)
                return (f"it is not true that ({text})", ONE) if signs % 2 else (text, level)
            case tree.Binary() if node.operator in ("and", "or"):
                return self.joined(node), JOINED
            case tree.Binary() if node.operator in _COMPARED:
                return self.compared(node), ONE
            case tree.Call(name=name, arguments=[frame, inner]) if name == TIMEFRAME_FUNCTION:
                return f"{self.chart(frame)}, ({self.clause(inner)[0]})", ONE
            case tree.Call():
                return self.called(node, "")[0], ONE
            case tree.History():
                return self.was(node, "true"), ONE
            case tree.Ternary():
                parts, last = _cases(node)
                said = [f"{self.one(then)} if {self.one(test)}" for test, then in parts]
                return f"{', '.join(said)}, otherwise {self.one(last)}", CHOICE
        return f"{write_expression(node)} is true", ONE

    def one(self, node: tree.Expr) -> str:
        """A condition, in brackets where it is more than one."""
        text, level = self.clause(node)
        return text if level >= ONE else f"({text})"

    def joined(self, node: tree.Binary) -> str:
        sides: list[str] = []
        left: tree.Expr = node
        while isinstance(left, tree.Binary) and left.operator == node.operator:
            sides.append(self.one(left.right))
            left = left.left
        sides.append(self.one(left))
        return f" {node.operator} ".join(reversed(sides))

    def compared(self, node: tree.Binary) -> str:
        kind = self.kind(node.left)
        if kind == "truth":
            spine: list[tree.Binary] = [node]  # a row of == and != does not nest
            while isinstance(spine[-1].left, tree.Binary) and spine[-1].left.operator in ("==", "!="):
                if self.kind(spine[-1].left.left) != "truth":
                    break
                spine.append(spine[-1].left)
            text = self.clause(spine[-1].left)[0]
            for part in reversed(spine):
                same = (
                    "are both true or both false"
                    if part.operator == "=="
                    else "are not both true or both false"
                )
                text = f"({text}) and ({self.clause(part.right)[0]}) {same}"
            return text
        if kind == "text":
            how = {"==": "is", "!=": "is not"}.get(node.operator, _COMPARED[node.operator])
            return f"{self.value(node.left)[0]} {how} {self.value(node.right)[0]}"
        return f"{self.part(node.left, SUM)} {_COMPARED[node.operator]} {self.part(node.right, SUM)}"

    def was(self, node: tree.History, truth: str) -> str:
        ago = self.ago(node.ago)
        if isinstance(node.base, tree.Name):
            name = "it" if node.base.name == self.subject else node.base.name
            return f"{name} was {truth} {ago}"
        return f"({self.clause(node.base)[0]}) was {truth} {ago}"

    # values

    def value(self, node: tree.Expr) -> tuple[str, int]:
        """A value as words, and how tightly they hold together."""
        match node:
            case tree.Number():
                return node.text, ATOM
            case tree.Text():
                return quote(node.value), ATOM
            case tree.Truth():
                return ("true" if node.value else "false"), ATOM
            case tree.Name():
                return self.name(node)
            case tree.Call(name=name, arguments=[frame, inner]) if name == TIMEFRAME_FUNCTION:
                return f"{self.part(inner, NOUN)} ({self.chart(frame)})", DATED
            case tree.Call():
                return self.called(node, "")
            case tree.Field(base=tree.Call() as call):
                return self.called(call, node.name)
            case tree.History(base=tree.Name() as base) if base.name == self.subject:
                return f"its own value {self.ago(node.ago)}", DATED
            case tree.History():
                return f"{self.part(node.base, ATOM)} {self.ago(node.ago)}", DATED
            case tree.Unary() if node.operator == "-":
                operand, signs = _signs(node)
                if isinstance(operand, tree.Number) and signs == 1:
                    return f"-{operand.text}", ATOM
                return "minus " * signs + self.part(operand, NOUN), SUM
            case tree.Binary() if node.operator in _LEVELS:
                return self.summed(node), SUM
            case tree.Ternary():
                parts, last = _cases(node)
                said = [f"{self.part(then, SUM)} if {self.one(test)}" for test, then in parts]
                return f"{', '.join(said)}, otherwise {self.part(last, SUM)}", CHOICE
        if self.kind(node) == "truth":
            return f"whether {self.one(node)}", CHOICE
        return write_expression(node), ATOM

    def part(self, node: tree.Expr, least: int) -> str:
        """A value, in brackets where its words hold together less tightly than `least`."""
        text, level = self.value(node)
        return text if level >= least else f"({text})"

    def name(self, node: tree.Name) -> tuple[str, int]:
        name = node.name
        if name in self.inputs or name in self.definitions:
            return name, ATOM
        if name == "na":
            return "a missing value", ATOM
        function = FUNCTIONS.get(name)
        if function is None or not function.bare:
            return name, ATOM
        phrase = phrase_of(name, "", 0)
        return phrase, NOUN if " and " in phrase else ATOM

    def summed(self, node: tree.Binary) -> str:
        """A run of + and -, or of *, / and %, from left to right; what binds otherwise stands in brackets."""
        level = _LEVELS[node.operator]
        spine = [node]
        while isinstance(spine[-1].left, tree.Binary) and _LEVELS.get(spine[-1].left.operator) == level:
            spine.append(spine[-1].left)
        text, alone = self.term(spine[-1].left), True
        for part in reversed(spine):
            right = self.part(part.right, NOUN) if part is node else self.term(part.right)
            if part.operator == "%":
                text = f"the remainder of {text if alone else f'({text})'} divided by {right}"
            else:
                text = f"{text} {_ARITHMETIC[part.operator]} {right}"
            alone = False
        return text

    def term(self, node: tree.Expr) -> str:
        """A value that an operator follows: in brackets where that could be taken for a part of it."""
        text, level = self.value(node)
        ends_itself = level == ATOM or (level == NOUN and " of " not in text and " over " not in text)
        return text if ends_itself else f"({text})"

    def ago(self, node: tree.Expr) -> str:
        if isinstance(node, tree.Number) and node.value == 1:
            return "one bar ago"
        return f"{self.count(node, 'bar')} ago"

    def chart(self, node: tree.Expr) -> str:
        """ "on the daily chart, as of its last closed bar"."""
        frame = read_timeframe(node.value) if isinstance(node, tree.Text) else None
        chart = (
            f"the {chart_of(frame.name)} chart"
            if frame
            else f"the chart of timeframe {self.part(node, ATOM)}"
        )
        return f"on {chart}, as of its last closed bar"

    def count(self, node: tree.Expr, noun: str) -> str:
        """ "14 bars", "1 bar", "n bars"."""
        one = isinstance(node, tree.Number) and node.value == 1
        if noun == "each":
            return "the 1 value" if one else f"each of the {self.part(node, ATOM)} values"
        return f"{self.part(node, ATOM)} {noun}{'' if one else 's'}"

    # functions

    def called(self, node: tree.Call, field: str) -> tuple[str, int]:
        """A call, or one of its values. What is no call of a function of the language is shown as it is written."""
        function = FUNCTIONS.get(node.name)
        phrase = phrase_of(node.name, field, len(node.arguments))
        written = write_expression(node) + (f".{field}" if field else "")
        if function is None or function.bare or not phrase or (field and field not in function.outputs):
            return written, ATOM
        given = node.arguments
        if function.most:
            listed = _listed([self.part(argument, ATOM) for argument in given], "and")
            return phrase.replace("{...}", listed), DATED
        names = [parameter.name for parameter in function.parameters]
        needed = sum(not parameter.optional for parameter in function.parameters)
        if not needed <= len(given) <= len(names):
            return written, ATOM
        if (
            node.name in ("highest", "lowest")
            and isinstance(given[0], tree.Name)
            and given[0].name in HIGHEST_OF
        ):
            return f"the {node.name} {given[0].name} of the last {self.count(given[1], 'bar')}", NOUN
        if node.name == "nz":
            instead = "0" if len(given) == 1 else self.part(given[1], NOUN)
            return f"{self.part(given[0], DATED)}, or {instead} while that is missing", CHOICE
        least = SUM if function.result == "truth" else ATOM
        text = self.filled(phrase, dict(zip(names, given, strict=False)), least)
        return text, DATED if node.name in ("pow", "barssince", "valuewhen") else NOUN

    def filled(self, phrase: str, arguments: dict[str, tree.Expr], least: int) -> str:
        """A phrase with its arguments, in brackets below `least`; the last may be a noun phrase in any case."""

        def fill(found: re.Match[str]) -> str:
            before, name, behind, noun = found.groups()
            node = arguments[name]
            if behind:
                return f"{node.text}-bar " if isinstance(node, tree.Number) else ""
            if before:
                return "" if isinstance(node, tree.Number) else f" over {self.count(node, 'bar')}"
            if noun:
                return self.count(node, noun)
            if name == "cond":
                return f"({self.clause(node)[0]})"
            rest = phrase[found.end() :]
            is_last = not rest or (rest == "{-n}" and isinstance(arguments["n"], tree.Number))
            return self.part(node, min(least, NOUN) if is_last else least)

        return re.sub(r"\{(-?)(\w+)(-?)(?::([a-z ]+))?\}", fill, phrase)


def _listed(items: list[str], word: str) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"


def _signs(node: tree.Unary) -> tuple[tree.Expr, int]:
    """What stands behind a row of equal signs, and how many they are."""
    operand: tree.Expr = node
    count = 0
    while isinstance(operand, tree.Unary) and operand.operator == node.operator:
        operand, count = operand.operand, count + 1
    return operand, count


def _cases(node: tree.Ternary) -> tuple[list[tuple[tree.Expr, tree.Expr]], tree.Expr]:
    """Conditions with their values, and the value otherwise."""
    parts = []
    last: tree.Expr = node
    while isinstance(last, tree.Ternary):
        parts.append((last.condition, last.then))
        last = last.otherwise
    return parts, last
