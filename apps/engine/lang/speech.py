"""Expressions of a formula as plain English words.

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


class Speech:
    """Knows what the names of a formula stand for. `subject`: the definition that is being explained."""

    def __init__(self, formula: tree.Formula) -> None:
        self.inputs = {s.name: s for s in formula.statements if isinstance(s, tree.Input)}
        self.definitions = {s.name: s.value for s in formula.statements if isinstance(s, tree.Definition)}
        self.subject = ""
        self.kinds: dict[str, str] = {}

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
            items = listed([self.part(argument, ATOM) for argument in given])
            return phrase.replace("{...}", items), DATED
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


def listed(items: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


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
