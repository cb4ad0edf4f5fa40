"""Evaluates a graph over whole columns of bars."""

from dataclasses import dataclass, field

import numpy as np

from apps.engine.indicators import machine
from apps.engine.indicators.kernels import KERNELS
from apps.engine.indicators.operators import OPERATORS
from apps.engine.program.calendar import time_columns
from apps.engine.program.graph import BAR_SOURCES, HISTORY, Graph, Instruction
from apps.engine.program.machine_code import assemble

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
    plan: list[list[Instruction]],
    columns: Columns,
    frames: dict[int, np.ndarray],
    wanted: set[int],
) -> dict[int, np.ndarray]:
    """The columns of the `wanted` values: float64[n] for numbers, bool[n] for true/false.

    `plan` is `graph.groups()`, `frames` the columns of the values that come from higher timeframes. Columns nobody
    needs any more are let go on the way.
    """
    run = _Run(graph, plan, len(columns.time), wanted)
    for name, ref in graph.sources.items():
        run.put(ref, columns.source(name))
    for ref, column in frames.items():
        run.put(ref, column)
    for group in plan:
        if len(group) == 1 and not set(group[0].inputs) & set(group[0].outputs):
            run.one(group[0])
        else:
            run.together(group)
    return {ref: run.full(ref) for ref in wanted}


class _Run:
    def __init__(self, graph: Graph, plan: list[list[Instruction]], size: int, wanted: set[int]) -> None:
        self.graph = graph
        self.size = size
        self.columns: dict[int, np.ndarray] = {}
        self.uses: dict[int, int] = dict.fromkeys(wanted, 1)
        for group in plan:
            for ref in {ref for instruction in group for ref in instruction.inputs}:
                self.uses[ref] = self.uses.get(ref, 0) + 1

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

    def one(self, instruction: Instruction) -> None:
        outputs: list[np.ndarray] = [
            np.empty(self.size, DTYPES[self.graph.values[ref].kind]) for ref in instruction.outputs
        ]
        if instruction.op == HISTORY:
            ago = min(int(instruction.params[0]), self.size)
            out = outputs[0]
            out[:ago] = np.nan if out.dtype == np.float64 else False
            out[ago:] = self.full(instruction.inputs[0])[: self.size - ago]
        else:
            operator = OPERATORS[instruction.op]
            whole = [
                int(p) if kind == "i" else float(p)
                for kind, p in zip(operator.params, instruction.params, strict=True)
            ]
            arguments: list[object] = [self.size]
            for ref in instruction.inputs:
                arguments.extend(self.operand(ref))
            arguments.extend(whole)
            if operator.memory:
                arguments.append(np.zeros(operator.memory(*whole)))
            KERNELS[instruction.op](*arguments, *outputs)
        for ref, column in zip(instruction.outputs, outputs, strict=True):
            self.put(ref, column)
        self.done_with(set(instruction.inputs))

    def together(self, group: list[Instruction]) -> None:
        """Instructions that use one another's past: bar by bar, through the machine."""
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
