"""What expressions are, the graphs they are built in, and the outcome of an analysis."""

from __future__ import annotations

import math
from dataclasses import dataclass

from apps.engine.lang.analysis.ranges import Range
from apps.engine.lang.cost import Cost
from apps.engine.lang.errors import Problem
from apps.engine.lang.settings import InputSpec, Setting
from apps.engine.program.calendar import Timeframe
from apps.engine.program.graph import Graph, Instruction
from apps.engine.program.program import Plan
from apps.engine.said import said

WORDS = {
    "number": said("a number"),
    "percent": said("a percentage"),
    "truth": "true/false",
    "text": said("a text"),
}
NUMERIC = ("number", "percent")


@dataclass(frozen=True)
class Val:
    """What an expression is. `type`: number, percent, truth, text, many (of several outputs) or any (an error was
    noted). Its value is the number `ref` in the graph, or `text`; `fields` the values of many."""

    type: str
    ref: int = -1
    text: str | None = None
    fields: tuple[tuple[str, int], ...] = ()
    function: str = ""


ANY = Val("any")


@dataclass
class Analysed:
    """The outcome: everything wrong or doubtful, and where nothing is wrong, what to run. `meant`: what each
    expression of the chart's own timeframe became, by `id` of its node."""

    problems: list[Problem]
    warnings: list[Problem]
    inputs: list[InputSpec]
    values: dict[str, Setting]
    chart: Graph
    frames: dict[str, tuple[Timeframe, Graph]]
    plan: Plan
    lookback: int
    cost: Cost
    meant: dict[int, Val]


class Scope:
    """The graph of one timeframe, and the names already built in it."""

    def __init__(self, frame: str | None) -> None:
        self.frame = frame
        self.graph = Graph()
        self.names: dict[str, Val] = {}
        self.open: list[tuple[Instruction, str]] = []  # pasts of names that were not yet built
        self.ranges: dict[
            int, Range
        ] = {}  # what functions say of their values, beyond what the operators tell

    def close(self) -> None:
        """Give each open past the value it is the past of."""
        for instruction, name in self.open:
            val = self.names.get(name, ANY)
            kind = self.graph.values[instruction.outputs[0]].kind
            fits = val.ref >= 0 and self.graph.values[val.ref].kind == kind
            instruction.inputs = (
                val.ref if fits else self.graph.constant(math.nan if kind == "f" else 0.0, kind),
            )
        self.open.clear()
