"""What a formula costs to run, known before it runs: a bound that holds for any bars.

Steps are counted by the table of operators (`apps.engine.indicators.operators`): one for each operator, more for those
that look through a window at each bar. A higher timeframe counts as if it closed a bar with each bar of the chart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apps.engine.program.graph import Graph
from apps.engine.program.program import Program
from apps.engine.program.schedule import schedule
from apps.engine.said import row, said

MOST_STEPS = 1_000_000
MOST_MEMORY = 16_000_000  # bytes
MOST_RUN_STEPS = 20_000_000_000  # over all bars of a run: about half a minute of one core
MOST_RUN_MEMORY = 2_000_000_000  # bytes of columns at once
FRAME_STEPS = 1_000  # gathering a higher timeframe's bar, and its place in the calendar
_HEADER = 16  # numbers of a state that are not an operator's: version, time, the bar being gathered


@dataclass(frozen=True)
class Cost:
    """At most so many steps at each bar, and so many bytes kept while it runs bar by bar."""

    steps: int
    memory_bytes: int

    def as_dict(self) -> dict[str, int]:
        """For JSON, with the limits."""
        return {
            "steps": self.steps,
            "most_steps": MOST_STEPS,
            "memory_bytes": self.memory_bytes,
            "most_memory_bytes": MOST_MEMORY,
        }


def cost_of(chart: Graph, frames: Iterable[Graph]) -> Cost:
    """The cost of a formula's graphs: of the chart's own and of each higher timeframe."""
    graphs = [chart, *frames]
    steps = sum(graph.cost() for graph in graphs) + FRAME_STEPS * (len(graphs) - 1)
    # besides what operators remember there is a register for each value, and two numbers for each one that crosses over
    numbers = sum(graph.memory() + len(graph.values) + _HEADER for graph in graphs) + 2 * len(
        chart.frame_uses
    )
    return Cost(steps, 8 * numbers)


def run_refusal(program: Program, bars: int) -> str:
    """Why `program` cannot be run over so many bars at once, or an empty text where it can."""
    cost = cost_of(program.chart, [graph for _, graph in program.frames.values()])
    a_bar = evaluation_bytes(program, 1)
    fits = min(MOST_RUN_STEPS // max(cost.steps, 1), MOST_RUN_MEMORY // max(a_bar, 1))
    if bars <= fits:
        return ""
    reasons = []
    if cost.steps * bars > MOST_RUN_STEPS:
        reasons.append(
            said(
                "up to {steps} steps a bar (at most {most_run_steps} in all)",
                steps=f"{cost.steps:,}",
                most_run_steps=f"{MOST_RUN_STEPS:,}",
            )
        )
    if a_bar * bars > MOST_RUN_MEMORY:
        reasons.append(
            said(
                "up to {a_bar} GB (at most {most_run_memory})",
                a_bar=f"{a_bar * bars / 1000000000.0:.1f}",
                most_run_memory=f"{MOST_RUN_MEMORY / 1000000000.0:g}",
            )
        )
    return said(
        "over {bars} bars the formula takes {reasons}: choose at most {fits} bars, shorter lengths or fewer series",
        bars=f"{bars:,}",
        reasons=row("{left} and {right}", reasons),
        fits=f"{fits:,}",
    )


def evaluation_bytes(program: Program, bars: int) -> int:
    """At most so many bytes are taken at once while `program` is evaluated on that many bars, the bars not counted.

    The columns that are needed at the same time, in the order in which they are made; a column is let go after its
    last use, and those of series, plots, conditions and orders are kept to the end.
    """
    plan = program.plan
    named = {*plan.series.values(), *plan.plots.values()}
    kept = named | {watch.ref for watch in plan.watches}
    kept |= {part.ref for watch in plan.watches for part in watch.text if part.ref is not None}
    kept |= {p.ref for p in (plan.stop, plan.target, plan.trail) if p is not None and p.ref is not None}
    uses = program.chart.frame_uses
    most = _peak(program.chart, kept, [use.ref for use in uses])
    for name, (_, graph) in program.frames.items():
        inner = {use.inner for use in uses if use.frame == name}
        # besides: the higher bars, six columns, and what came of the timeframes before
        most = max(most, _peak(graph, inner, []) + 8 * (6 + len(uses)))
    # truths that bear a name become numbers; each condition has a mask; times of day are made eight at once
    copies = 8 * sum(program.chart.values[ref].kind == "b" for ref in named) + len(plan.watches)
    return bars * (most + copies + 8 * 8)


def _peak(graph: Graph, kept: set[int], frames: list[int]) -> int:
    """Bytes per bar of the columns alive at once, at most: 8 for a number, 1 for a truth, none for constants that are
    not kept. A batch that uses its own past holds copies of its inputs and outputs, as numbers."""
    batches = schedule(graph)
    size = [1 if value.kind == "b" else 8 for value in graph.values]
    left: dict[int, int] = dict.fromkeys(kept, 1)
    for batch in batches:
        for ref in {ref for instruction in batch.instructions for ref in instruction.inputs}:
            left[ref] = left.get(ref, 0) + 1
    alive = {ref for ref in (*graph.sources.values(), *frames) if left.get(ref)}
    alive |= {ref for ref in kept if graph.values[ref].const is not None}
    total = most = sum(size[ref] for ref in alive)
    for batch in batches:
        inputs = {ref for instruction in batch.instructions for ref in instruction.inputs}
        outputs = {ref for instruction in batch.instructions for ref in instruction.outputs}
        copies = 8 * len(inputs | outputs) if batch.cyclic else 0
        most = max(most, total + sum(size[ref] for ref in outputs) + copies)
        total += sum(size[ref] for ref in outputs if left.get(ref))
        for ref in inputs:
            left[ref] -= 1
            if not left[ref] and graph.values[ref].const is None:
                total -= size[ref]
    return most
