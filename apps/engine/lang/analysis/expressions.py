"""Expressions other than calls: literals, names, history, operators and choices."""

from __future__ import annotations

import math

from apps.engine.lang import tree
from apps.engine.lang.analysis.calls import Calls
from apps.engine.lang.analysis.context import Test
from apps.engine.lang.analysis.values import ANY, NUMERIC, WORDS, Scope, Val
from apps.engine.lang.functions import BUILT_IN_NAMES, FUNCTIONS, MAX_LENGTH, TIMEFRAME_FUNCTION
from apps.engine.said import said

_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod"}
_COMPARISON = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
_TRUTH_EVENTS = {name for name, function in FUNCTIONS.items() if function.result == "truth"}


class Expressions(Calls):
    def expression(self, scope: Scope, node: tree.Expr) -> Val:
        val = self.meaning(scope, node)
        if scope is self.chart:
            self.meant[id(node)] = val
        return val

    def meaning(self, scope: Scope, node: tree.Expr) -> Val:
        match node:
            case tree.Number():
                return self.constant(scope, node.value, "percent" if node.is_percent else "number")
            case tree.Truth():
                return self.constant(scope, node.value, "truth")
            case tree.Text():
                return Val("text", text=node.value)
            case tree.Name():
                return self.name(scope, node)
            case tree.Call():
                return self.call(scope, node)
            case tree.Field():
                return self.field(scope, node)
            case tree.History():
                return self.history(scope, node)
            case tree.Unary():
                return self.unary(scope, node)
            case tree.Binary():
                return self.binary(scope, node)
            case tree.Ternary():
                return self.ternary(scope, node)
        raise TypeError(f"not an expression: {node!r}")

    def name(self, scope: Scope, node: tree.Name) -> Val:
        name = node.name
        self.used.add(name)
        if name == "na":
            return self.constant(scope, math.nan)
        if name in self.inputs:
            return self.input_value(scope, name)
        if name in self.definitions:
            if name in scope.names:
                return scope.names[name]
            return ANY  # part of a circle, which has its own message
        if name in self.known or name in self.input_nodes:
            return ANY
        function = FUNCTIONS.get(name)
        if function is not None and function.bare:
            return Val("number", function.build(scope.graph))
        if function is not None:
            return self.wrong(
                node,
                said("`{name}` needs its arguments", name=name),
                said("write {code}", code=function.signature),
            )
        if name == TIMEFRAME_FUNCTION:
            return self.wrong(
                node, said("`tf` needs its arguments"), said("write {code}", code='tf("1d", EXPRESSION)')
            )
        known = [*self.known, *BUILT_IN_NAMES, "true", "false", "not"]
        return self.wrong(node, said("unknown name `{name}`", name=name[:60]), self.nearest(name, known))

    def input_value(self, scope: Scope, name: str) -> Val:
        value = self.values[name]
        kind = self.inputs[name].kind
        if kind == "text":
            return Val("text", text=str(value))
        return self.constant(scope, float(value), "number" if kind == "integer" else kind)

    def field(self, scope: Scope, node: tree.Field) -> Val:
        val = self.expression(scope, node.base)
        if val.type == "any":
            return ANY
        if val.type != "many":
            return self.wrong(
                node,
                said("`.{name}`: only many-valued functions have fields", name=node.name[:40]),
                said("for instance macd(close, 12, 26, 9).signal"),
            )
        fields = dict(val.fields)
        if node.name not in fields:
            hint = self.nearest(node.name, fields) or said(
                "choose one of {names}", names=" ".join(f".{name}" for name in fields)
            )
            return self.wrong(
                node,
                said("`{function}` has no value `.{name}`", function=val.function, name=node.name[:40]),
                hint,
            )
        return Val("number", fields[node.name])

    def history(self, scope: Scope, node: tree.History) -> Val:
        ago = self.whole(scope, node.ago, said("the number of bars in [ ]"), 0, MAX_LENGTH)
        if isinstance(node.base, tree.Name):
            name = node.base.name
            if name in self.definitions and name not in scope.names and name not in self.circular:
                self.used.add(name)
                if ago is None:
                    return ANY
                if ago == 0:
                    return self.wrong(
                        node,
                        said("`{name}` depends on its own value of the same bar", name=name),
                        said("use an earlier value: {name}[1]", name=name),
                    )
                return self.open_past(scope, name, ago)
        val = self.single(scope, node.base)
        if val.type == "any" or ago is None:
            return Val(val.type) if val.type == "any" else ANY
        if val.type == "text":
            return self.wrong(node, said("a text has no history"))
        return Val(val.type, scope.graph.history(val.ref, ago))

    def open_past(self, scope: Scope, name: str, ago: int) -> Val:
        type_ = self.kinds.get(name) or _guess(self.definitions[name].value)
        if scope is self.chart:
            self.guesses[name] = type_
        instruction = scope.graph.open_history("b" if type_ == "truth" else "f", ago)
        scope.open.append((instruction, name))
        return Val(type_, instruction.outputs[0])

    def unary(self, scope: Scope, node: tree.Unary) -> Val:
        chain = [node]
        while isinstance(chain[-1].operand, tree.Unary):
            chain.append(chain[-1].operand)
        val = self.single(scope, chain[-1].operand)
        for part in reversed(chain):
            if val.type == "any":
                return ANY
            if part.operator == "not":
                if val.type != "truth":
                    hint = (
                        said("write brackets around what it negates: not (a > b)")
                        if val.type in NUMERIC
                        else ""
                    )
                    return self.wrong(
                        part, said("`not` expects true/false, found {type}", type=WORDS[val.type]), hint
                    )
                val = Val("truth", scope.graph.one("not", (val.ref,)))
            else:
                if val.type not in NUMERIC:
                    return self.wrong(part, said("`-` expects a number, found {type}", type=WORDS[val.type]))
                val = Val(val.type, scope.graph.one("neg", (val.ref,)))
            if scope is self.chart:
                self.meant[id(part)] = val
        return val

    def binary(self, scope: Scope, node: tree.Binary) -> Val:
        spine = [node]
        while isinstance(spine[-1].left, tree.Binary):
            spine.append(spine[-1].left)
        left = self.single(scope, spine[-1].left)
        for part in reversed(spine):
            right = self.single(scope, part.right)
            result = self.apply_binary(scope, part, left, right)
            if scope is self.chart:
                self.meant[id(part)] = result
                if result.type == "truth":
                    self.tests.append(Test(part, left, right, result))
            left = result
        return left

    def apply_binary(self, scope: Scope, node: tree.Binary, left: Val, right: Val) -> Val:
        operator = node.operator
        graph = scope.graph
        if operator in ("and", "or"):
            for side, val in ((node.left, left), (node.right, right)):
                if val.type not in ("truth", "any"):
                    hint = said("compare it, for instance with > 0") if val.type in NUMERIC else ""
                    self.wrong(
                        side,
                        said(
                            "`{operator}` expects true/false on both sides, found {type}",
                            operator=operator,
                            type=WORDS[val.type],
                        ),
                        hint,
                    )
            if "any" in (left.type, right.type) or left.type != "truth" or right.type != "truth":
                return ANY
            return Val("truth", graph.one(operator, (left.ref, right.ref)))
        if operator in ("==", "!="):
            if "any" in (left.type, right.type):
                return ANY  # whatever is on the other side may be right
            if left.type == right.type == "truth":
                return Val(
                    "truth", graph.one("same" if operator == "==" else "differ", (left.ref, right.ref))
                )
            if left.type == right.type == "text":
                return self.constant(scope, (left.text == right.text) == (operator == "=="), "truth")
            if (left.type in NUMERIC) != (right.type in NUMERIC) or "text" in (left.type, right.type):
                return self.wrong(
                    node,
                    said(
                        "cannot compare {type} with {type2}", type=WORDS[left.type], type2=WORDS[right.type]
                    ),
                )
        bad = False
        for side, val in ((node.left, left), (node.right, right)):
            if val.type not in NUMERIC and val.type != "any":
                bad = True
                hint = ""
                if val.type == "truth" and operator in _COMPARISON:
                    hint = said("join two comparisons with and: a < b and b < c")
                self.wrong(
                    side,
                    said(
                        "`{operator}` expects numbers on both sides, found {type}",
                        operator=operator,
                        type=WORDS[val.type],
                    ),
                    hint,
                )
        if bad or "any" in (left.type, right.type):
            return ANY
        refs = (left.ref, right.ref)
        if operator in _COMPARISON:
            return Val("truth", graph.one(_COMPARISON[operator], refs))
        type_ = "percent" if self.stays_percent(scope, operator, left, right) else "number"
        return Val(type_, graph.one(_ARITHMETIC[operator], refs))

    def stays_percent(self, scope: Scope, operator: str, left: Val, right: Val) -> bool:
        """Whether the result is a percentage: of two, their sum and the like; of one, a constant multiple of it.
        A percentage of a series (close * 2%) is a number."""
        if left.type == right.type == "percent":
            return operator != "/"
        if left.type == "percent":
            return operator in "*/" and self.const_of(scope, right) is not None
        return right.type == "percent" and operator == "*" and self.const_of(scope, left) is not None

    def ternary(self, scope: Scope, node: tree.Ternary) -> Val:
        chain = [node]
        while isinstance(chain[-1].otherwise, tree.Ternary):
            chain.append(chain[-1].otherwise)
        result = self.single(scope, chain[-1].otherwise)
        for part in reversed(chain):
            condition = self.condition(scope, part.condition, said("the condition before `?`"))
            then = self.single(scope, part.then)
            if "any" in (condition.type, then.type, result.type):
                result = ANY
                continue
            same = then.type == result.type or (then.type in NUMERIC and result.type in NUMERIC)
            if not same:
                result = self.wrong(
                    part,
                    said(
                        "both sides of `:` must be of one type, found {type} and {type2}",
                        type=WORDS[then.type],
                        type2=WORDS[result.type],
                    ),
                )
            elif then.type == "text":
                chosen = self.const_of(scope, condition)
                if chosen is None:
                    result = self.wrong(
                        part, said("a text cannot change from bar to bar"), said("choose it by inputs only")
                    )
                else:
                    result = then if chosen else result
            else:
                result = self.choose(scope, condition, then, result)
            if scope is self.chart:
                self.meant[id(part)] = result
        return result

    def choose(self, scope: Scope, condition: Val, then: Val, otherwise: Val) -> Val:
        type_ = then.type if then.type == otherwise.type else "number"
        constant = self.const_of(scope, condition)
        if constant is not None:
            return Val(type_, then.ref if constant else otherwise.ref)
        op = "choose_bool" if type_ == "truth" else "choose"
        return Val(type_, scope.graph.one(op, (condition.ref, then.ref, otherwise.ref)))


def _guess(node: tree.Expr) -> str:
    """The likely type of a definition that is used before it is built: true/false or a number."""
    while isinstance(node, tree.Ternary):
        node = node.then
    if isinstance(node, tree.Truth) or (isinstance(node, tree.Unary) and node.operator == "not"):
        return "truth"
    if isinstance(node, tree.Binary) and (node.operator in _COMPARISON or node.operator in ("and", "or")):
        return "truth"
    if isinstance(node, tree.Call) and node.name in _TRUTH_EVENTS:
        return "truth"
    return "number"
