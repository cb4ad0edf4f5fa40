"""Calls within expressions: Pine's functions, the script's own, inputs, texts and other timeframes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.engine.pine.importer import functions, inputs, moments, requests, texts
from apps.engine.pine.importer.arguments import bind_arguments
from apps.engine.pine.importer.converters import Arguments
from apps.engine.pine.importer.drawing import draws
from apps.engine.pine.importer.report import Cannot, impossible
from apps.engine.pine.importer.state import MAX_CALLS, Variable
from apps.engine.pine.importer.values import DRAWING, Value, binary, call, name, past
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said

if TYPE_CHECKING:
    from apps.engine.pine.importer.expressions import Expressions

_IN_BLOCK = said("TradingView computes this only on bars on which its block runs, a formula on all")
_COLLECTIONS = ("array", "matrix", "map")
_CLOCK = ("hour", "minute", "year", "month", "dayofmonth", "dayofweek")


class Invocations:
    """Converts calls. What cannot be said in a formula raises Cannot."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.state = expressions.state

    def call(self, node: pine.Call) -> Value:
        path = functions.OLD_NAMES.get(node.path, node.path)
        if node.receiver is not None:
            return self.method(node)
        if node.path in self.state.functions:
            return self.own_function(self.state.functions[node.path], node)
        family, _, word = path.rpartition(".")
        if draws(path) or draws(family):
            return DRAWING
        variable = self.state.find(family) if family else None
        if variable is not None:
            if variable.current.kind == "drawing":
                return DRAWING
            if variable.current.kind == "poison":
                raise Cannot(variable.current.name)
            raise impossible(said("`{path}`: methods have no counterpart in a formula", path=node.path))
        if path == "input" or family == "input":
            return inputs.read(self.expressions, node)
        if path == "request.security":
            return requests.security(self.expressions, node)
        if path.startswith("ticker."):
            raise impossible(requests.OTHER_CHART)
        if family == "request" or path in ("financial", "quandl"):
            raise impossible(
                said("`{path}`: a formula reads the bars of one instrument and nothing else", path=node.path)
            )
        if family in _COLLECTIONS:
            raise impossible(
                said(
                    "a formula has no {family} type: each series is named and keeps its own history",
                    family=family,
                )
            )
        if family == "str":
            return texts.read(self.expressions, word, node)
        if path == "timestamp":
            return moments.timestamp(self.expressions, node)
        if path in ("time", "time_close"):
            raise Cannot(
                said(
                    "`{path}`: a formula reads the time as year, month, day_of_month, hour and minute",
                    path=node.path,
                )
            )
        if path == "timeframe.change":
            return self.timeframe_change(node)
        if path in functions.SEVERAL:
            arguments = [self.expressions.number(argument.value) for argument in node.arguments]
            result = arguments[0] if len(arguments) == 1 else call(functions.SEVERAL[path], *arguments)
            return Value("number", result)
        if path in functions.CONVERTERS:
            return self.built_in(path, node)
        if path in functions.NO_COUNTERPART:
            raise Cannot(said("`{path}` has no counterpart among the formula's functions", path=node.path))
        if path == "plot":
            self.expressions.walk.calls.plot(node)
            return DRAWING
        if family == "strategy" or path in ("alert", "alertcondition"):
            raise Cannot(said("`{path}` cannot stand inside an expression of a formula", path=node.path))
        raise Cannot(said("the function `{path}` is not known", path=node.path))

    def method(self, node: pine.Call) -> Value:
        assert node.receiver is not None
        if self.expressions.value(node.receiver).kind == "drawing":
            return DRAWING
        raise impossible(said("`.{path}`: methods have no counterpart in a formula", path=node.path))

    def built_in(self, path: str, node: pine.Call) -> Value:
        parameters, convert = functions.CONVERTERS[path]
        names = parameters.split()
        if path in _CLOCK and len(node.arguments) == 1:
            moment = node.arguments[0].value
            if isinstance(moment, pine.Name) and moment.path == "time":
                return self.expressions.value(pine.Name(node.line, path))
        bound = bind_arguments(node, parameters, lenient=True)
        values = {key: self.expressions.value(argument) for key, argument in bound.items() if key in names}
        for key in bound.keys() - values.keys():  # names differ between versions; in their order they do not
            free = [candidate for candidate in names if candidate not in bound]
            if not free:
                raise Cannot(said("`{path}` has no argument `{key}`", path=node.path, key=key))
            values[free[0]] = self.expressions.value(bound[key])
        if any(value.kind == "drawing" for value in values.values()):
            return DRAWING
        record = self.state.record
        if path.startswith("ta."):
            self.note_block()
        given = Arguments(
            values,
            self.expressions.number_of,
            self.expressions.truth,
            lambda message: record.note("imported", message),
            lambda message: record.note("needs_edit", message),
        )
        try:
            return convert(given)
        except Cannot as problem:
            raise Cannot(
                said("`{path}`: {message}", path=node.path, message=problem.message), problem.status
            ) from None

    def note_block(self) -> None:
        """Say so where what remembers the past stands in a block that runs on some bars only."""
        self.expressions.remembering += 1
        guards = (guard.expr for guard in self.state.path if guard.expr is not None)
        if any(self.expressions.default_of(guard) is None for guard in guards):
            self.state.record.note("imported", _IN_BLOCK)

    def timeframe_change(self, node: pine.Call) -> Value:
        given = bind_arguments(node, "timeframe")
        text = self.expressions.value(given["timeframe"]).fixed_text if "timeframe" in given else None
        word = {"D": "day_of_month", "1D": "day_of_month", "M": "month", "1M": "month", "12M": "year"}.get(
            text or ""
        )
        if word is None:
            raise Cannot(said("`timeframe.change` is known for days, months and years only"))
        return Value("truth", binary("!=", name(word), past(name(word), 1)))

    def own_function(self, function: pine.Function, node: pine.Call) -> Value:
        """A function of the script, written out with its arguments in place of its parameters."""
        state = self.state
        if state.calls >= MAX_CALLS:
            raise Cannot(said("`{name}`: functions call one another too deeply", name=function.name))
        state.called.add(function.name)
        names = [word for word, _ in function.parameters]
        given = bind_arguments(node, " ".join(names))
        scope: dict[str, Variable] = {}
        for word, default in function.parameters:
            argument = given.get(word, default)
            if argument is None:
                raise Cannot(
                    said("`{name}`: its argument `{word}` is missing", name=function.name, word=word)
                )
            value = state.shared(self.expressions.value(argument), word)
            variable = Variable(word, f"${len(state.variables)}", False, value, born=len(state.assigned))
            state.variables.append(variable)
            scope[word] = variable
        scopes = state.scopes
        state.scopes = [scopes[0], scope]
        state.calls += 1
        wanted, state.wanted = state.wanted, ""
        try:
            return self.expressions.walk.body(function.body, function.name)
        finally:
            state.calls -= 1
            state.scopes = scopes
            state.wanted = wanted
