"""Expressions of a formula as plain English words.

Brackets stand wherever a reader could take the words in another order than the formula means.
"""

from __future__ import annotations

from apps.engine.lang import tree
from apps.engine.lang.functions import FUNCTIONS, KEEPS_PERCENT, TIMEFRAME_FUNCTION
from apps.engine.lang.lexer import quote
from apps.engine.lang.phrases import (
    COUNTED,
    HIGHEST_OF,
    PLACE,
    chart_of,
    pattern_of,
    phrase_of,
    place_name,
    with_length,
)
from apps.engine.lang.writer import write_expression
from apps.engine.program.calendar import read_timeframe
from apps.engine.said import Figure, listed, row, said

# how tightly words hold together: a name, a noun phrase, one with a time behind it, arithmetic, a choice
ATOM, NOUN, DATED, SUM, CHOICE = 4, 3, 2, 1, 0
# and of conditions: one, several joined, or a choice
ONE, JOINED = 2, 1

_COMPARED = {
    "<": said("{left} is below {right}"),
    "<=": said("{left} is at or below {right}"),
    ">": said("{left} is above {right}"),
    ">=": said("{left} is at or above {right}"),
    "==": said("{left} equals {right}"),
    "!=": said("{left} differs from {right}"),
}
_JOINED = {"and": said("{left} and {right}"), "or": said("{left} or {right}")}
_SAME = said("({left}) and ({right}) are both true or both false")
_UNLIKE = said("({left}) and ({right}) are not both true or both false")
_ARITHMETIC = {
    "+": said("{left} plus {right}"),
    "-": said("{left} minus {right}"),
    "*": said("{left} times {right}"),
    "/": said("{left} divided by {right}"),
    "%": said("the remainder of {left} divided by {right}"),
}
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
                return said("it is always true") if node.value else said("it is never true"), ONE
            case tree.Name():
                return said("{name} is true", name=node.name), ONE
            case tree.Unary() if node.operator == "not":
                operand, signs = _signs(node)
                if isinstance(operand, tree.Name):
                    if signs % 2:
                        return said("{name} is false", name=operand.name), ONE
                    return said("{name} is true", name=operand.name), ONE
                if isinstance(operand, tree.History) and isinstance(operand.base, tree.Name):
                    return self.was(operand, signs % 2 == 0), ONE
                text, level = self.clause(operand)
                return (said("it is not true that ({text})", text=text), ONE) if signs % 2 else (text, level)
            case tree.Binary() if node.operator in ("and", "or"):
                return self.joined(node), JOINED
            case tree.Binary() if node.operator in _COMPARED:
                return self.compared(node), ONE
            case tree.Call(name=name, arguments=[frame, inner]) if name == TIMEFRAME_FUNCTION:
                return said("{chart}, ({text})", chart=self.chart(frame), text=self.clause(inner)[0]), ONE
            case tree.Call():
                return self.called(node, "")[0], ONE
            case tree.History():
                return self.was(node, True), ONE
            case tree.Ternary():
                parts, last = _cases(node)
                told = [(self.one(then), self.one(test)) for test, then in parts]
                return _choice(told, self.one(last)), CHOICE
        return said("{name} is true", name=write_expression(node)), ONE

    def one(self, node: tree.Expr) -> str:
        """A condition, in brackets where it is more than one."""
        text, level = self.clause(node)
        return text if level >= ONE else bracketed(text)

    def joined(self, node: tree.Binary) -> str:
        sides: list[str] = []
        left: tree.Expr = node
        while isinstance(left, tree.Binary) and left.operator == node.operator:
            sides.append(self.one(left.right))
            left = left.left
        sides.append(self.one(left))
        return row(_JOINED[node.operator], sides[::-1])

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
                right = self.clause(part.right)[0]
                text = said(_SAME if part.operator == "==" else _UNLIKE, left=text, right=right)
            return text
        if kind == "text":
            left, right = self.value(node.left)[0], self.value(node.right)[0]
            if node.operator == "==":
                return said("{left} is {right}", left=left, right=right)
            if node.operator == "!=":
                return said("{left} is not {right}", left=left, right=right)
            return said(_COMPARED[node.operator], left=left, right=right)
        return said(
            _COMPARED[node.operator], left=self.part(node.left, SUM), right=self.part(node.right, SUM)
        )

    def was(self, node: tree.History, truth: bool) -> str:
        ago = self.ago(node.ago)
        if isinstance(node.base, tree.Name) and node.base.name == self.subject:
            return said("it was true {ago}", ago=ago) if truth else said("it was false {ago}", ago=ago)
        name = node.base.name if isinstance(node.base, tree.Name) else bracketed(self.clause(node.base)[0])
        if truth:
            return said("{name} was true {ago}", name=name, ago=ago)
        return said("{name} was false {ago}", name=name, ago=ago)

    # values

    def value(self, node: tree.Expr) -> tuple[str, int]:
        """A value as words, and how tightly they hold together."""
        match node:
            case tree.Number():
                return Figure(node.text), ATOM
            case tree.Text():
                return quote(node.value), ATOM
            case tree.Truth():
                return ("true" if node.value else "false"), ATOM
            case tree.Name():
                return self.name(node)
            case tree.Call(name=name, arguments=[frame, inner]) if name == TIMEFRAME_FUNCTION:
                return said("{value} ({chart})", value=self.part(inner, NOUN), chart=self.chart(frame)), DATED
            case tree.Call():
                return self.called(node, "")
            case tree.Field(base=tree.Call() as call):
                return self.called(call, node.name)
            case tree.History(base=tree.Name() as base) if base.name == self.subject:
                return said("its own value {ago}", ago=self.ago(node.ago)), DATED
            case tree.History():
                return said("{value} {ago}", value=self.part(node.base, ATOM), ago=self.ago(node.ago)), DATED
            case tree.Unary() if node.operator == "-":
                operand, signs = _signs(node)
                if isinstance(operand, tree.Number) and signs == 1:
                    return Figure(f"-{operand.text}"), ATOM
                text = self.part(operand, NOUN)
                for _ in range(signs):
                    text = said("minus {value}", value=text)
                return text, SUM
            case tree.Binary() if node.operator in _LEVELS:
                return self.summed(node), SUM
            case tree.Ternary():
                parts, last = _cases(node)
                told = [(self.part(then, SUM), self.one(test)) for test, then in parts]
                return _choice(told, self.part(last, SUM)), CHOICE
        if self.kind(node) == "truth":
            return said("whether {condition}", condition=self.one(node)), CHOICE
        return write_expression(node), ATOM

    def part(self, node: tree.Expr, least: int) -> str:
        """A value, in brackets where its words hold together less tightly than `least`."""
        text, level = self.value(node)
        return text if level >= least else bracketed(text)

    def name(self, node: tree.Name) -> tuple[str, int]:
        name = node.name
        if name in self.inputs or name in self.definitions:
            return name, ATOM
        if name == "na":
            return said("a missing value"), ATOM
        function = FUNCTIONS.get(name)
        if function is None or not function.bare:
            return name, ATOM
        phrase = phrase_of(name, "", 0)
        return said(phrase), NOUN if " and " in phrase else ATOM

    def summed(self, node: tree.Binary) -> str:
        """A run of + and -, or of *, / and %, from left to right; what binds otherwise stands in brackets."""
        level = _LEVELS[node.operator]
        spine = [node]
        while isinstance(spine[-1].left, tree.Binary) and _LEVELS.get(spine[-1].left.operator) == level:
            spine.append(spine[-1].left)
        text, alone = self.term(spine[-1].left), True
        for part in reversed(spine):
            right = self.part(part.right, NOUN) if part is node else self.term(part.right)
            if part.operator == "%" and not alone:
                text = bracketed(text)
            text = said(_ARITHMETIC[part.operator], left=text, right=right)
            alone = False
        return text

    def term(self, node: tree.Expr) -> str:
        """A value that an operator follows: in brackets where that could be taken for a part of it."""
        text, level = self.value(node)
        ends_itself = level == ATOM or (level == NOUN and " of " not in text and " over " not in text)
        return text if ends_itself else bracketed(text)

    def ago(self, node: tree.Expr) -> str:
        if isinstance(node, tree.Number) and node.value == 1:
            return said("one bar ago")
        return said("{bars} ago", bars=self.count(node, "bar"))

    def chart(self, node: tree.Expr) -> str:
        """ "on the daily chart, as of its last closed bar"."""
        frame = read_timeframe(node.value) if isinstance(node, tree.Text) else None
        if frame:
            return said("on the {frame} chart, as of its last closed bar", frame=chart_of(frame.name))
        return said(
            "on the chart of timeframe {frame}, as of its last closed bar", frame=self.part(node, ATOM)
        )

    def count(self, node: tree.Expr, noun: str) -> str:
        """ "14 bars", "1 bar", "n bars"."""
        one, several = COUNTED[noun]
        is_one = isinstance(node, tree.Number) and node.value == 1
        return said(one if is_one else several, count=self.part(node, ATOM))

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
            return said(phrase, items=items), DATED
        names = [parameter.name for parameter in function.parameters]
        needed = sum(not parameter.optional for parameter in function.parameters)
        if not needed <= len(given) <= len(names):
            return written, ATOM
        if (
            node.name in ("highest", "lowest")
            and isinstance(given[0], tree.Name)
            and given[0].name in HIGHEST_OF
        ):
            bars = self.count(given[1], "bar")
            if node.name == "highest":
                return said("the highest {price} of the last {bars}", price=given[0].name, bars=bars), NOUN
            return said("the lowest {price} of the last {bars}", price=given[0].name, bars=bars), NOUN
        if node.name == "nz":
            instead = "0" if len(given) == 1 else self.part(given[1], NOUN)
            return said(phrase, x=self.part(given[0], DATED), y=instead), CHOICE
        least = SUM if function.result == "truth" else ATOM
        text = self.filled(phrase, dict(zip(names, given, strict=False)), least)
        return text, DATED if node.name in ("pow", "barssince", "valuewhen") else NOUN

    def filled(self, phrase: str, arguments: dict[str, tree.Expr], least: int) -> str:
        """A phrase with its arguments, in brackets below `least`; the last may be a noun phrase in any case."""

        phrase = with_length(phrase, isinstance(arguments.get("n"), tree.Number))
        values = {}
        for found in PLACE.finditer(phrase):
            name, noun = found.groups()
            node = arguments[name]
            if noun:
                text = self.count(node, noun)
            elif name == "cond":
                text = bracketed(self.clause(node)[0])
            elif phrase[found.end() :].startswith("-bar "):
                text = self.part(node, ATOM)
            else:
                text = self.part(node, least if phrase[found.end() :] else min(least, NOUN))
            values[place_name(found)] = text
        return said(pattern_of(phrase), **values)


def bracketed(text: str) -> str:
    return said("({text})", text=text)


def _choice(cases: list[tuple[str, str]], last: str) -> str:
    """Values, each with its condition, and the one that is left."""
    told = [said("{value} if {condition}", value=value, condition=condition) for value, condition in cases]
    return said("{cases}, otherwise {last}", cases=row("{left}, {right}", told), last=last)


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
