"""Pine expressions as values: names, operators, history, choices and calls."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.engine.lang import tree
from apps.engine.pine.importer import inputs, moments, texts
from apps.engine.pine.importer.invocations import Invocations
from apps.engine.pine.importer.names import read_name
from apps.engine.pine.importer.report import Cannot, impossible
from apps.engine.pine.importer.state import State
from apps.engine.pine.importer.values import (
    DRAWING,
    Folded,
    Value,
    binary,
    both,
    choose,
    either,
    inverse,
    negative,
    number,
    past,
    truth_of,
)
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said

if TYPE_CHECKING:
    from apps.engine.pine.importer.statements import Walk

MAX_CHAIN = 1_000  # operators in a row: more than the words of a formula allow
_SKIPPED = said(
    "TradingView computes a side of a choice, `and` or `or` only on bars that need it, a formula on all"
)
_TOO_LONG = said("the expression is longer than a formula can be")
_COMPARE = frozenset(["<", "<=", ">", ">=", "==", "!="])


class Expressions:
    """Converts expressions. What cannot be said in a formula raises Cannot."""

    def __init__(self, state: State, walk: Walk) -> None:
        self.state = state
        self.walk = walk
        self.invocations = Invocations(self)
        self.remembering = 0  # calls so far of what remembers the past

    # kinds

    def number_of(self, value: Value) -> tree.Expr:
        match value.kind:
            case "number" | "na":
                assert value.expr is not None
                return value.expr
            case "truth":
                assert value.expr is not None
                return choose(value.expr, number(1), number(0))
            case "drawing":
                raise Cannot(said("a colour or drawing stands where a number is needed"))
            case "poison":
                raise Cannot(value.name)
            case "text":
                raise Cannot(said("a text stands where a number is needed"))
            case "tuple":
                raise Cannot(said("several values stand where one is needed"))
            case "moment":
                raise Cannot(said("a formula reads the time as year, month, day_of_month, hour and minute"))
        raise Cannot(said("`{name}` stands where a number is needed", name=value.name))

    def truth(self, value: Value) -> tree.Expr:
        if value.kind == "truth":
            assert value.expr is not None
            return value.expr
        if value.kind == "na":
            return truth_of(False)
        return binary("!=", self.number_of(value), number(0))

    def number(self, node: pine.Expr) -> tree.Expr:
        return self.number_of(self.value(node))

    def condition(self, node: pine.Expr) -> tree.Expr:
        return self.truth(self.value(node))

    # the whole

    def value(self, node: pine.Expr) -> Value:
        self.state.step()
        result = self.meaning(node)
        if node.brackets and isinstance(result.expr, tree.Binary | tree.Ternary):
            result = replace(result, expr=replace(result.expr, brackets=1))
        return result

    def meaning(self, node: pine.Expr) -> Value:
        match node:
            case pine.Num():
                return self.literal(node)
            case pine.Str():
                return Value("text", parts=(node.value,))
            case pine.Truth():
                return Value("truth", tree.Truth(0, 0, node.value))
            case pine.Color():
                return DRAWING
            case pine.Name():
                return read_name(self.state, node.path)
            case pine.Index():
                return self.index(node)
            case pine.Unary():
                return self.unary(node)
            case pine.Binary():
                return self.chain(node)
            case pine.Choice():
                return self.choice(node)
            case pine.Items():
                return Value("tuple", items=tuple(self.value(item) for item in node.items))
            case pine.IfValue():
                return self.walk.branches(node.branches)
            case pine.LoopValue():
                raise impossible(
                    said("a formula has no loops: write what it computes with sma, highest, cum and the like")
                )
            case pine.Call():
                return self.invocations.call(node)
        raise TypeError(f"not an expression: {node!r}")

    def literal(self, node: pine.Num) -> Value:
        value = float(node.text)
        if not math.isfinite(value) or value > 1e300:
            raise Cannot(said("the number {text} is too large", text=node.text[:40]))
        text = node.text
        if text.endswith("."):
            text += "0"
        if text.startswith("."):
            text = "0" + text
        return Value("number", number(text), integer=text.isdigit())

    # history

    def index(self, node: pine.Index) -> Value:
        ago = self.value(node.offset)
        offset = self.number_of(ago)
        base = (
            self.value(node.base) if not isinstance(node.base, pine.Name) else self.past_of(node.base, offset)
        )
        if base.kind in ("drawing", "text", "symbol", "constant", "na"):
            return base
        if isinstance(node.base, pine.Name) and self.state.find(node.base.path) is not None:
            return base
        if isinstance(offset, tree.Number) and offset.value == 0:
            return base
        if base.kind == "truth":
            return Value("truth", past(self.truth(base), offset))
        return Value("number", past(self.number_of(base), offset), integer=base.integer)

    def past_of(self, node: pine.Name, offset: tree.Expr) -> Value:
        variable = self.state.find(node.path)
        if variable is None:
            return read_name(self.state, node.path)
        current = variable.current
        if isinstance(offset, tree.Number) and offset.value == 0:
            return read_name(self.state, node.path)
        if current.kind in ("number", "truth", "na"):
            plain = variable.versions == 0 and current.expr is not None and current.kind != "na"
            if plain and current.expr is not None:  # a function's parameter: any expression
                return Value(current.kind, past(current.expr, offset), integer=current.integer)
            if variable.born:
                self.invocations.note_block()
            return self.state.history(variable, offset)
        if current.kind == "poison":
            raise Cannot(current.name)
        return current

    # operators

    def unary(self, node: pine.Unary) -> Value:
        operand = self.value(node.operand)
        if operand.kind == "drawing":
            return operand
        if node.operator == "not":
            return Value("truth", inverse(self.truth(operand)))
        return Value("number", negative(self.number_of(operand)), integer=operand.integer)

    def chain(self, node: pine.Binary) -> Value:
        """a + b + c ...: read from the left in a loop, since chains may be long."""
        spine = [node]
        left: pine.Expr = node.left
        while isinstance(left, pine.Binary) and not left.brackets:
            spine.append(left)
            left = left.left
        if len(spine) > MAX_CHAIN:
            raise Cannot(_TOO_LONG)
        if inputs.is_percent(spine[-1]) and isinstance(left, pine.Call):
            result = inputs.read(self, left, percent=True)
            spine.pop()
        else:
            result = self.value(left)
        for one in reversed(spine):
            result = self.combine(one.operator, result, one.right)
        return result

    def combine(self, operator: str, left: Value, right_node: pine.Expr) -> Value:
        calls = self.remembering
        right = self.value(right_node)
        if "drawing" in (left.kind, right.kind):
            return DRAWING
        if operator in ("and", "or"):
            join = both if operator == "and" else either
            if self.remembering > calls and self.state.script.version >= 6:
                self.note_skipped(self.truth(left))
            return Value("truth", join(self.joined(operator, left), self.joined(operator, right)))
        if "moment" in (left.kind, right.kind) and operator in _COMPARE:
            return moments.compare(operator, left, right)
        if "text" in (left.kind, right.kind) or "symbol" in (left.kind, right.kind):
            return self.combine_texts(operator, left, right)
        if operator in ("==", "!=") and left.kind == right.kind == "truth":
            return Value("truth", binary(operator, self.truth(left), self.truth(right)))
        if operator in ("==", "!=") and "constant" in (left.kind, right.kind):
            raise Cannot(said("`{value}` cannot be compared in a formula", value=left.name or right.name))
        first, second = self.number_of(left), self.number_of(right)
        if operator in _COMPARE:
            return Value("truth", binary(operator, first, second))
        integer = left.integer and right.integer and operator != "/"
        whole = left.integer and right.integer and operator == "/" and self.state.script.version < 6
        if whole and isinstance(first, tree.Number) and isinstance(second, tree.Number) and second.value:
            quotient = math.trunc(first.value / second.value)
            if quotient != first.value / second.value:
                self.state.record.note(
                    "imported",
                    said(
                        "{text}/{text_2} is {quotient} in Pine before version 6: whole numbers",
                        text=first.text,
                        text_2=second.text,
                        quotient=quotient,
                    ),
                )
                return Value("number", number(float(quotient)), integer=True)
        return Value("number", binary(operator, first, second), integer=integer)

    def joined(self, operator: str, value: Value) -> tree.Expr:
        expr = self.truth(value)
        loose = isinstance(expr, tree.Ternary) or (
            operator == "and" and isinstance(expr, tree.Binary) and expr.operator == "or"
        )
        return replace(expr, brackets=1) if loose and not expr.brackets else expr

    def combine_texts(self, operator: str, left: Value, right: Value) -> Value:
        if operator == "+":
            return Value("text", parts=texts.joined(texts.parts_of(left), texts.parts_of(right)))
        if operator in ("==", "!="):
            sides = []
            for value in (left, right):
                if value.kind == "symbol":
                    raise Cannot(said("`{name}` cannot be compared in a formula", name=value.name))
                fixed = value.fixed_text
                if fixed is not None:
                    sides.append(tree.Text(0, 0, fixed))
                elif value.kind == "text" and value.expr is not None:
                    sides.append(value.expr)  # type: ignore[arg-type]
                else:
                    raise Cannot(said("a text that changes cannot be compared in a formula"))
            if all(isinstance(side, tree.Text) for side in sides):
                equal = sides[0].value == sides[1].value
                return Value("truth", truth_of(equal if operator == "==" else not equal))
            return Value("truth", binary(operator, sides[0], sides[1]))
        raise Cannot(said("texts cannot be joined by `{operator}`", operator=operator))

    # choices

    def choice(self, node: pine.Choice) -> Value:
        if len(node.cases) > MAX_CHAIN:
            raise Cannot(_TOO_LONG)
        calls = self.remembering
        result = self.attempt(node.otherwise)
        for condition_node, then_node in reversed(node.cases):
            then = self.attempt(then_node)
            result = self.choose(condition_node, then, result, remembers=self.remembering > calls)
        if isinstance(result, Cannot):
            raise result
        return result

    def attempt(self, node: pine.Expr) -> Value | Cannot:
        """A branch, or why it cannot be: a setting's default may show that it is not needed."""
        try:
            return self.value(node)
        except Cannot as problem:
            return problem

    def choose(
        self,
        condition_node: pine.Expr,
        then: Value | Cannot,
        otherwise: Value | Cannot,
        remembers: bool = False,
    ) -> Value | Cannot:
        drawing = [side for side in (then, otherwise) if isinstance(side, Value) and side.kind == "drawing"]
        if drawing:
            return DRAWING
        condition = self.condition(condition_node)
        if isinstance(condition, Folded):
            return then if condition.value else otherwise
        if remembers:
            self.note_skipped(condition)
        if isinstance(then, Cannot) or isinstance(otherwise, Cannot):
            known = self.default_of(condition)
            kept = then if known else otherwise
            lost = otherwise if known else then
            if known is None or isinstance(kept, Cannot):
                return then if isinstance(then, Cannot) else otherwise
            assert isinstance(lost, Cannot)
            self.state.record.note(
                "needs_edit",
                said("taken as its inputs stand by default; left out: {message}", message=lost.message),
            )
            return kept
        return self.merge(condition, then, otherwise)

    def note_skipped(self, condition: tree.Expr) -> None:
        """Say so where a side that remembers the past is computed on some bars only: as `condition` has it."""
        if self.default_of(condition) is None:
            self.state.record.note("imported", _SKIPPED)

    def merge(self, condition: tree.Expr, then: Value, otherwise: Value) -> Value:
        """condition ? then : otherwise."""
        for side in (then, otherwise):
            if side.kind == "poison":
                raise Cannot(side.name)
        texts.check_alternatives(then, otherwise)
        if then == otherwise:
            return then
        kinds = {then.kind, otherwise.kind}
        if "drawing" in kinds:
            return DRAWING
        if "tuple" in kinds:
            if kinds != {"tuple"} or len(then.items) != len(otherwise.items):
                raise Cannot(said("the branches have different numbers of values"))
            pairs = zip(then.items, otherwise.items, strict=True)
            return Value("tuple", items=tuple(self.merge(condition, one, other) for one, other in pairs))
        if kinds == {"text"}:
            return Value("text", choice=(condition, then, otherwise))
        if kinds & {"text", "symbol", "constant", "void", "moment"}:
            known = self.default_of(condition)
            if known is not None and not kinds & {"void"}:
                kept = then if known else otherwise
                self.state.record.note(
                    "needs_edit", said("a text cannot be chosen by a condition: taken as its inputs stand")
                )
                return kept
            raise Cannot(said("a text or a constant of Pine's cannot be chosen by a condition"))
        integer = all(side.integer or side.kind == "na" for side in (then, otherwise))
        if "truth" in kinds:
            return Value("truth", choose(condition, self.truth(then), self.truth(otherwise)))
        return Value(
            "number", choose(condition, self.number_of(then), self.number_of(otherwise)), integer=integer
        )

    def default_of(self, condition: tree.Expr) -> bool | None:
        """Whether the condition holds with every input at its default; None: it depends on the bars."""
        match condition:
            case tree.Truth():
                return condition.value
            case tree.Name():
                declared = self.default_input(condition)
                return declared.value if isinstance(declared, tree.Truth) else None
            case tree.Unary(operator="not"):
                known = self.default_of(condition.operand)
                return None if known is None else not known
            case tree.Binary(operator="and" | "or"):
                sides = [self.default_of(condition.left), self.default_of(condition.right)]
                decisive = condition.operator == "or"
                if decisive in sides:
                    return decisive
                return None if None in sides else not decisive
            case tree.Binary(operator="==" | "!="):
                first, second = self.default_input(condition.left), self.default_input(condition.right)
                if isinstance(first, tree.Text | tree.Number) and isinstance(second, type(first)):
                    return (first.value == second.value) == (condition.operator == "==")
        return None

    def default_input(self, node: tree.Expr) -> tree.Expr:
        while isinstance(node, tree.Name):
            if node.name in self.state.inputs:
                return self.state.inputs[node.name].default
            definition = self.state.definitions.get(node.name)
            if definition is None:
                break
            node = definition.expr
        return node
