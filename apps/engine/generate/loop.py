"""Writes one compiled loop for one shape of formula: all its operators, bar by bar, with their state in registers.

The source is made of whole numbers and of the names in the table of operators, nothing else: no text of a formula
reaches it. Constants, lengths and settings are numbers handed over at run time, so that formulas of one shape share
the loop. Each value is still that of the one step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.engine.indicators.operators import OPERATORS, Operator

PAST = "history"  # a value as of a number of bars ago, given at run time
LAST = "last"  # a value as of the bar before
KINDS = {"f": "nan", "b": "False"}  # of a value, and what its past is before the first bar


@dataclass(frozen=True)
class Node:
    """One operator of a shape (or PAST, LAST): its inputs and the first of its outputs, as places."""

    op: str
    inputs: tuple[int, ...]
    output: int


@dataclass(frozen=True)
class Shape:
    """Operators and the wiring between them.

    A place is the number of a value. `columns` and `constants` have a letter per value, f number or b true/false;
    theirs are the first places, in this order, then come the outputs of the nodes. `pasts` are the kinds of the
    outputs of PAST and LAST by node. Nodes stand in an order in which each but PAST and LAST follows what it uses.
    `written` are the places of nodes' outputs that get a column; what PAST reads must be among them or a column.
    """

    columns: str
    constants: str
    nodes: tuple[Node, ...]
    pasts: tuple[str, ...]
    written: tuple[int, ...]

    def kind(self, place: int) -> str:
        """f or b, of any value."""
        outside = self.columns + self.constants
        if place < len(outside):
            return outside[place]
        pasts = iter(self.pasts)
        for node in self.nodes:
            kinds = next(pasts) if node.op in (PAST, LAST) else OPERATORS[node.op].outputs
            if place < node.output + len(kinds):
                return kinds[place - node.output]
        raise IndexError(f"no place {place}")


def loop_source(shape: Shape, name: str) -> str:
    """A module with the function `name`(size, numbers, starts, memory, columns ..., written columns ...).

    `numbers` float64: the constants, then each node's parameters (PAST's is its bars). `starts` int64: where in
    `memory` (float64, zeros at first) the window of each operator that has one begins.
    """
    writer = _Writer(shape)
    imports: dict[str, set[str]] = {}
    for node in shape.nodes:
        if node.op not in (PAST, LAST):
            step = OPERATORS[node.op].step
            imports.setdefault(step.__module__, set()).add(step.__name__)
    columns = [f"x{i}" for i in range(len(shape.columns))]
    outs = [f"out{place}" for place in shape.written]
    return "\n".join(
        [
            '"""Operators of one shape of formula in one loop. Written by apps.engine.generate.loop."""',
            "",
            "from math import nan",
            "",
            "import numpy as np",
            "",
            *(f"from {module} import {', '.join(sorted(imports[module]))}" for module in sorted(imports)),
            "",
            "",
            f"def {name}({', '.join(['size', 'numbers', 'starts', 'memory', *columns, *outs])}):",
            *(f"    {line}" for line in writer.before),
            "    for i in range(np.uint64(size)):",
            *(f"        {line}" for line in [*writer.first, *writer.body, *writer.last]),
            "",
        ]
    )


class _Writer:
    """The lines before the loop, and within it those that read the past, do the work, and keep it for later."""

    def __init__(self, shape: Shape) -> None:
        self.before: list[str] = []
        self.first = [f"v{i} = x{i}[i]" for i in range(len(shape.columns))]
        self.body: list[str] = []
        self.last = [f"out{place}[i] = v{place}" for place in shape.written]
        self._numbers = self._windows = 0
        self._columns = len(shape.columns)
        self._written = frozenset(shape.written)
        for i, kind in enumerate(shape.constants, start=self._columns):
            self.before.append(f"v{i} = {self._number()}{' != 0.0' if kind == 'b' else ''}")
        self._constants = range(self._columns, self._columns + len(shape.constants))
        pasts = iter(shape.pasts)
        for node in shape.nodes:
            if node.op == PAST:
                self._past(node, KINDS[next(pasts)])
            elif node.op == LAST:
                self._last(node, KINDS[next(pasts)])
            else:
                self._operator(node, OPERATORS[node.op])

    def _number(self) -> str:
        self._numbers += 1
        return f"numbers[{self._numbers - 1}]"

    def _past(self, node: Node, unknown: str) -> None:
        source, out = node.inputs[0], node.output
        # unsigned places are not checked for negative ones
        self.before.append(f"n{out} = np.uint64({self._number()})")
        if source in self._constants:
            then = f"v{source}"
        elif source < self._columns:
            then = f"x{source}[i - n{out}]"
        elif source in self._written:
            then = f"out{source}[i - n{out}]"
        else:
            raise ValueError(f"place {source}, whose past is read, is not written")
        self.first.append(f"v{out} = {then} if i >= n{out} else {unknown}")

    def _last(self, node: Node, unknown: str) -> None:
        source, out = node.inputs[0], node.output
        self.before.append(f"h{out} = {unknown}")
        self.first.append(f"v{out} = h{out}")
        self.last.append(f"h{out} = v{source}")

    def _operator(self, node: Node, operator: Operator) -> None:
        out = node.output
        arguments: list[str] = []
        if operator.state:
            start = ", ".join("nan" if value != value else repr(value) for value in operator.state)
            self.before.append(f"s{out} = ({start},)")
            arguments.append(f"s{out}")
        if operator.memory:
            self.before.append(f"m{out} = starts[{self._windows}]")
            self._windows += 1
            arguments += ["memory", f"m{out}"]
        arguments += [f"v{place}" for place in node.inputs]
        for i, kind in enumerate(operator.params):
            number = self._number()
            self.before.append(f"p{out}_{i} = {f'int({number})' if kind == 'i' else number}")
            arguments.append(f"p{out}_{i}")
        outputs: Sequence[str] = [f"v{out + i}" for i in range(len(operator.outputs))]
        result = outputs[0] if len(outputs) == 1 else f"({', '.join(outputs)})"
        left = f"s{out}, {result}" if operator.state else result
        self.body.append(f"{left} = {operator.step.__name__}({', '.join(arguments)})")
