"""Inputs and definitions: their names, the order to build them in, and their building in each timeframe."""

from __future__ import annotations

from apps.engine.lang import tree
from apps.engine.lang.analysis.context import Context
from apps.engine.lang.analysis.values import ANY, Scope
from apps.engine.lang.functions import BUILT_IN_NAMES
from apps.engine.lang.names import components, uses_of
from apps.engine.lang.parser import RESERVED
from apps.engine.lang.settings import read_input, resolve
from apps.engine.program.calendar import Timeframe
from apps.engine.said import said

MOST_OPERATORS = 8_000  # a text without timeframes hardly ever has as many


class Definitions(Context):
    def collect_names(self, statements: list[tree.Statement]) -> None:
        lines: dict[str, int] = dict(self.parsed.broken_names)
        for statement in statements:
            if isinstance(statement, tree.Input | tree.Definition):
                name = statement.name
                if not self.name_is_free(statement, name, lines):
                    continue
                lines[name] = statement.line
                if isinstance(statement, tree.Input):
                    self.input_nodes[name] = statement
                    spec = read_input(statement, self.wrong)
                    if spec is not None:
                        self.inputs[name] = spec
                else:
                    self.definitions[name] = statement
        self.known = set(lines)
        self.values, refusals = resolve(list(self.inputs.values()), self.settings)
        for refusal in refusals:
            if refusal.name:
                node = self.input_nodes[refusal.name]
                self.wrong(node, refusal.message, refusal.hint, column=node.name_column)
            else:
                self.wrong_as_a_whole(refusal.message, refusal.hint)
        self.find_order()

    def name_is_free(self, statement: tree.Input | tree.Definition, name: str, lines: dict[str, int]) -> bool:
        column = statement.name_column if isinstance(statement, tree.Input) else statement.column
        if name in RESERVED:
            message = said("`{name}` is a word of the language and cannot be a name", name=name)
            hint = said("call it {name}_ or my_{name}", name=name)
        elif name in BUILT_IN_NAMES:
            message, hint = (
                said("`{name}` is built in and cannot be defined again", name=name),
                said("call it my_{name}", name=name),
            )
        elif name in lines:
            message, hint = (
                said("`{name}` is already defined on line {line}", name=name, line=lines[name]),
                said("give it another name"),
            )
        else:
            return True
        self.wrong(statement, message, hint, column=column, field="name")
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
                            said("`{name}` refers to itself through tf()", name=name),
                            said("a series cannot use its own past there"),
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
                    said(
                        "`{name}` depends on its own value of the same bar, through `{other}`",
                        name=name,
                        other=use.name,
                    ),
                    said("use an earlier value: {name}[1]", name=use.name),
                )

    def define(self, scope: Scope, name: str) -> None:
        if name in scope.names:
            return
        node = self.definitions[name]
        if name in self.circular or self.operators > MOST_OPERATORS:
            scope.names[name] = ANY
            return
        before = len(scope.graph.instructions)
        val = self.expression(scope, node.value)
        self.operators += len(scope.graph.instructions) - before
        if self.operators > MOST_OPERATORS:
            self.wrong_as_a_whole(
                said(
                    "the formula's series on all of its timeframes take more than {most_operators} operators",
                    most_operators=f"{MOST_OPERATORS:,}",
                ),
                said("use fewer timeframes, or fewer series on each"),
            )
        if val.type == "many":
            val = self.choose_one(node.value, val)
        if val.type == "text" and val.text is None:
            val = ANY
        scope.names[name] = val

    # names in another timeframe

    def scope_of(self, frame: Timeframe) -> Scope:
        if frame.name not in self.frames:
            self.frames[frame.name] = (frame, Scope(frame.name))
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

    def define_all(self, scope: Scope, expression: tree.Expr) -> None:
        """Build in `scope` every definition that `expression` needs."""
        needed = self.needed_by(expression)
        for name in self.order:
            if name in needed:
                self.define(scope, name)
        scope.close()
