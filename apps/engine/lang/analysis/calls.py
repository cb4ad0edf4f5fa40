"""Calls of functions, their arguments, and tf()."""

from __future__ import annotations

from typing import Any

from apps.engine.lang import tree
from apps.engine.lang.analysis.constants import Constants
from apps.engine.lang.analysis.context import Test
from apps.engine.lang.analysis.ranges import CROSSINGS, Range
from apps.engine.lang.analysis.values import ANY, NUMERIC, WORDS, Scope, Val
from apps.engine.lang.functions import FUNCTIONS, KEEPS_PERCENT, TIMEFRAME_FUNCTION, Function, Parameter
from apps.engine.program.calendar import Timeframe, read_timeframe
from apps.engine.said import said

# of functions made of operators that do not tell it
RANGES = {"ultosc": Range(0.0, 100.0), "tsi": Range(-1.0, 1.0)}


class Calls(Constants):
    def call(self, scope: Scope, node: tree.Call) -> Val:
        name = node.name
        if name == TIMEFRAME_FUNCTION:
            return self.timeframe(scope, node)
        function = FUNCTIONS.get(name)
        if function is None:
            for argument in node.arguments:
                self.expression(scope, argument)
            self.used.add(name)
            if name in self.known:
                return self.wrong(
                    node,
                    said("`{name}` is a series, not a function", name=name),
                    said("for its past write {name}[n]", name=name),
                )
            callables = [n for n, f in FUNCTIONS.items() if not f.bare]
            return self.wrong(
                node,
                said("unknown function `{name}`", name=name[:60]),
                self.nearest(name, [*callables, TIMEFRAME_FUNCTION]),
            )
        if function.bare:
            for argument in node.arguments:
                self.expression(scope, argument)
            return self.wrong(
                node,
                said("`{name}` takes no arguments", name=name),
                said("write {name} without brackets", name=name),
            )
        arguments = self.arguments(scope, node, function)
        if arguments is None:
            return ANY
        if name == "sar" and arguments[0] > arguments[2]:
            return self.wrong(node.arguments[0], said("the start of `sar` is above its limit"))
        built = function.build(scope.graph, *[a.ref if isinstance(a, Val) else a for a in arguments])
        if function.outputs:
            return Val("many", fields=tuple(zip(function.outputs, built, strict=True)), function=name)
        if function.result == "truth":
            result = Val("truth", built)
            if scope is self.chart and name in CROSSINGS:
                self.tests.append(Test(node, arguments[0], arguments[1], result))
            return result
        if name in RANGES:
            scope.ranges[built] = RANGES[name]
        types = {a.type for a in arguments if isinstance(a, Val)}
        return Val("percent" if types == {"percent"} and name in KEEPS_PERCENT else "number", built)

    def arguments(self, scope: Scope, node: tree.Call, function: Function) -> list[Any] | None:
        """Values for series and conditions, numbers for constants; None after noting what is wrong."""
        given = len(node.arguments)
        parameters = list(function.parameters)
        least = sum(not p.optional for p in parameters) if not function.most else 2
        most = function.most or len(parameters)
        if not least <= given <= most:
            wanted = (
                f"{least}"
                if least == most
                else said("{least} or {most}", least=least, most=most)
                if most == least + 1
                else said("{least} to {most}", least=least, most=most)
            )
            takes = (
                said("`{name}` takes 1 argument, found {given}", name=function.name, given=given)
                if wanted == "1"
                else said(
                    "`{name}` takes {wanted} arguments, found {given}",
                    name=function.name,
                    wanted=wanted,
                    given=given,
                )
            )
            self.wrong(
                node,
                takes,
                said("write {code}", code=function.signature),
            )
            for argument in node.arguments:
                self.expression(scope, argument)
            return None
        if function.most:
            parameters = [parameters[0]] * given
        result = [
            self.argument(scope, function, p, n) for p, n in zip(parameters, node.arguments, strict=False)
        ]
        return None if any(value is None for value in result) else result

    def argument(
        self, scope: Scope, function: Function, parameter: Parameter, node: tree.Expr
    ) -> Val | float | None:
        what = said("`{parameter}` of `{function}`", parameter=parameter.name, function=function.name)
        if parameter.kind == "length":
            return self.whole(scope, node, what, parameter.low, parameter.high)
        if parameter.kind == "number":
            value = self.number_constant(scope, node, what)
            if value is not None and not parameter.low <= value <= parameter.high:
                self.wrong(
                    node,
                    said(
                        "expected {low} to {high} for {what}, found {value}",
                        low=f"{parameter.low:g}",
                        high=f"{parameter.high:,.10g}",
                        what=what,
                        value=f"{value:g}",
                    ),
                )
                return None
            return value
        if parameter.kind == "condition":
            val = self.condition(scope, node, what)
            return None if val.type == "any" else val
        val = self.single(scope, node)
        if val.type == "any":
            return None
        if val.type not in NUMERIC:
            self.wrong(
                node, said("expected a number for {what}, found {type}", what=what, type=WORDS[val.type])
            )
            return None
        return val

    def timeframe(self, scope: Scope, node: tree.Call) -> Val:
        if len(node.arguments) != 2:
            for argument in node.arguments:
                self.expression(scope, argument)
            return self.wrong(
                node,
                said("`tf` takes 2 arguments, found {count}", count=len(node.arguments)),
                said("write {code}", code='tf("1d", EXPRESSION)'),
            )
        name, inner = node.arguments
        named = self.single(scope, name)
        frame: Timeframe | None = None
        if named.type == "text" and named.text is not None:
            frame = read_timeframe(named.text)
            if frame is None:
                self.wrong(
                    name,
                    said('"{text}" is no timeframe', text=named.text[:40]),
                    said(
                        'write a count and m, h, d, w or M, such as "15m", "4h", "1d"; '
                        "minutes and hours must divide a day"
                    ),
                )
        elif named.type != "any":
            self.wrong(
                name,
                said("expected a timeframe as a text, found {type}", type=WORDS[named.type]),
                said("write {code}", code='tf("1d", EXPRESSION)'),
            )
        if scope.frame is not None:
            return self.wrong(node, said("`tf` cannot stand inside another `tf`"))
        if frame is None:
            self.single(scope, inner)
            return ANY
        nested = self.framed_name(inner)
        if nested is not None:
            return self.wrong(
                nested, said("`tf` cannot stand inside another `tf`, and `{name}` uses it", name=nested.name)
            )
        target = self.scope_of(frame)
        self.define_all(target, inner)
        val = self.single(target, inner)
        target.close()
        if val.type in ("any", "text"):
            return (
                val
                if val.type == "any"
                else self.wrong(inner, said("expected a number or true/false in `tf`, found a text"))
            )
        constant = self.const_of(target, val)
        if constant is not None:
            return self.constant(scope, constant, val.type)
        return Val(val.type, scope.graph.from_frame(frame.name, val.ref, target.graph.values[val.ref].kind))
