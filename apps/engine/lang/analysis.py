"""Meaning of a tree: types, constants and errors, and in the same walk the graph of operators.

Checking and compiling are one piece of code, so that what the checker accepts is what runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.engine.lang import tree
from apps.engine.lang.errors import Problem, nearest
from apps.engine.lang.functions import (
    BUILT_IN_NAMES,
    FUNCTIONS,
    KEEPS_PERCENT,
    MAX_LENGTH,
    TIMEFRAME_FUNCTION,
    Function,
    Parameter,
)
from apps.engine.lang.names import Uses, components, uses_of
from apps.engine.lang.parser import RESERVED, Parsed
from apps.engine.lang.settings import InputSpec, Setting, read_input, resolve
from apps.engine.program.calendar import Timeframe, read_timeframe
from apps.engine.program.graph import NEVER, Graph, Instruction
from apps.engine.program.program import Plan, ProtectionPlan, TextPart, Watch
from apps.engine.sim.spec import Size

MAX_STATE = 2_000_000  # numbers remembered from bar to bar: 16 MB
MAX_COST = 1_000_000  # steps of work per bar

WORDS = {"number": "a number", "percent": "a percentage", "truth": "true/false", "text": "a text"}
NUMERIC = ("number", "percent")
_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod"}
_COMPARISON = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
_TRUTH_EVENTS = {name for name, function in FUNCTIONS.items() if function.result == "truth"}


@dataclass(frozen=True)
class Val:
    """What an expression is. `type`: number, percent, truth, text, many (of several outputs) or any (an error was
    noted). Its value is the number `ref` in the graph, or `text`; `fields` the values of many."""

    type: str
    ref: int = -1
    text: str | None = None
    fields: tuple[tuple[str, int], ...] = ()
    function: str = ""


ANY = Val("any")


@dataclass
class Analysed:
    """The outcome: everything wrong or doubtful, and where nothing is wrong, what to run. `meant`: what each
    expression of the chart's own timeframe became, by `id` of its node."""

    problems: list[Problem]
    warnings: list[Problem]
    inputs: list[InputSpec]
    values: dict[str, Setting]
    chart: Graph
    frames: dict[str, tuple[Timeframe, Graph]]
    plan: Plan
    lookback: int
    meant: dict[int, Val]


def analyse(parsed: Parsed, settings: Mapping[str, Any] | None = None) -> Analysed:
    """Check `parsed` with the given settings for its inputs. Never raises on any tree."""
    kinds: dict[str, str] = {}
    for _ in range(4):
        analysis = _Analysis(parsed, settings, kinds)
        result = analysis.run()
        if analysis.guessed_right():
            break
        kinds = analysis.found_kinds()
    return result


class _Scope:
    """The graph of one timeframe, and the names already built in it."""

    def __init__(self, frame: str | None) -> None:
        self.frame = frame
        self.graph = Graph()
        self.names: dict[str, Val] = {}
        self.open: list[tuple[Instruction, str]] = []  # pasts of names that were not yet built

    def close(self) -> None:
        """Give each open past the value it is the past of."""
        for instruction, name in self.open:
            val = self.names.get(name, ANY)
            kind = self.graph.values[instruction.outputs[0]].kind
            fits = val.ref >= 0 and self.graph.values[val.ref].kind == kind
            instruction.inputs = (
                val.ref if fits else self.graph.constant(math.nan if kind == "f" else 0.0, kind),
            )
        self.open.clear()


class _Analysis:
    def __init__(self, parsed: Parsed, settings: Mapping[str, Any] | None, kinds: dict[str, str]) -> None:
        self.parsed = parsed
        self.settings = settings
        self.kinds = kinds  # of definitions, as far as an earlier round found them
        self.problems: set[Problem] = set()
        self.warnings: set[Problem] = set()
        self.inputs: dict[str, InputSpec] = {}
        self.input_nodes: dict[str, tree.Input] = {}
        self.values: dict[str, Setting] = {}
        self.definitions: dict[str, tree.Definition] = {}
        self.uses: dict[str, Uses] = {}
        self.order: list[str] = []
        self.circular: set[str] = set()
        self.known: set[str] = set()
        self.used: set[str] = set()
        self.chart = _Scope(None)
        self.frames: dict[str, tuple[Timeframe, _Scope]] = {}
        self.meant: dict[int, Val] = {}

    # notes

    def wrong(self, at: tree.Expr | tree.Statement, message: str, hint: str = "") -> Val:
        self.problems.add(Problem(at.line, at.column, message, hint))
        return ANY

    def doubt(self, at: tree.Expr | tree.Statement, message: str, hint: str = "") -> None:
        self.warnings.add(Problem(at.line, at.column, message, hint))

    def guessed_right(self) -> bool:
        found = self.found_kinds()
        return all(found.get(name, kind) == kind for name, kind in self._guesses.items())

    def found_kinds(self) -> dict[str, str]:
        return {name: val.type for name, val in self.chart.names.items() if val.type in WORDS}

    # the whole

    def run(self) -> Analysed:
        self._guesses: dict[str, str] = {}
        statements = self.parsed.formula.statements
        self.collect_names(statements)
        for name in self.order:
            self.define(self.chart, name)
        self.chart.close()
        plan = self.plan(statements)
        self.chart.close()
        for _, scope in self.frames.values():
            scope.graph.find_lookbacks()
        self.chart.graph.find_lookbacks()
        self.check_size()
        lookback = self.lookback(plan)
        self.look_for_doubts(statements, plan)
        problems = sorted(self.problems | set(self.parsed.problems))
        return Analysed(
            problems=problems,
            warnings=sorted(self.warnings) if not problems else [],
            inputs=list(self.inputs.values()),
            values=self.values,
            chart=self.chart.graph,
            frames={name: (frame, scope.graph) for name, (frame, scope) in self.frames.items()},
            plan=plan,
            lookback=lookback,
            meant=self.meant,
        )

    def collect_names(self, statements: list[tree.Statement]) -> None:
        lines: dict[str, int] = dict(self.parsed.broken_names)
        setting_problems: list[Problem] = []
        for statement in statements:
            if isinstance(statement, tree.Input | tree.Definition):
                name = statement.name
                if not self.name_is_free(statement, name, lines):
                    continue
                lines[name] = statement.line
                if isinstance(statement, tree.Input):
                    self.input_nodes[name] = statement
                    noted: list[Problem] = []
                    spec = read_input(statement, noted)
                    self.problems.update(noted)
                    if spec is not None:
                        self.inputs[name] = spec
                else:
                    self.definitions[name] = statement
        self.known = set(lines)
        self.values = resolve(list(self.inputs.values()), self.settings, setting_problems)
        self.problems.update(setting_problems)
        self.find_order()

    def name_is_free(self, statement: tree.Input | tree.Definition, name: str, lines: dict[str, int]) -> bool:
        column = statement.name_column if isinstance(statement, tree.Input) else statement.column
        place = tree.Name(statement.line, column, name)
        if name in RESERVED:
            self.wrong(
                place,
                f"`{name}` is a word of the language and cannot be a name",
                f"call it {name}_ or my_{name}",
            )
        elif name in BUILT_IN_NAMES:
            self.wrong(place, f"`{name}` is built in and cannot be defined again", f"call it my_{name}")
        elif name in lines:
            self.wrong(place, f"`{name}` is already defined on line {lines[name]}", "give it another name")
        else:
            return True
        return False

    def find_order(self) -> None:
        """The order in which definitions can be built; circles without a look at the past are errors."""
        self.uses = {name: uses_of(node.value) for name, node in self.definitions.items()}
        now: dict[str, set[str]] = {}
        every: dict[str, set[str]] = {}
        for name, uses in self.uses.items():
            now[name] = {use.name for use in (*uses.now, *uses.framed)} & self.definitions.keys()
            every[name] = {use.name for use in uses.all()} & self.definitions.keys()
        for group in components(now):
            self.order += group
            if len(group) > 1 or group[0] in now[group[0]]:
                self.circular.update(group)
        for group in components(every):
            members = set(group)
            for name in group:
                for use in self.uses[name].framed:
                    if use.name in members and (len(group) > 1 or name in every[name]):
                        self.circular.update(group)
                        self.wrong(
                            use,
                            f"`{name}` refers to itself through tf()",
                            "a series cannot use its own past there",
                        )
        within: dict[str, set[str]] = {}  # circles on one timeframe; the others have been told of
        for name, uses in self.uses.items():
            within[name] = {use.name for use in uses.now} & self.definitions.keys()
        for group in components(within):
            if len(group) == 1 and group[0] not in within[group[0]]:
                continue
            for name in group:
                use = [use for use in self.uses[name].now if use.name in group][-1]
                self.wrong(
                    use,
                    f"`{name}` depends on its own value of the same bar, through `{use.name}`",
                    f"use an earlier value: {use.name}[1]",
                )

    def define(self, scope: _Scope, name: str) -> None:
        if name in scope.names:
            return
        node = self.definitions[name]
        if name in self.circular:
            scope.names[name] = ANY
            return
        val = self.expression(scope, node.value)
        if val.type == "many":
            val = self.choose_one(node.value, val)
        if val.type == "text" and val.text is None:
            val = ANY
        scope.names[name] = val

    def choose_one(self, at: tree.Expr, val: Val) -> Val:
        names = " ".join(f".{name}" for name, _ in val.fields)
        return self.wrong(at, f"`{val.function}` has several values", f"choose one of {names}")

    # names in another timeframe

    def scope_of(self, frame: Timeframe) -> _Scope:
        if frame.name not in self.frames:
            self.frames[frame.name] = (frame, _Scope(frame.name))
        return self.frames[frame.name][1]

    def needed_by(self, expression: tree.Expr) -> set[str]:
        """Every definition that `expression` needs, directly or not."""
        needed: set[str] = set()
        work = [use.name for use in uses_of(expression).all()]
        while work:
            name = work.pop()
            if name not in needed and name in self.definitions:
                needed.add(name)
                work += [use.name for use in self.uses[name].all()]
        return needed

    def framed_name(self, expression: tree.Expr) -> tree.Name | None:
        """The first name in `expression` whose definition looks at another timeframe, if any does."""
        for use in uses_of(expression).all():
            if any(self.uses[name].looks_at_frame for name in self.needed_by(use)):
                return use
        return None

    def define_all(self, scope: _Scope, expression: tree.Expr) -> None:
        """Build in `scope` every definition that `expression` needs."""
        needed = self.needed_by(expression)
        for name in self.order:
            if name in needed:
                self.define(scope, name)
        scope.close()

    # expressions

    def constant(self, scope: _Scope, value: float, type_: str = "number") -> Val:
        return Val(type_, scope.graph.constant(float(value), "b" if type_ == "truth" else "f"))

    def const_of(self, scope: _Scope, val: Val) -> float | None:
        return scope.graph.values[val.ref].const if val.ref >= 0 else None

    def expression(self, scope: _Scope, node: tree.Expr) -> Val:
        val = self.meaning(scope, node)
        if scope is self.chart:
            self.meant[id(node)] = val
        return val

    def meaning(self, scope: _Scope, node: tree.Expr) -> Val:
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

    def single(self, scope: _Scope, node: tree.Expr) -> Val:
        """The expression's one value."""
        val = self.expression(scope, node)
        return self.choose_one(node, val) if val.type == "many" else val

    def name(self, scope: _Scope, node: tree.Name) -> Val:
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
            return self.wrong(node, f"`{name}` needs its arguments", f"write {function.signature}")
        if name == TIMEFRAME_FUNCTION:
            return self.wrong(node, "`tf` needs its arguments", 'write tf("1d", EXPRESSION)')
        known = [*self.known, *BUILT_IN_NAMES, "true", "false", "not"]
        return self.wrong(node, f"unknown name `{name[:60]}`", nearest(name, known))

    def input_value(self, scope: _Scope, name: str) -> Val:
        value = self.values[name]
        kind = self.inputs[name].kind
        if kind == "text":
            return Val("text", text=str(value))
        return self.constant(scope, float(value), "number" if kind == "integer" else kind)

    def field(self, scope: _Scope, node: tree.Field) -> Val:
        val = self.expression(scope, node.base)
        if val.type == "any":
            return ANY
        if val.type != "many":
            return self.wrong(
                node,
                f"`.{node.name[:40]}`: only many-valued functions have fields",
                "for instance macd(close, 12, 26, 9).signal",
            )
        fields = dict(val.fields)
        if node.name not in fields:
            hint = nearest(node.name, fields) or "choose one of " + " ".join(f".{name}" for name in fields)
            return self.wrong(node, f"`{val.function}` has no value `.{node.name[:40]}`", hint)
        return Val("number", fields[node.name])

    def history(self, scope: _Scope, node: tree.History) -> Val:
        ago = self.whole(scope, node.ago, "the number of bars in [ ]", 0, MAX_LENGTH)
        if isinstance(node.base, tree.Name):
            name = node.base.name
            if name in self.definitions and name not in scope.names and name not in self.circular:
                self.used.add(name)
                if ago is None:
                    return ANY
                if ago == 0:
                    return self.wrong(
                        node,
                        f"`{name}` depends on its own value of the same bar",
                        f"use an earlier value: {name}[1]",
                    )
                return self.open_past(scope, name, ago)
        val = self.single(scope, node.base)
        if val.type == "any" or ago is None:
            return Val(val.type) if val.type == "any" else ANY
        if val.type == "text":
            return self.wrong(node, "a text has no history")
        return Val(val.type, scope.graph.history(val.ref, ago))

    def open_past(self, scope: _Scope, name: str, ago: int) -> Val:
        type_ = self.kinds.get(name) or _guess(self.definitions[name].value)
        if scope is self.chart:
            self._guesses[name] = type_
        instruction = scope.graph.open_history("b" if type_ == "truth" else "f", ago)
        scope.open.append((instruction, name))
        return Val(type_, instruction.outputs[0])

    def unary(self, scope: _Scope, node: tree.Unary) -> Val:
        chain = [node]
        while isinstance(chain[-1].operand, tree.Unary):
            chain.append(chain[-1].operand)
        val = self.single(scope, chain[-1].operand)
        for part in reversed(chain):
            if val.type == "any":
                return ANY
            if part.operator == "not":
                if val.type != "truth":
                    hint = "write brackets around what it negates: not (a > b)" if val.type in NUMERIC else ""
                    return self.wrong(part, f"`not` expects true/false, found {WORDS[val.type]}", hint)
                val = Val("truth", scope.graph.one("not", (val.ref,)))
            else:
                if val.type not in NUMERIC:
                    return self.wrong(part, f"`-` expects a number, found {WORDS[val.type]}")
                val = Val(val.type, scope.graph.one("neg", (val.ref,)))
            if scope is self.chart:
                self.meant[id(part)] = val
        return val

    def binary(self, scope: _Scope, node: tree.Binary) -> Val:
        spine = [node]
        while isinstance(spine[-1].left, tree.Binary):
            spine.append(spine[-1].left)
        left = self.single(scope, spine[-1].left)
        for part in reversed(spine):
            left = self.apply_binary(scope, part, left, self.single(scope, part.right))
            if scope is self.chart:
                self.meant[id(part)] = left
        return left

    def apply_binary(self, scope: _Scope, node: tree.Binary, left: Val, right: Val) -> Val:
        operator = node.operator
        graph = scope.graph
        if operator in ("and", "or"):
            for side, val in ((node.left, left), (node.right, right)):
                if val.type not in ("truth", "any"):
                    hint = "compare it, for instance with > 0" if val.type in NUMERIC else ""
                    self.wrong(
                        side, f"`{operator}` expects true/false on both sides, found {WORDS[val.type]}", hint
                    )
            if "any" in (left.type, right.type) or left.type != "truth" or right.type != "truth":
                return ANY
            return Val("truth", graph.one(operator, (left.ref, right.ref)))
        if operator in ("==", "!=") and "any" not in (left.type, right.type):
            if left.type == right.type == "truth":
                return Val(
                    "truth", graph.one("same" if operator == "==" else "differ", (left.ref, right.ref))
                )
            if left.type == right.type == "text":
                return self.constant(scope, (left.text == right.text) == (operator == "=="), "truth")
            if (left.type in NUMERIC) != (right.type in NUMERIC) or "text" in (left.type, right.type):
                return self.wrong(node, f"cannot compare {WORDS[left.type]} with {WORDS[right.type]}")
        bad = False
        for side, val in ((node.left, left), (node.right, right)):
            if val.type not in NUMERIC and val.type != "any":
                bad = True
                hint = ""
                if val.type == "truth" and operator in _COMPARISON:
                    hint = "join two comparisons with and: a < b and b < c"
                self.wrong(side, f"`{operator}` expects numbers on both sides, found {WORDS[val.type]}", hint)
        if bad or "any" in (left.type, right.type):
            return ANY
        refs = (left.ref, right.ref)
        if operator in _COMPARISON:
            return Val("truth", graph.one(_COMPARISON[operator], refs))
        type_ = "percent" if self.stays_percent(scope, operator, left, right) else "number"
        return Val(type_, graph.one(_ARITHMETIC[operator], refs))

    def stays_percent(self, scope: _Scope, operator: str, left: Val, right: Val) -> bool:
        """Whether the result is a percentage: of two, their sum and the like; of one, a constant multiple of it.
        A percentage of a series (close * 2%) is a number."""
        if left.type == right.type == "percent":
            return operator != "/"
        if left.type == "percent":
            return operator in "*/" and self.const_of(scope, right) is not None
        return right.type == "percent" and operator == "*" and self.const_of(scope, left) is not None

    def ternary(self, scope: _Scope, node: tree.Ternary) -> Val:
        chain = [node]
        while isinstance(chain[-1].otherwise, tree.Ternary):
            chain.append(chain[-1].otherwise)
        result = self.single(scope, chain[-1].otherwise)
        for part in reversed(chain):
            condition = self.condition(scope, part.condition, "the condition before `?`")
            then = self.single(scope, part.then)
            if "any" in (condition.type, then.type, result.type):
                result = ANY
                continue
            same = then.type == result.type or (then.type in NUMERIC and result.type in NUMERIC)
            if not same:
                result = self.wrong(
                    part,
                    f"both sides of `:` must be of one type, found {WORDS[then.type]} and {WORDS[result.type]}",
                )
            elif then.type == "text":
                chosen = self.const_of(scope, condition)
                if chosen is None:
                    result = self.wrong(
                        part, "a text cannot change from bar to bar", "choose it by inputs only"
                    )
                else:
                    result = then if chosen else result
            else:
                result = self.choose(scope, condition, then, result)
            if scope is self.chart:
                self.meant[id(part)] = result
        return result

    def choose(self, scope: _Scope, condition: Val, then: Val, otherwise: Val) -> Val:
        type_ = then.type if then.type == otherwise.type else "number"
        constant = self.const_of(scope, condition)
        if constant is not None:
            return Val(type_, then.ref if constant else otherwise.ref)
        op = "choose_bool" if type_ == "truth" else "choose"
        return Val(type_, scope.graph.one(op, (condition.ref, then.ref, otherwise.ref)))

    def condition(self, scope: _Scope, node: tree.Expr, what: str) -> Val:
        val = self.single(scope, node)
        if val.type in ("truth", "any"):
            return val
        hint = "compare it with something, for instance > 0" if val.type in NUMERIC else ""
        return self.wrong(node, f"expected true/false for {what}, found {WORDS[val.type]}", hint)

    def whole(self, scope: _Scope, node: tree.Expr, what: str, low: float, high: float) -> int | None:
        """A whole constant within low..high, or None after noting what is wrong."""
        value = self.number_constant(scope, node, what)
        if value is None:
            return None
        if value != math.floor(value):
            self.wrong(
                node, f"expected a whole number for {what}, found {value:g}", "use floor(), ceil() or round()"
            )
            return None
        shown = f"{low:,.0f} to {high:,.0f}"
        if not low <= value <= high:
            self.wrong(node, f"expected {shown} for {what}, found {value:,.15g}")
            return None
        if isinstance(node, tree.Name) and node.name in self.inputs:
            spec = self.inputs[node.name]
            if spec.low is not None and spec.high is not None and (spec.low < low or spec.high > high):
                declared = self.input_nodes[node.name]
                assert declared.low is not None
                self.wrong(
                    declared.low,
                    f"the range of `{node.name}` goes beyond {shown}, which {what} allows",
                    f"narrow it to {max(spec.low, low):g}..{min(spec.high, high):g}",
                )
        return int(value)

    def number_constant(self, scope: _Scope, node: tree.Expr, what: str) -> float | None:
        val = self.single(scope, node)
        if val.type == "any":
            return None
        if val.type not in NUMERIC:
            self.wrong(node, f"expected a number for {what}, found {WORDS[val.type]}")
            return None
        value = self.const_of(scope, val)
        if value is None:
            self.wrong(
                node,
                f"expected a constant or an input for {what}, found a series",
                "it cannot change from bar to bar",
            )
            return None
        if not math.isfinite(value):
            self.wrong(node, f"expected a number for {what}, found na")
            return None
        return value

    # calls

    def call(self, scope: _Scope, node: tree.Call) -> Val:
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
                    node, f"`{name}` is a series, not a function", f"for its past write {name}[n]"
                )
            callables = [n for n, f in FUNCTIONS.items() if not f.bare]
            return self.wrong(
                node, f"unknown function `{name[:60]}`", nearest(name, [*callables, TIMEFRAME_FUNCTION])
            )
        if function.bare:
            for argument in node.arguments:
                self.expression(scope, argument)
            return self.wrong(node, f"`{name}` takes no arguments", f"write {name} without brackets")
        arguments = self.arguments(scope, node, function)
        if arguments is None:
            return ANY
        if name == "sar" and arguments[0] > arguments[2]:
            return self.wrong(node.arguments[0], "the start of `sar` is above its limit")
        built = function.build(scope.graph, *[a.ref if isinstance(a, Val) else a for a in arguments])
        if function.outputs:
            return Val("many", fields=tuple(zip(function.outputs, built, strict=True)), function=name)
        if function.result == "truth":
            return Val("truth", built)
        types = {a.type for a in arguments if isinstance(a, Val)}
        return Val("percent" if types == {"percent"} and name in KEEPS_PERCENT else "number", built)

    def arguments(self, scope: _Scope, node: tree.Call, function: Function) -> list[Any] | None:
        """Values for series and conditions, numbers for constants; None after noting what is wrong."""
        given = len(node.arguments)
        parameters = list(function.parameters)
        least = sum(not p.optional for p in parameters) if not function.most else 2
        most = function.most or len(parameters)
        if not least <= given <= most:
            wanted = (
                f"{least}"
                if least == most
                else f"{least} or {most}"
                if most == least + 1
                else f"{least} to {most}"
            )
            noun = "argument" if wanted == "1" else "arguments"
            self.wrong(
                node, f"`{function.name}` takes {wanted} {noun}, found {given}", f"write {function.signature}"
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
        self, scope: _Scope, function: Function, parameter: Parameter, node: tree.Expr
    ) -> Val | float | None:
        what = f"`{parameter.name}` of `{function.name}`"
        if parameter.kind == "length":
            return self.whole(scope, node, what, parameter.low, parameter.high)
        if parameter.kind == "number":
            value = self.number_constant(scope, node, what)
            if value is not None and not parameter.low <= value <= parameter.high:
                self.wrong(
                    node, f"expected {parameter.low:g} to {parameter.high:,g} for {what}, found {value:g}"
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
            self.wrong(node, f"expected a number for {what}, found {WORDS[val.type]}")
            return None
        return val

    def timeframe(self, scope: _Scope, node: tree.Call) -> Val:
        if len(node.arguments) != 2:
            for argument in node.arguments:
                self.expression(scope, argument)
            return self.wrong(
                node, f"`tf` takes 2 arguments, found {len(node.arguments)}", 'write tf("1d", EXPRESSION)'
            )
        name, inner = node.arguments
        named = self.single(scope, name)
        frame: Timeframe | None = None
        if named.type == "text" and named.text is not None:
            frame = read_timeframe(named.text)
            if frame is None:
                self.wrong(
                    name,
                    f'"{named.text[:40]}" is no timeframe',
                    'write a count and m, h, d, w or M, such as "15m", "4h", "1d"; minutes and hours must divide a day',
                )
        elif named.type != "any":
            self.wrong(
                name,
                f"expected a timeframe as a text, found {WORDS[named.type]}",
                'write tf("1d", EXPRESSION)',
            )
        if scope.frame is not None:
            return self.wrong(node, "`tf` cannot stand inside another `tf`")
        if frame is None:
            self.single(scope, inner)
            return ANY
        nested = self.framed_name(inner)
        if nested is not None:
            return self.wrong(nested, f"`tf` cannot stand inside another `tf`, and `{nested.name}` uses it")
        target = self.scope_of(frame)
        self.define_all(target, inner)
        val = self.single(target, inner)
        target.close()
        if val.type in ("any", "text"):
            return (
                val
                if val.type == "any"
                else self.wrong(inner, "expected a number or true/false in `tf`, found a text")
            )
        constant = self.const_of(target, val)
        if constant is not None:
            return self.constant(scope, constant, val.type)
        return Val(val.type, scope.graph.from_frame(frame.name, val.ref, target.graph.values[val.ref].kind))

    # statements

    def plan(self, statements: list[tree.Statement]) -> Plan:
        watches: list[Watch] = []
        series = {
            name: val.ref
            for name, node in self.definitions.items()
            if (val := self.chart.names[name]).ref >= 0
        }
        plots: dict[str, int] = {}
        protections: dict[str, ProtectionPlan | None] = {}
        size: Size | None = None
        exit_after: int | None = None
        seen: dict[str, int] = {}
        self.risk_at: tree.Statement | None = None
        for statement in statements:
            if isinstance(statement, tree.Protect | tree.Sizing | tree.ExitAfter):
                word = _word(statement)
                if word in seen:
                    self.wrong(
                        statement, f"`{word}` stands twice, first on line {seen[word]}", "remove one of them"
                    )
                seen.setdefault(word, statement.line)
            match statement:
                case tree.Condition():
                    val = self.condition(
                        self.chart, statement.condition, f"`{statement.kind.replace('_', ' ')} when`"
                    )
                    watches.append(Watch(statement.kind, val.ref))
                case tree.Alert():
                    val = self.condition(self.chart, statement.condition, "`alert`")
                    watches.append(Watch("alert", val.ref, self.alert_text(statement)))
                case tree.ExitAfter():
                    exit_after = self.whole(self.chart, statement.bars, "`exit after`", 1, 1_000_000_000)
                case tree.Protect():
                    protections[statement.kind] = self.protection(statement)
                case tree.Sizing():
                    size = self.sizing(statement)
                case tree.Plot():
                    self.plot(statement, plots)
        if self.risk_at is not None and "stop_loss" not in seen:
            self.wrong(
                self.risk_at,
                "`size risk` needs a stop_loss to measure the risk by",
                "add for instance stop_loss 3%",
            )
        asks = any(
            isinstance(s, tree.Alert) or (isinstance(s, tree.Condition) and s.kind in ("long", "short"))
            for s in statements
        )
        if not asks and not self.parsed.problems:
            self.problems.add(
                Problem(
                    1,
                    1,
                    "a formula needs at least one long, short or alert",
                    "add for instance: long when close > open",
                )
            )
        return Plan(
            watches=tuple(watches),
            series=series,
            plots=plots,
            stop=protections.get("stop_loss"),
            target=protections.get("take_profit"),
            trail=protections.get("trailing_stop"),
            size=size or Size(),
            exit_after=exit_after,
        )

    def alert_text(self, node: tree.Alert) -> tuple[TextPart, ...]:
        parts: list[TextPart] = []
        rest = node.text
        offset = 1
        while "{" in rest:
            fixed, _, tail = rest.partition("{")
            if fixed:
                parts.append(TextPart(fixed))
            name, brace, rest = tail.partition("}")
            place = tree.Name(node.line, node.text_column + offset + len(fixed), name.strip())
            offset += len(fixed) + len(name) + 2
            if not brace:
                self.wrong(place, "this `{` of the alert's text is never closed", "close it with }")
                return tuple(parts)
            parts.append(self.alert_part(place))
        if rest:
            parts.append(TextPart(rest))
        return tuple(parts)

    def alert_part(self, place: tree.Name) -> TextPart:
        name = place.name
        if name in ("symbol", "time") and name not in self.known:
            return TextPart(special=name)
        function = FUNCTIONS.get(name)
        if name not in self.known and name not in self.inputs and not (function and function.bare):
            bare = [n for n, f in FUNCTIONS.items() if f.bare]
            hint = nearest(name, [*self.known, *bare, "symbol", "time"]) or "braces hold the name of a series"
            self.wrong(place, f"unknown name `{name[:60]}` in the alert's text", hint)
            return TextPart()
        val = self.name(self.chart, place)
        if val.text is not None:
            return TextPart(val.text)
        return TextPart(ref=val.ref) if val.ref >= 0 else TextPart()

    def protection(self, node: tree.Protect) -> ProtectionPlan | None:
        val = self.single(self.chart, node.value)
        if val.type == "any":
            return None
        word = node.kind
        if node.mode != "percent":
            if val.type not in NUMERIC:
                self.wrong(
                    node.value, f"expected a number after `{word} {node.mode}`, found {WORDS[val.type]}"
                )
                return None
            if val.type == "percent":
                self.wrong(
                    node.value,
                    f"expected a {'distance in price' if node.mode == 'by' else 'price'}, found a percentage",
                    f"write {word} without `{node.mode}`",
                )
                return None
            return ProtectionPlan(node.mode, math.nan, val.ref)
        value = self.const_of(self.chart, val)
        if val.type != "percent" or value is None:
            found = (
                WORDS[val.type]
                if value is not None or val.type != "percent"
                else "a percentage that changes from bar to bar"
            )
            hint = f"write {word} by EXPRESSION for a distance in price"
            if isinstance(node.value, tree.Number):
                text = node.value.text
                hint = f"write {text}% for a percentage, or {word} by {text} for a distance in price"
            self.wrong(node.value, f"expected a constant percentage after `{word}`, found {found}", hint)
            return None
        if not value > 0:
            self.wrong(node.value, f"`{word}` must be above 0%, found {value * 100:g}%")
            return None
        if value >= 1 and word != "take_profit":
            self.doubt(node.value, f"{word} {value * 100:g}% can never be reached by a long position")
        return ProtectionPlan("percent", value)

    def sizing(self, node: tree.Sizing) -> Size | None:
        what = {"amount": "`size`", "units": "`size ... units`", "risk": "`size risk`"}[node.mode]
        if node.mode == "risk":
            self.risk_at = node
        val = self.single(self.chart, node.value)
        if val.type == "any":
            return None
        if val.type not in NUMERIC:
            self.wrong(node.value, f"expected a number or a percentage after {what}, found {WORDS[val.type]}")
            return None
        value = self.const_of(self.chart, val)
        if value is None:
            self.wrong(
                node.value,
                f"expected a constant or an input after {what}, found a series",
                "a size cannot change from bar to bar",
            )
            return None
        if not (value > 0 and math.isfinite(value)):
            self.wrong(node.value, f"{what} must be above 0")
            return None
        if node.mode == "units" and val.type == "percent":
            self.wrong(
                node.value,
                "expected a number of units, found a percentage",
                "write size 50% for a share of equity",
            )
            return None
        if node.mode == "risk" and val.type != "percent":
            self.wrong(
                node.value,
                "expected a percentage after `size risk`, found a number",
                "write for instance size risk 1%",
            )
            return None
        if node.mode == "amount":
            if val.type == "percent" and value > 1:
                self.doubt(node.value, f"size {value * 100:g}% cannot be paid for and is cut to 100%")
            return Size("percent" if val.type == "percent" else "quote", value)
        return Size("units" if node.mode == "units" else "risk", value)

    def plot(self, node: tree.Plot, plots: dict[str, int]) -> None:
        place = tree.Name(node.line, node.name_column, node.name)
        val = self.single(self.chart, node.value)
        if val.type in ("truth", "text"):
            self.wrong(
                node.value,
                f"expected a number to plot, found {WORDS[val.type]}",
                "write CONDITION ? 1 : 0" if val.type == "truth" else "",
            )
        shows_itself = isinstance(node.value, tree.Name) and node.value.name == node.name
        if not node.name.strip():
            self.wrong(place, "a plot needs a name")
        elif node.name in plots:
            self.wrong(place, f'another plot is already called "{node.name[:40]}"', "give it another name")
        elif node.name in self.known and not shows_itself:
            self.wrong(
                place, f'"{node.name[:40]}" is the name of another series', "give the plot another name"
            )
        plots[node.name] = val.ref

    # the whole, once more

    def check_size(self) -> None:
        graphs = [self.chart.graph, *(scope.graph for _, scope in self.frames.values())]
        memory = sum(graph.memory() for graph in graphs)
        cost = sum(graph.cost() for graph in graphs)
        if memory > MAX_STATE:
            self.problems.add(
                Problem(
                    1,
                    1,
                    f"the formula remembers {memory:,} numbers from bar to bar; at most {MAX_STATE:,} are allowed",
                    "use shorter lengths or fewer functions",
                )
            )
        if cost > MAX_COST:
            self.problems.add(
                Problem(
                    1,
                    1,
                    f"the formula takes {cost:,} steps for each bar; at most {MAX_COST:,} are allowed",
                    "use shorter lengths or fewer functions",
                )
            )

    def lookback(self, plan: Plan) -> int:
        """The largest look-back of everything the formula says, leaving out what never has a value."""
        refs = [watch.ref for watch in plan.watches] + list(plan.series.values()) + list(plan.plots.values())
        refs += [p.ref for p in (plan.stop, plan.target, plan.trail) if p is not None and p.ref is not None]
        firsts = [self.chart.graph.values[ref].first for ref in refs if ref >= 0]
        return max((first for first in firsts if first < NEVER), default=0)

    def look_for_doubts(self, statements: list[tree.Statement], plan: Plan) -> None:
        values = self.chart.graph.values
        for name, node in self.input_nodes.items():
            if name not in self.used:
                self.doubt(node, f"the input `{name}` is never used")
        for name, definition in self.definitions.items():
            ref = plan.series.get(name, -1)
            if ref >= 0 and values[ref].first >= NEVER:
                self.doubt(
                    definition,
                    f"`{name}` never has a value: it starts as na and stays so",
                    f"give it a start: nz({name}[1], 0)",
                )
        watched = [s for s in statements if isinstance(s, tree.Condition | tree.Alert)]
        for statement, watch in zip(watched, plan.watches, strict=True):
            if watch.ref < 0:
                continue
            value = values[watch.ref]
            if value.const is not None:
                always = "always" if value.const else "never"
                self.doubt(statement.condition, f"this condition is {always} true")
            elif value.first >= NEVER:
                self.doubt(
                    statement.condition,
                    "this condition can never hold: it waits for a series that never has a value",
                )
        kinds = {watch.kind for watch in plan.watches}
        for statement in watched:
            if isinstance(statement, tree.Condition):
                side = {"exit_long": "long", "exit_short": "short"}.get(statement.kind)
                if side and side not in kinds:
                    self.doubt(statement, f"nothing ever opens a {side} position")


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


def _word(statement: tree.Statement) -> str:
    if isinstance(statement, tree.Protect):
        return statement.kind
    return "size" if isinstance(statement, tree.Sizing) else "exit after"
