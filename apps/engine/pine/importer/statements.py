"""Statements of a script, one after another: assignments, blocks, functions, and calls that say something."""

from __future__ import annotations

from apps.engine.lang import tree
from apps.engine.pine.importer.calls import Calls
from apps.engine.pine.importer.drawing import draws
from apps.engine.pine.importer.expressions import Expressions
from apps.engine.pine.importer.functions import OLD_NAMES
from apps.engine.pine.importer.inputs import is_percent
from apps.engine.pine.importer.report import Cannot, Record, impossible
from apps.engine.pine.importer.state import State, Variable
from apps.engine.pine.importer.values import (
    DRAWING,
    NA,
    VOID,
    Folded,
    Value,
    binary,
    both,
    call,
    choose,
    inverse,
    name,
    number,
    past,
    truth_of,
)
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said

_DRAWN_TYPES = frozenset(["color", "label", "line", "box", "table", "linefill", "polyline"])
_LOOP = said("a formula has no loops: write what it computes with sma, highest, cum and the like")
_OTHER = {
    "import": said("libraries have no counterpart: write what is used of it into the script"),
    "export": said("a formula exports nothing"),
    "type": said("types of one's own have no counterpart"),
    "enum": said("enums have no counterpart: use an input of texts"),
    "method": said("methods have no counterpart: write a function"),
    "library": said("a library is no script of its own"),
}

Branches = list[tuple[pine.Expr | None, list[pine.Statement]]]


class Walk:
    """Reads the statements of a script in their order and fills the state. Nothing is ever raised to the caller."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.expressions = Expressions(state, self)
        self.calls = Calls(self.expressions)
        self.changed = _changed_names(state.script.statements)
        self.strict = 0

    def run(self) -> None:
        for statement in self.state.script.statements:
            self.statement(statement)

    def statement(self, node: pine.Statement) -> Value:
        """Do one statement; its value is that of a block that ends with it."""
        state = self.state
        whole = isinstance(node, pine.If | pine.Function) or isinstance(
            getattr(node, "value", None), pine.IfValue | pine.LoopValue
        )
        record = Record(
            node.line, max(node.end, node.line) if whole or not node.head else max(node.head, node.line)
        )
        if isinstance(node, pine.Loop | pine.Broken | pine.Other):
            record.end = node.end
        state.records.append(record)
        outer, state.record = state.record, record
        try:
            state.step()
            return self.dispatch(node)
        except Cannot as problem:
            record.note(problem.status, problem.message)
            record.failed = True
            self.spoil(node)
            if self.strict:
                raise
            return Value("poison", name=said("line {line} could not be imported", line=node.line))
        finally:
            state.record = outer

    def spoil(self, node: pine.Statement) -> None:
        """Mark what the statement would have given a value."""
        names: list[str] = []
        if isinstance(node, pine.Assign):
            names = node.names
        elif isinstance(node, pine.Loop):
            names = [word for word in dict.fromkeys(node.assigned) if self.state.find(word) is not None]
        elif isinstance(node, pine.Broken):
            names = node.names
        for word in names:
            if word == "_":
                continue
            declares = isinstance(node, pine.Assign) and node.operator == "="
            variable = None if declares else self.state.find(word)
            if variable is None:
                variable = self.state.declare(word)
            elif variable.current.kind == "drawing":
                continue
            self.state.set(
                variable,
                Value(
                    "poison",
                    name=said(
                        "it uses `{word}` of line {line}, which was not imported", word=word, line=node.line
                    ),
                ),
            )

    def dispatch(self, node: pine.Statement) -> Value:
        match node:
            case pine.Assign():
                return self.assign(node)
            case pine.Run():
                return self.run_expression(node)
            case pine.If():
                return self.block(node)
            case pine.Function():
                self.state.functions[node.name] = node
                return VOID
            case pine.Loop():
                raise impossible(_LOOP)
            case pine.Other():
                raise impossible(_OTHER[node.word])
            case pine.Broken():
                raise Cannot(said("this cannot be read: {message}", message=node.message))
        raise TypeError(f"not a statement: {node!r}")

    # assignments

    def assign(self, node: pine.Assign) -> Value:
        state = self.state
        if len(node.names) > 1 or isinstance(node.value, pine.Items):
            return self.assign_several(node)
        word = node.names[0]
        direct = isinstance(node.value, pine.Call) and node.value.path.split(".")[0] == "input"
        direct = direct or is_percent(node.value)
        outer, state.wanted = state.wanted, word if direct else ""
        try:
            value = self.expressions.value(node.value)
        finally:
            state.wanted = outer
        if node.operator == "=":
            return self.give(state.declare(word), self.declared(node, value), node.mode)
        variable = state.find(word)
        if variable is None:
            raise Cannot(said("`{word}` is changed before it is declared", word=word))
        if node.operator != ":=":
            if variable.current.kind == "poison":
                raise Cannot(variable.current.name)
            value = self.compound(node.operator[0], variable.current, value)
        elif value.kind == "na" and variable.current.kind == "truth":
            value = Value("truth", tree.Truth(0, 0, False))
        elif variable.current.kind == "drawing" and value.kind == "na":
            value = DRAWING
        return self.give(variable, value, "")

    def declared(self, node: pine.Assign, value: Value) -> Value:
        """The value as the declared type has it."""
        if node.type in _DRAWN_TYPES:
            return DRAWING
        if node.type in ("array", "matrix", "map"):
            raise impossible(
                said("a formula has no collections: each series is named and keeps its own history")
            )
        if node.type == "bool" and value.kind != "truth" and value.kind in ("na", "number"):
            return Value("truth", self.expressions.truth(value))
        if node.mode == "varip":
            self.state.record.note(
                "needs_edit", said("varip keeps what happens within a bar; a formula sees closed bars only")
            )
        return value

    def compound(self, operator: str, current: Value, value: Value) -> Value:
        if "drawing" in (current.kind, value.kind):
            return DRAWING
        if "text" in (current.kind, value.kind):
            return self.expressions.combine_texts(operator, current, value)
        left, right = self.expressions.number_of(current), self.expressions.number_of(value)
        integer = current.integer and value.integer and operator != "/"
        return Value("number", binary(operator, left, right), integer=integer)

    def assign_several(self, node: pine.Assign) -> Value:
        value = self.expressions.value(node.value)
        if value.kind == "drawing":
            value = Value("tuple", items=(DRAWING,) * len(node.names))
        if value.kind != "tuple" or len(value.items) != len(node.names):
            raise Cannot(
                said(
                    "{names} values are taken, but there are {value}",
                    names=len(node.names),
                    value=len(value.items) or 1,
                )
            )
        for word, item in zip(node.names, value.items, strict=True):
            if word != "_":
                self.give(self.state.declare(word), item, "")
        return value

    def give(self, variable: Variable, value: Value, mode: str) -> Value:
        """Bind the value to the variable, as `var` or plainly."""
        state = self.state
        if value.kind == "void":
            raise Cannot(said("there is no value to assign"))
        if value.kind == "tuple":
            raise Cannot(
                said("{items} values stand where one is assigned: write [a, b] = ...", items=len(value.items))
            )
        if value.kind == "drawing":
            state.record.note("ignored", said("drawing"))
            state.set(variable, value)
            return value
        state.record.note("imported")
        if mode and value.kind in ("number", "truth", "na"):
            value = self.start(variable, value)
            if variable.word not in self.changed:
                state.bind(variable, value)
            else:
                key = f"{variable.key}.0"
                assert value.expr is not None
                state.define(key, value.expr, variable.word)
                variable.last = key
                state.set(variable, Value(value.kind, name(key), integer=value.integer))
        else:
            state.bind(variable, value)
        return variable.current

    def start(self, variable: Variable, value: Value) -> Value:
        """What a `var` holds at the start of a bar: its value of the bar before, and on the first bar its start."""
        expr = value.expr
        assert expr is not None
        if variable.word not in self.changed:
            if isinstance(expr, tree.Number | tree.Truth | tree.Name) or value.kind == "na":
                return value
            if value.kind == "number":
                return Value(
                    "number", call("valuewhen", binary("==", name("bar_index"), number(0)), expr, number(0))
                )
        before = past(name(variable.key), 1)
        if value.kind == "na":
            return Value("number", before)
        if value.kind == "truth" and isinstance(expr, tree.Truth) and not expr.value:
            return Value("truth", before)
        started = choose(binary("==", name("bar_index"), number(0)), expr, before)
        return Value(value.kind, started, integer=value.integer)

    # blocks

    def block(self, node: pine.If) -> Value:
        value = self.branches(node.branches, quiet=True)
        inner = [r for r in self.state.records if node.line < r.line <= node.end]
        if any(r.status != "ignored" for r in inner):
            self.state.record.note("imported")
        elif self.state.record.status == "ignored" and not self.state.record.messages:
            self.state.record.note("ignored", said("drawing"))
        return value

    def branches(self, branches: Branches, *, quiet: bool = False) -> Value:
        """Run every branch, then choose for each variable, and for the value, by the conditions. `quiet`: a value that
        cannot be chosen does not matter."""
        done: list[tuple[Value, dict[Variable, Value], Value]] = []
        before: list[Value] = []  # conditions of earlier branches, which did not hold
        touched: dict[Variable, None] = {}
        for node, body in branches:
            condition = self.condition(node)
            guards = [Value("truth", inverse(c.expr)) if c.expr is not None else c for c in before]
            after, value = self.branch(body, [*guards, condition])
            touched.update(dict.fromkeys(after))
            done.append((condition, after, value))
            before.append(condition)
        for variable in touched:
            self.merge_variable(variable, done)
        result: Value = VOID
        has_else = bool(branches) and branches[-1][0] is None
        for position, (condition, _, value) in enumerate(reversed(done)):
            if position == 0:
                otherwise = value if has_else else (VOID if value.kind == "void" else NA)
                if has_else:
                    result = otherwise
                    continue
                result = otherwise
            try:
                result = self.merge(condition, value, result)
            except Cannot:
                if not quiet:
                    raise
                return VOID
        return result

    def condition(self, node: pine.Expr | None) -> Value:
        """The condition of a branch; poison where it cannot be said."""
        if node is None:
            return Value("truth", truth_of(True))
        try:
            found = self.expressions.condition(node)
        except Cannot as problem:
            if self.strict:
                raise
            return Value("poison", name=said("its condition: {message}", message=problem.message))
        return self.state.shared(Value("truth", found), "condition")

    def branch(self, body: list[pine.Statement], path: list[Value]) -> tuple[dict[Variable, Value], Value]:
        """Run a branch; what it assigned, and its value. The variables are as before afterwards."""
        state = self.state
        state.scopes.append({})
        state.assigned.append({})
        size = len(state.path)
        state.path += path
        value: Value = VOID
        never = any(isinstance(guard.expr, Folded) and not guard.expr.value for guard in path)
        try:
            if never:
                for statement in body:
                    self.pass_over(statement)
            else:
                for statement in body:
                    value = self.statement(statement)
        finally:
            del state.path[size:]
            old = state.assigned.pop()
            state.scopes.pop()
            after = {variable: variable.current for variable in old}
            for variable, earlier in old.items():
                variable.current = earlier
        return after, value

    def pass_over(self, statement: pine.Statement) -> None:
        record = Record(statement.line, statement.end)
        record.note("ignored", said("never runs on a closed bar"))
        self.state.records.append(record)

    def merge_variable(
        self, variable: Variable, done: list[tuple[Value, dict[Variable, Value], Value]]
    ) -> None:
        result = variable.current
        try:
            for condition, after, _ in reversed(done):
                result = self.merge(condition, after.get(variable, variable.current), result)
            if result != variable.current:
                self.state.bind(variable, result)
        except Cannot as problem:
            if self.strict:
                raise
            self.state.set(
                variable,
                Value(
                    "poison",
                    name=said("it uses `{word}`: {message}", word=variable.word, message=problem.message),
                ),
            )

    def merge(self, condition: Value, then: Value, otherwise: Value) -> Value:
        if "drawing" in (then.kind, otherwise.kind):
            return DRAWING
        if condition.kind == "poison":
            raise Cannot(condition.name)
        assert condition.expr is not None
        if isinstance(condition.expr, Folded):
            return then if condition.expr.value else otherwise
        return self.expressions.merge(condition.expr, then, otherwise)

    def body(self, statements: list[pine.Statement], function: str) -> Value:
        """The value of a function's body. A statement of it that cannot be imported fails the call."""
        self.strict += 1
        value: Value = VOID
        try:
            for statement in statements:
                value = self.statement(statement)
        except Cannot as problem:
            if problem.message.startswith("`") and "()" in problem.message:
                raise
            raise Cannot(
                said("`{function}()`: {message}", function=function, message=problem.message), problem.status
            ) from None
        finally:
            self.strict -= 1
        return value

    # calls

    def run_expression(self, node: pine.Run) -> Value:
        value = node.value
        if isinstance(value, pine.Call) and value.receiver is None and value.path not in self.state.functions:
            path = OLD_NAMES.get(value.path, value.path)
            if draws(path) or draws(path.rpartition(".")[0]):
                self.state.record.note("ignored", said("drawing"))
                return DRAWING
            if self.calls.knows(path):
                return self.calls.run(path, value, self.path)
        result = self.expressions.value(value)
        if result.kind == "drawing":
            self.state.record.note("ignored", said("drawing"))
        else:
            self.state.record.note("imported")
        return result

    def path(self) -> tree.Expr:
        """The condition under which the current statement runs. Raises Cannot."""
        result: tree.Expr = truth_of(True)
        for guard in self.state.path:
            if guard.kind == "poison":
                raise Cannot(guard.name)
            assert guard.expr is not None
            result = both(result, self.expressions.joined("and", guard))
        return result


def _changed_names(statements: list[pine.Statement]) -> set[str]:
    """Every name that some statement changes with := or its like."""
    result: set[str] = set()
    work = list(statements)
    while work:
        node = work.pop()
        match node:
            case pine.Assign():
                if node.operator != "=":
                    result.update(node.names)
                if isinstance(node.value, pine.IfValue):
                    work += [inner for _, body in node.value.branches for inner in body]
            case pine.If():
                work += [inner for _, body in node.branches for inner in body]
            case pine.Function():
                work += node.body
            case pine.Loop():
                result.update(node.assigned)
    return result
