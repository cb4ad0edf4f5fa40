"""Warnings about statements: what is legal, but has no effect or is hardly meant."""

from __future__ import annotations

from apps.engine.lang import tree
from apps.engine.lang.analysis.conditions import Conditions
from apps.engine.lang.analysis.statements import word_of
from apps.engine.lang.names import uses_of
from apps.engine.program.graph import NEVER
from apps.engine.program.program import Plan
from apps.engine.said import said

_OPENS = ("long", "short")
_SIDES = {"exit_long": "long", "exit_short": "short"}


class Doubts(Conditions):
    def look_for_doubts(self, statements: list[tree.Statement], plan: Plan) -> None:
        self.look_at_tests()
        self.look_at_names(statements, plan)
        watched = [s for s in statements if isinstance(s, tree.Condition | tree.Alert)]
        refs = [watch.ref for watch in plan.watches]
        for statement, ref in zip(watched, refs, strict=True):
            if ref >= 0:
                self.look_at_condition(statement.condition, ref)
        self.look_for_repetitions(list(zip(watched, refs, strict=True)))
        self.look_at_positions(statements)
        self.look_at_stops(statements, plan)

    # names

    def look_at_names(self, statements: list[tree.Statement], plan: Plan) -> None:
        """Inputs and series that nothing uses, and series that never have a value."""
        for name, node in self.input_nodes.items():
            if name not in self.used:
                self.doubt(node, said("the input `{name}` is never used", name=name))
        needed = self.needed_by_statements(statements)
        used_by_others = {
            use.name for name, uses in self.uses.items() for use in uses.all() if use.name != name
        }
        for name, definition in self.definitions.items():
            ref = plan.series.get(name, -1)
            if ref >= 0 and self.chart.graph.values[ref].first >= NEVER:
                message = said("`{name}` never has a value: it starts as na and stays so", name=name)
                self.doubt(definition, message, said("give it a start: nz({name}[1], 0)", name=name))
            elif name not in needed and name not in used_by_others:
                self.doubt(
                    definition,
                    said("`{name}` is never used by a condition, an order, an alert or a plot", name=name),
                    said(
                        'to draw it, write plot {name} as "{title}"',
                        name=name,
                        title=name.capitalize(),
                    ),
                )

    def needed_by_statements(self, statements: list[tree.Statement]) -> set[str]:
        """Every definition that some other statement needs, directly or not."""
        named: set[str] = set()
        for statement in statements:
            match statement:
                case tree.Condition():
                    named.update(use.name for use in uses_of(statement.condition).all())
                case tree.Alert():
                    named.update(use.name for use in uses_of(statement.condition).all())
                    named.update(part.partition("}")[0].strip() for part in statement.text.split("{")[1:])
                case tree.ExitAfter():
                    named.update(use.name for use in uses_of(statement.bars).all())
                case tree.Protect() | tree.Sizing() | tree.Plot():
                    named.update(use.name for use in uses_of(statement.value).all())
        needed: set[str] = set()
        work = list(named & self.definitions.keys())
        while work:
            name = work.pop()
            if name not in needed:
                needed.add(name)
                work += [use.name for use in self.uses[name].all() if use.name in self.definitions]
        return needed

    # conditions, side by side

    def look_for_repetitions(self, watched: list[tuple[tree.Condition | tree.Alert, int]]) -> None:
        """Conditions that say again, or undo, what another statement says."""
        first: dict[tuple[str, int], tree.Condition | tree.Alert] = {}
        for statement, ref in watched:
            if ref < 0 or self.chart.graph.values[ref].const is not None:
                continue
            if isinstance(statement, tree.Alert):
                before = first.setdefault((f'alert "{statement.text}"', ref), statement)
            else:
                before = first.setdefault((statement.kind, ref), statement)
            if before is not statement:
                self.doubt(
                    statement,
                    said("line {line} says the same already", line=before.line),
                    said("remove one of them"),
                )
        rivals = {"short": ("long",), "exit_long": ("long",), "exit_short": ("short",), "exit": _OPENS}
        for (kind, ref), statement in first.items():
            for side in rivals.get(kind, ()):
                if (side, ref) in first:
                    line = first[side, ref].line
                    message = said(
                        "`{side}` on line {line} has the same condition: where both ask, nothing is opened",
                        side=side,
                        line=line,
                    )
                    self.doubt(statement, message)

    # positions and their protection

    def look_at_positions(self, statements: list[tree.Statement]) -> None:
        """Statements that need a position which nothing opens."""
        kinds = {s.kind for s in statements if isinstance(s, tree.Condition)}
        opens = not kinds.isdisjoint(_OPENS)
        for statement in statements:
            if isinstance(statement, tree.Condition):
                side = _SIDES.get(statement.kind)
                if side and side not in kinds:
                    self.doubt(statement, said("nothing ever opens a {side} position", side=side))
                elif statement.kind == "exit" and not opens:
                    self.doubt(statement, said("nothing ever opens a position"))
            elif isinstance(statement, tree.Protect | tree.Sizing | tree.ExitAfter) and not opens:
                self.doubt(
                    statement,
                    said(
                        "nothing ever opens a position, so `{word}` has no effect",
                        word=word_of(statement),
                    ),
                )

    def look_at_stops(self, statements: list[tree.Statement], plan: Plan) -> None:
        """Stops and targets, in percent, that price cannot reach or another stop always forestalls."""
        sides = {s.kind for s in statements if isinstance(s, tree.Condition)}
        for statement in statements:
            if not isinstance(statement, tree.Protect) or statement.mode != "percent":
                continue
            protection = {"stop_loss": plan.stop, "take_profit": plan.target, "trailing_stop": plan.trail}
            found = protection[statement.kind]
            if found is None:
                continue
            # a long loses, and a short gains, at most the whole price
            side = "short" if statement.kind == "take_profit" else "long"
            if found.value >= 1 and side in sides:
                message = said(
                    "{kind} {value} can never be reached by a {side} position",
                    kind=statement.kind,
                    value=f"{found.value * 100:g}%",
                    side=side,
                )
                self.doubt(statement.value, message)
            trail = plan.trail
            if statement.kind != "stop_loss" or trail is None or trail.kind != "percent":
                continue
            if trail.value <= found.value and plan.size.kind != "risk":
                self.doubt(
                    statement.value,
                    said(
                        "the trailing stop of {trailing} is always nearer than this stop of {stop}",
                        trailing=f"{trail.value * 100:g}%",
                        stop=f"{found.value * 100:g}%",
                    ),
                    said("remove one of them, or make the trailing stop the wider one"),
                )
