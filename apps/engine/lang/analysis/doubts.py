"""Warnings: what is legal, but hardly meant."""

from __future__ import annotations

from apps.engine.lang import tree
from apps.engine.lang.analysis.bounds import Bounds
from apps.engine.program.graph import NEVER
from apps.engine.program.program import Plan


class Doubts(Bounds):
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
