"""A graph as the instructions of the machine (`apps.engine.indicators.machine`)."""

from dataclasses import dataclass
from math import nan

import numpy as np

from apps.engine.indicators.operators import HISTORY_PUSH, HISTORY_READ, MOST_INPUTS, OPCODES, OPERATORS
from apps.engine.program.graph import HISTORY, Graph, Instruction, state_size

COLUMNS = 4 + MOST_INPUTS


@dataclass(frozen=True)
class MachineCode:
    """`code` int32[k, columns], `params` float64, the registers and the state before the first bar (float64)."""

    code: np.ndarray
    params: np.ndarray
    registers: np.ndarray
    state: np.ndarray


def assemble(graph: Graph, instructions: list[Instruction]) -> MachineCode:
    """Code that runs `instructions`, given in an order of building: history is read first and written last."""
    rows: list[list[int]] = []
    pushes: list[list[int]] = []
    params: list[float] = []
    state: list[np.ndarray] = []
    used = 0
    for instruction in instructions:
        place = len(params)
        params.extend(float(p) for p in instruction.params)
        row = [0, instruction.outputs[0], used, place, *instruction.inputs]
        row += [0] * (COLUMNS - len(row))
        size = state_size(instruction)
        memory = np.zeros(size)
        if instruction.op == HISTORY:
            kind = graph.values[instruction.outputs[0]].kind
            memory[1:] = nan if kind == "f" else 0.0
            row[0] = HISTORY_READ
            pushes.append([HISTORY_PUSH, *row[1:]])
        else:
            start = OPERATORS[instruction.op].state
            memory[: len(start)] = start
            row[0] = OPCODES[instruction.op]
        rows.append(row)
        state.append(memory)
        used += size
    # readings come first: what they read was built on an earlier bar
    rows.sort(key=lambda row: row[0] != HISTORY_READ)
    registers = np.array([nan if value.const is None else value.const for value in graph.values] or [nan])
    code = np.array(rows + pushes, np.int32).reshape(-1, COLUMNS)
    return MachineCode(
        code, np.array(params or [0.0]), registers, np.concatenate(state) if state else np.zeros(0)
    )
