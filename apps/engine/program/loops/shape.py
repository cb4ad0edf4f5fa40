"""The shape of a graph's instructions, and the numbers and columns that a loop of this shape is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from apps.engine.generate.loop import LAST, PAST, Node, Shape
from apps.engine.indicators.operators import OPERATORS
from apps.engine.program.graph import HISTORY, Graph, Instruction


@dataclass(frozen=True)
class Bound:
    """A shape with what one formula fills in: `columns` and `written` are its values by `ref`.

    `numbers` float64, `starts` int64 and `room` (numbers of memory) are as `loop_source` says.
    """

    shape: Shape
    columns: tuple[int, ...]
    written: tuple[int, ...]
    numbers: np.ndarray
    starts: np.ndarray
    room: int


def bind(graph: Graph, instructions: Sequence[Instruction], wanted: Iterable[int]) -> Bound:
    """The shape of `instructions`, given in an order of building, that writes a column for each of `wanted`.

    Values whose past of more than one bar is used are written too, since it is read from their columns.
    """
    made = {ref for instruction in instructions for ref in instruction.outputs}
    written = made.intersection(wanted)
    outside: dict[int, None] = {}
    for instruction in instructions:
        for ref in instruction.inputs:
            if ref not in made:
                outside[ref] = None
            elif instruction.op == HISTORY and instruction.params[0] != 1:
                written.add(ref)
    values = graph.values
    columns = [ref for ref in outside if values[ref].const is None]
    constants = [ref for ref in outside if values[ref].const is not None]
    places = {ref: place for place, ref in enumerate([*columns, *constants])}
    for instruction in instructions:
        for ref in instruction.outputs:
            places[ref] = len(places)
    numbers = [float(values[ref].const or 0.0) for ref in constants]
    nodes, pasts, starts, room = [], [], [], 0
    for instruction in instructions:
        op = instruction.op
        if op == HISTORY:
            pasts.append(values[instruction.outputs[0]].kind)
            op = LAST if instruction.params[0] == 1 else PAST
        if op != LAST:
            numbers += [float(number) for number in instruction.params]
        if op not in (LAST, PAST):
            operator = OPERATORS[op]
            if operator.memory:
                starts.append(room)
                room += operator.memory(
                    *(
                        int(p) if kind == "i" else p
                        for kind, p in zip(operator.params, instruction.params, strict=True)
                    )
                )
        inputs = tuple(places[ref] for ref in instruction.inputs)
        nodes.append(Node(op, inputs, places[instruction.outputs[0]]))
    ordered = sorted(written)
    shape = Shape(
        "".join(values[ref].kind for ref in columns),
        "".join(values[ref].kind for ref in constants),
        tuple(nodes),
        tuple(pasts),
        tuple(places[ref] for ref in ordered),
    )
    return Bound(
        shape,
        tuple(columns),
        tuple(ordered),
        np.array(numbers, np.float64),
        np.array(starts, np.int64),
        room,
    )
