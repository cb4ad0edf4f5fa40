"""What a formula may cost, and how far it looks back."""

from __future__ import annotations

from apps.engine.lang.analysis.statements import Statements
from apps.engine.lang.cost import MOST_MEMORY, MOST_STEPS, Cost, cost_of
from apps.engine.program.graph import NEVER
from apps.engine.program.program import Plan
from apps.engine.said import said


class Bounds(Statements):
    def bound(self) -> Cost:
        """The formula's cost, after noting where it is beyond what is allowed."""
        cost = cost_of(self.chart.graph, (scope.graph for _, scope in self.frames.values()))
        if cost.memory_bytes > MOST_MEMORY:
            self.wrong_as_a_whole(
                said(
                    "the formula needs {memory_bytes} bytes of memory to run; at most {most_memory} are allowed",
                    memory_bytes=f"{cost.memory_bytes:,}",
                    most_memory=f"{MOST_MEMORY:,}",
                ),
                said("use shorter lengths or fewer functions"),
            )
        if cost.steps > MOST_STEPS:
            self.wrong_as_a_whole(
                said(
                    "the formula takes {steps} steps for each bar; at most {most_steps} are allowed",
                    steps=f"{cost.steps:,}",
                    most_steps=f"{MOST_STEPS:,}",
                ),
                said("use shorter lengths or fewer functions"),
            )
        return cost

    def lookback(self, plan: Plan) -> int:
        """The largest look-back of everything the formula says, leaving out what never has a value."""
        refs = [watch.ref for watch in plan.watches] + list(plan.series.values()) + list(plan.plots.values())
        refs += [p.ref for p in (plan.stop, plan.target, plan.trail) if p is not None and p.ref is not None]
        firsts = [self.chart.graph.values[ref].first for ref in refs if ref >= 0]
        return max((first for first in firsts if first < NEVER), default=0)
