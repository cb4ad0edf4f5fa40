"""What a formula may cost, and how far it looks back."""

from __future__ import annotations

from apps.engine.lang.analysis.statements import Statements
from apps.engine.program.graph import NEVER
from apps.engine.program.program import Plan

MAX_STATE = 2_000_000  # numbers remembered from bar to bar: 16 MB
MAX_COST = 1_000_000  # steps of work per bar


class Bounds(Statements):
    def check_size(self) -> None:
        graphs = [self.chart.graph, *(scope.graph for _, scope in self.frames.values())]
        memory = sum(graph.memory() for graph in graphs)
        cost = sum(graph.cost() for graph in graphs)
        if memory > MAX_STATE:
            self.wrong_as_a_whole(
                f"the formula remembers {memory:,} numbers from bar to bar; at most {MAX_STATE:,} are allowed",
                "use shorter lengths or fewer functions",
            )
        if cost > MAX_COST:
            self.wrong_as_a_whole(
                f"the formula takes {cost:,} steps for each bar; at most {MAX_COST:,} are allowed",
                "use shorter lengths or fewer functions",
            )

    def lookback(self, plan: Plan) -> int:
        """The largest look-back of everything the formula says, leaving out what never has a value."""
        refs = [watch.ref for watch in plan.watches] + list(plan.series.values()) + list(plan.plots.values())
        refs += [p.ref for p in (plan.stop, plan.target, plan.trail) if p is not None and p.ref is not None]
        firsts = [self.chart.graph.values[ref].first for ref in refs if ref >= 0]
        return max((first for first in firsts if first < NEVER), default=0)
