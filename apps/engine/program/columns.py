"""Evaluates a graph over whole columns of bars."""

from dataclasses import dataclass, field

import numpy as np

from apps.engine.buffers import BUFFERS
from apps.engine.indicators import machine
from apps.engine.indicators.kernels import KERNELS
from apps.engine.indicators.operators import OPERATORS
from apps.engine.program.calendar import time_columns
from apps.engine.program.chains import CHAINS
from apps.engine.program.graph import BAR_SOURCES, HISTORY, Graph, Instruction
from apps.engine.program.loops import LOOPS, Bound, Loop, bind
from apps.engine.program.loops.loops import MOST_NODES
from apps.engine.program.machine_code import assemble
from apps.engine.program.schedule import Batch

DTYPES: dict[str, type] = {"f": np.float64, "b": np.bool_}


@dataclass
class Columns:
    """Bars as columns. `time` int64[n], the others float64[n]."""

    time: np.ndarray
    prices: dict[str, np.ndarray]
    timezone: str
    _times: dict[str, np.ndarray] | None = field(default=None, repr=False)

    def source(self, name: str) -> np.ndarray:
        """A column of the bars, of their local time, or their numbers."""
        if name in BAR_SOURCES:
            return self.prices[name]
        if name == "bar_index":
            return np.arange(len(self.time), dtype=np.float64)
        if self._times is None:
            self._times = time_columns(self.time, self.timezone)
        return self._times[name]


def evaluate(
    graph: Graph,
    plan: list[Batch],
    columns: Columns,
    frames: dict[int, np.ndarray],
    wanted: set[int],
) -> dict[int, np.ndarray]:
    """The columns of the `wanted` values: float64[n] for numbers, bool[n] for true/false.

    `plan` is the graph's `schedule`, `frames` the columns of the values that come from higher timeframes. Columns
    nobody needs any more are let go on the way.
    """
    run = _Run(graph, plan, len(columns.time), wanted)
    for name, ref in graph.sources.items():
        run.put(ref, columns.source(name))
    for ref, column in frames.items():
        run.put(ref, column)
    together = in_one_loop(graph, plan, wanted)
    if together is not None:
        loop = LOOPS.find(together.shape, run.size, _in_machine(plan))
        if loop is not None:
            run.looped(loop, together)
            plan = []
    for batch in plan:
        if batch.cyclic:
            run.together(batch.instructions, alone=together is None)
        elif len(batch.instructions) > 1:
            run.chained(batch.instructions)
        else:
            run.one(batch.instructions[0])
    return {ref: run.full(ref) for ref in wanted}


def in_one_loop(graph: Graph, plan: list[Batch], wanted: set[int]) -> Bound | None:
    """The graph as one loop; None where no series uses its own past, or where there is too much for one loop.

    A loop that waits for its own last values at every bar leaves most of a processor idle: what else the formula
    computes then costs little more.
    """
    if not any(batch.cyclic for batch in plan) or len(graph.instructions) > MOST_NODES:
        return None
    return bind(graph, graph.instructions, wanted)


def prepare(graph: Graph, plan: list[Batch], wanted: set[int], bars: int, runs: int) -> None:
    """Have compiled loops ready for `runs` evaluations over `bars`, where that pays."""
    together = in_one_loop(graph, plan, wanted)
    if together is not None:
        LOOPS.prepare(together.shape, bars, _in_machine(plan), runs)
        return
    uses = _uses(plan, wanted)
    for batch in plan:
        if batch.cyclic:
            group = batch.instructions
            LOOPS.prepare(_group(graph, group, uses).shape, bars, len(group), runs)


def _in_machine(plan: list[Batch]) -> int:
    return sum(len(batch.instructions) for batch in plan if batch.cyclic)


def _uses(plan: list[Batch], wanted: set[int]) -> dict[int, int]:
    """By how many batches each value is used; being wanted counts as one."""
    uses = dict.fromkeys(wanted, 1)
    for batch in plan:
        for ref in {ref for instruction in batch.instructions for ref in instruction.inputs}:
            uses[ref] = uses.get(ref, 0) + 1
    return uses


def _group(graph: Graph, group: list[Instruction], uses: dict[int, int]) -> Bound:
    """A group whose series use one another's past as a loop of its own; what others use is written."""
    own = {ref for instruction in group for ref in instruction.inputs}
    made = [ref for instruction in group for ref in instruction.outputs]
    return bind(graph, group, [ref for ref in made if uses.get(ref, 0) > (ref in own)])


class _Run:
    def __init__(self, graph: Graph, plan: list[Batch], size: int, wanted: set[int]) -> None:
        self.graph = graph
        self.size = size
        self.columns: dict[int, np.ndarray] = {}
        self.uses = _uses(plan, wanted)

    def put(self, ref: int, column: np.ndarray) -> None:
        if self.uses.get(ref):
            self.columns[ref] = column

    def done_with(self, refs: set[int]) -> None:
        for ref in refs:
            self.uses[ref] -= 1
            if not self.uses[ref]:
                self.columns.pop(ref, None)

    def operand(self, ref: int) -> tuple[np.ndarray, int]:
        """A column and its stride: constants are columns of one value, read again and again."""
        value = self.graph.values[ref]
        if value.const is not None:
            return np.array([value.const], DTYPES[value.kind]), 0
        return self.columns[ref], 1

    def full(self, ref: int) -> np.ndarray:
        column, stride = self.operand(ref)
        return column if stride else np.full(self.size, column[0])

    def made(self, instruction: Instruction) -> list[np.ndarray]:
        """Room for an instruction's outputs."""
        kinds = (self.graph.values[ref].kind for ref in instruction.outputs)
        return [BUFFERS.empty(self.size, DTYPES[kind]) for kind in kinds]

    def arguments(self, instruction: Instruction) -> list[object]:
        """What its kernel takes between the size and the outputs."""
        operator = OPERATORS[instruction.op]
        whole = [
            int(p) if kind == "i" else float(p)
            for kind, p in zip(operator.params, instruction.params, strict=True)
        ]
        found: list[object] = []
        for ref in instruction.inputs:
            found.extend(self.operand(ref))
        found.extend(whole)
        if operator.memory:
            found.append(np.zeros(operator.memory(*whole)))
        return found

    def finish(self, instruction: Instruction, outputs: list[np.ndarray]) -> None:
        for ref, column in zip(instruction.outputs, outputs, strict=True):
            self.put(ref, column)

    def one(self, instruction: Instruction) -> None:
        outputs = self.made(instruction)
        if instruction.op == HISTORY:
            ago = min(int(instruction.params[0]), self.size)
            out = outputs[0]
            out[:ago] = np.nan if out.dtype == np.float64 else False
            out[ago:] = self.full(instruction.inputs[0])[: self.size - ago]
        else:
            KERNELS[instruction.op](self.size, *self.arguments(instruction), *outputs)
        self.finish(instruction, outputs)
        self.done_with(set(instruction.inputs))

    def chained(self, instructions: list[Instruction]) -> None:
        """Instructions that do not need one another, in one loop."""
        outputs = [self.made(instruction) for instruction in instructions]
        arguments: list[object] = [self.size]
        for instruction, made in zip(instructions, outputs, strict=True):
            arguments += [*self.arguments(instruction), *made]
        CHAINS[tuple(instruction.op for instruction in instructions)](*arguments)
        for instruction, made in zip(instructions, outputs, strict=True):
            self.finish(instruction, made)
        self.done_with({ref for instruction in instructions for ref in instruction.inputs})

    def looped(self, loop: Loop, bound: Bound) -> None:
        """What a compiled loop makes."""
        kinds = self.graph.values
        # the loop was compiled for columns that may be written to
        inputs = [np.require(self.columns[ref], requirements=["C", "W"]) for ref in bound.columns]
        outputs = [BUFFERS.empty(self.size, DTYPES[kinds[ref].kind]) for ref in bound.written]
        loop(self.size, bound.numbers, bound.starts, np.zeros(bound.room), *inputs, *outputs)
        for ref, column in zip(bound.written, outputs, strict=True):
            self.put(ref, column)

    def together(self, group: list[Instruction], *, alone: bool) -> None:
        """Instructions that use one another's past: bar by bar, in a compiled loop or through the machine.

        `alone`: the group may have a loop of its own.
        """
        if alone:
            bound = _group(self.graph, group, self.uses)
            loop = LOOPS.find(bound.shape, self.size, len(group))
            if loop is not None:
                self.looped(loop, bound)
                self.done_with({ref for instruction in group for ref in instruction.inputs})
                return
        code = assemble(self.graph, group)
        made = [ref for instruction in group for ref in instruction.outputs]
        used = {ref for instruction in group for ref in instruction.inputs}
        outside = [ref for ref in sorted(used - set(made)) if self.graph.values[ref].const is None]
        inputs = np.empty((len(outside), self.size))
        for row, ref in enumerate(outside):
            inputs[row] = self.columns[ref]
        kept = [ref for ref in made if self.uses.get(ref)]
        outputs = np.empty((len(kept), self.size))
        machine.run_bars(
            code.code,
            code.params,
            code.registers,
            code.state,
            inputs,
            np.array(outside, np.int64),
            outputs,
            np.array(kept, np.int64),
        )
        for row, ref in enumerate(kept):
            self.put(ref, outputs[row] if self.graph.values[ref].kind == "f" else outputs[row] != 0.0)
        self.done_with(used)
