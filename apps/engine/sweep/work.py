"""The work of many cells as one table: a step that two cells have in common, with all it is made of, is there once.

A cell's graph is read step by step; each step is known by its operator, its parameters and the steps it reads. So a
parameter that does not reach an operator leaves its column shared.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from apps.engine.indicators.operators import OPERATORS
from apps.engine.lang.analysis import Analysed
from apps.engine.lang.cost import FRAME_STEPS
from apps.engine.lang.settings import Setting
from apps.engine.program.calendar import Timeframe
from apps.engine.program.graph import HISTORY, Graph, Instruction
from apps.engine.program.program import FLAGS, ProtectionPlan
from apps.engine.program.schedule import Batch, schedule
from apps.engine.sim.spec import Size

CHART = ""


@dataclass(slots=True)
class Step:
    """One piece of work: its inputs and outputs are numbers of columns, `scope` the timeframe it works in.

    `op` names an operator, `source`, `constant`, `frame` (from a higher timeframe) or `group` (series that use their
    own past, run together as `batch` of `graph`, whose values `refs` are the inputs).
    """

    op: str
    scope: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    params: tuple[float, ...] = ()
    kinds: str = "f"
    name: str = ""
    graph: Graph | None = None
    batch: Batch | None = None
    refs: tuple[int, ...] = ()
    first: int = 0  # of a frame's value: the higher bar from which it can be known
    cost: int = 0


@dataclass(slots=True)
class Condition:
    """A condition's bit and column, and from which bar it may speak (`Program.evaluate`)."""

    flag: int
    column: int
    first: int
    late: tuple[tuple[int, int], ...]  # a frame's column, and how many bars after it


@dataclass(slots=True)
class Order:
    """A protective order: its kind, and its percentage or column."""

    kind: str
    value: float
    column: int | None


@dataclass(slots=True)
class Task:
    """What is left of a cell when its steps are in the table."""

    inputs: dict[str, Setting]
    conditions: list[Condition]
    stop: Order | None
    target: Order | None
    trail: Order | None
    size: Size
    exit_after: int | None

    def columns(self) -> list[int]:
        """All columns the cell's orders read."""
        orders = (self.stop, self.target, self.trail)
        read = [condition.column for condition in self.conditions]
        return read + [order.column for order in orders if order is not None and order.column is not None]


@dataclass
class Work:
    """All steps of all cells. `made_by[column]` is the step that makes it."""

    steps: list[Step] = field(default_factory=list)
    made_by: list[Step] = field(default_factory=list)
    frames: dict[str, Timeframe] = field(default_factory=dict)
    _known: dict[Hashable, tuple[int, ...]] = field(default_factory=dict)

    def add(self, found: Analysed, batches: Sequence[Batch] = ()) -> Task:
        """Put a cell's steps into the table; `batches` are the `schedule` of its chart, where that is at hand."""
        inner: dict[str, dict[int, int]] = {}
        for name, (frame, graph) in found.frames.items():
            self.frames[name] = frame
            inner[name] = self._read(graph, name, {})
        chart = found.chart
        columns: dict[int, int] = {}
        for use in chart.frame_uses:
            first = found.frames[use.frame][1].values[use.inner].first
            columns[use.ref] = self._step(
                (use.frame, inner[use.frame][use.inner], first),
                Step("frame", CHART, (inner[use.frame][use.inner],), (), name=use.frame, first=first,
                     kinds=chart.values[use.ref].kind, cost=FRAME_STEPS),
            )[0]  # fmt: skip
        columns = self._read(chart, CHART, columns, batches)
        plan = found.plan
        conditions = []
        for watch in plan.watches:
            if FLAGS[watch.kind]:
                value = chart.values[watch.ref]
                late = tuple((columns[ref], bars) for ref, bars in value.late.items())
                conditions.append(Condition(FLAGS[watch.kind], columns[watch.ref], value.first, late))
        stop, target, trail = (_order(each, columns) for each in (plan.stop, plan.target, plan.trail))
        return Task(dict(found.values), conditions, stop, target, trail, plan.size, plan.exit_after)

    def _read(
        self, graph: Graph, scope: str, columns: dict[int, int], batches: Sequence[Batch] = ()
    ) -> dict[int, int]:
        """The column of each value of `graph`; `columns` holds those that come from elsewhere."""
        for name, ref in graph.sources.items():
            columns[ref] = self._step((scope, name), Step("source", scope, (), (), name=name))[0]
        for ref, value in enumerate(graph.values):
            if value.const is not None:
                key = (scope, "constant", value.kind, math.copysign(1.0, value.const), repr(value.const))
                step = Step("constant", scope, (), (), params=(value.const,), kinds=value.kind)
                columns[ref] = self._step(key, step)[0]
        for batch in batches or schedule(graph):
            if batch.cyclic:
                self._group(graph, batch, scope, columns)
                continue
            for instruction in batch.instructions:
                inputs = tuple(columns[ref] for ref in instruction.inputs)
                kinds = "".join(graph.values[ref].kind for ref in instruction.outputs)
                step = Step(
                    instruction.op, scope, inputs, (), instruction.params, kinds, cost=_cost(instruction)
                )
                made = self._step((scope, instruction.op, inputs, instruction.params), step)
                columns.update(zip(instruction.outputs, made, strict=True))
        return columns

    def _group(self, graph: Graph, batch: Batch, scope: str, columns: dict[int, int]) -> None:
        made = [ref for instruction in batch.instructions for ref in instruction.outputs]
        at = {ref: -1 - i for i, ref in enumerate(made)}  # below 0: the group's own values
        used = {ref for instruction in batch.instructions for ref in instruction.inputs} - set(made)
        outside = tuple(sorted(used))
        shape = tuple(
            (each.op, each.params, tuple(at.get(ref, columns.get(ref, 0)) for ref in each.inputs))
            for each in batch.instructions
        )
        step = Step(
            "group", scope, tuple(columns[ref] for ref in outside), (), graph=graph, batch=batch, refs=outside,
            kinds="".join(graph.values[ref].kind for ref in made),
            cost=sum(map(_cost, batch.instructions)),
        )  # fmt: skip
        columns.update(zip(made, self._step((scope, "group", shape), step), strict=True))

    def _step(self, key: Hashable, step: Step) -> tuple[int, ...]:
        known = self._known.get(key)
        if known is None:
            start = len(self.made_by)
            known = self._known[key] = step.outputs = tuple(range(start, start + len(step.kinds)))
            self.made_by += [step] * len(known)
            self.steps.append(step)
        return known


def _order(plan: ProtectionPlan | None, columns: dict[int, int]) -> Order | None:
    if plan is None:
        return None
    if plan.ref is None:
        return Order("percent", plan.value, None)
    return Order("by" if plan.kind == "by" else "at", math.nan, columns[plan.ref])


def _cost(instruction: Instruction) -> int:
    if instruction.op == HISTORY:
        return 1
    return 1 + OPERATORS[instruction.op].cost(*(int(p) for p in instruction.params))
