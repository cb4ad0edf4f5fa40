"""What a cohort needs to know of one program: the shape it shares with others, and the numbers that are its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from apps.engine.indicators.operators import OPERATORS
from apps.engine.program.calendar import Timeframe
from apps.engine.program.graph import HISTORY, Graph, state_size
from apps.engine.program.program import FLAGS, Program, ProtectionPlan, TextPart, show


@dataclass(frozen=True)
class Step:
    """An instruction. Values are counted from 0 in `outputs` and `inputs`; -1 - k is constant k of each bot."""

    op: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Use:
    """Value `ref` of the chart comes from value `inner` of a higher timeframe; `kind` f or b."""

    ref: int
    inner: int
    kind: str


@dataclass(frozen=True)
class Part:
    """One timeframe: its sources by name, its instructions, the values the chart takes from it.

    `frame` is None, and `uses` empty, for the chart itself. `histories` has the kind of what each history holds.
    """

    frame: Timeframe | None
    sources: tuple[tuple[str, int], ...]
    steps: tuple[Step, ...]
    uses: tuple[Use, ...]
    histories: str


@dataclass(frozen=True)
class Shape:
    """What programs must have in common to be stepped together: operators and wiring, and what is asked of them.

    `parts` are the higher timeframes, then the chart. `watches` are bits and the value of each condition;
    `protections` the values of stop, target and trail; `named` series and plots, `texts` the values in alerts.
    """

    parts: tuple[Part, ...]
    watches: tuple[tuple[int, int], ...]
    protections: tuple[int | None, int | None, int | None]
    series: tuple[tuple[str, int], ...]
    plots: tuple[tuple[str, int], ...]
    texts: tuple[int, ...]


@dataclass(frozen=True)
class Text:
    """One condition as signals show it: kind, and the parts of its text, whose `ref` is a value of the shape."""

    kind: str
    parts: tuple[TextPart, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Member:
    """One bot's numbers, in the order of the shape's steps.

    `params` of operators and `constants` read by them (float64), `windows` (int64) how many numbers each instruction
    with a window remembers, `first` the bar from which each condition can be known, `late` float64[watches, uses] how
    many bars after each value of a higher timeframe (na: does not depend on it), `inner_first` for each such value the
    higher bar from which it is known.
    """

    shape: Shape
    params: np.ndarray
    constants: np.ndarray
    windows: np.ndarray
    first: np.ndarray
    late: np.ndarray
    inner_first: np.ndarray
    texts: tuple[Text, ...] = field(repr=False)
    formula_hash: str = ""


class _Numbering:
    """Values by number in the order of what makes them; constants by place among the member's own."""

    def __init__(self, constants: list[float]) -> None:
        self.constants = constants
        self.numbers: dict[int, int] = {}

    def new(self, ref: int) -> int:
        return self.numbers.setdefault(ref, len(self.numbers))

    def of(self, graph: Graph, ref: int) -> int:
        const = graph.values[ref].const
        if const is None:
            return self.numbers[ref]
        # each use has a constant of its own: whether two settings happen to be equal must not change the shape
        self.constants.append(const)
        return -len(self.constants)


def describe(program: Program) -> Member:
    """The member that stands for `program`."""
    params: list[float] = []
    constants: list[float] = []
    windows: list[int] = []
    inner_first: list[int] = []
    parts: list[Part] = []
    uses: list[int] = []
    chart_numbers = _Numbering(constants)
    for ref in program.chart.sources.values():
        chart_numbers.new(ref)
    for use in program.chart.frame_uses:
        chart_numbers.new(use.ref)
    for name, (frame, graph) in program.frames.items():
        numbers = _Numbering(constants)
        for ref in graph.sources.values():
            numbers.new(ref)
        steps, histories = _steps(graph, numbers, params, windows)
        taken = []
        for use in (use for use in program.chart.frame_uses if use.frame == name):
            uses.append(use.ref)
            inner_first.append(graph.values[use.inner].first)
            kind = program.chart.values[use.ref].kind
            taken.append(Use(chart_numbers.numbers[use.ref], numbers.of(graph, use.inner), kind))
        parts.append(Part(frame, _sources(graph, numbers), steps, tuple(taken), histories))
    chart = program.chart
    steps, histories = _steps(chart, chart_numbers, params, windows)
    parts.append(Part(None, _sources(chart, chart_numbers), steps, (), histories))
    plan = program.plan

    def number(ref: int) -> int:
        return chart_numbers.of(chart, ref)

    def protection(asked: ProtectionPlan | None) -> int | None:
        return None if asked is None or asked.ref is None else number(asked.ref)

    texts = []
    for watch in plan.watches:
        filled = []
        for part in watch.text:
            value = None if part.ref is None else chart.values[part.ref]
            if value is not None and value.const is not None:
                filled.append(TextPart(show(value.const, value.kind)))
            else:
                filled.append(part if part.ref is None else TextPart(ref=number(part.ref)))
        kinds = tuple("" if part.ref is None else chart.values[part.ref].kind for part in watch.text)
        texts.append(Text(watch.kind, tuple(filled), kinds))
    shape = Shape(
        parts=tuple(parts),
        watches=tuple((FLAGS[watch.kind], number(watch.ref)) for watch in plan.watches),
        protections=(protection(plan.stop), protection(plan.target), protection(plan.trail)),
        series=tuple((name, number(ref)) for name, ref in plan.series.items()),
        plots=tuple((name, number(ref)) for name, ref in plan.plots.items()),
        texts=tuple(part.ref for text in texts for part in text.parts if part.ref is not None),
    )
    late = [[chart.values[watch.ref].late.get(ref, np.nan) for ref in uses] for watch in plan.watches]
    return Member(
        shape=shape,
        params=np.array(params, np.float64),
        constants=np.array(constants, np.float64),
        windows=np.array(windows, np.int64),
        first=np.array([chart.values[watch.ref].first for watch in plan.watches], np.float64),
        late=np.array(late, np.float64).reshape(len(plan.watches), len(uses)),
        inner_first=np.array(inner_first, np.float64),
        texts=tuple(texts),
        formula_hash=program.formula_hash,
    )


def _sources(graph: Graph, numbers: _Numbering) -> tuple[tuple[str, int], ...]:
    return tuple((name, numbers.numbers[ref]) for name, ref in graph.sources.items())


def _steps(
    graph: Graph, numbers: _Numbering, params: list[float], windows: list[int]
) -> tuple[tuple[Step, ...], str]:
    for instruction in graph.instructions:
        for ref in instruction.outputs:
            numbers.new(ref)
    steps = []
    histories = ""
    for instruction in graph.instructions:
        inputs = tuple(numbers.of(graph, ref) for ref in instruction.inputs)
        outputs = tuple(numbers.numbers[ref] for ref in instruction.outputs)
        steps.append(Step(instruction.op, inputs, outputs))
        params.extend(float(p) for p in instruction.params)
        kept = 1 if instruction.op == HISTORY else len(OPERATORS[instruction.op].state)
        if instruction.op == HISTORY:
            histories += graph.values[instruction.outputs[0]].kind
        if has_window(instruction.op):
            windows.append(state_size(instruction) - kept)
    return tuple(steps), histories


def has_window(op: str) -> bool:
    """Whether an instruction remembers more than its slots."""
    return op == HISTORY or OPERATORS[op].memory is not None


def param_count(op: str) -> int:
    """Constants that decide how an instruction works, for instance its length."""
    return 1 if op == HISTORY else len(OPERATORS[op].params)


def slot_starts(op: str) -> tuple[float, ...]:
    """What an instruction's slots hold before the first bar."""
    return (0.0,) if op == HISTORY else OPERATORS[op].state
