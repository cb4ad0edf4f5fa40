"""A compiled formula: evaluated over all bars at once, or one closed bar at a time from saved state."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from apps.engine.bars import COLUMNS, Bar, Bars
from apps.engine.buffers import BUFFERS
from apps.engine.indicators import machine
from apps.engine.indicators.steps.frames import gather_kernel
from apps.engine.program.calendar import Timeframe, check_fits, iso_time, periods
from apps.engine.program.columns import Columns, evaluate, prepare
from apps.engine.program.errors import EvaluationError
from apps.engine.program.graph import Graph
from apps.engine.program.schedule import schedule
from apps.engine.program.state_layout import STATE_VERSION, StateLayout, fill_sources
from apps.engine.said import said
from apps.engine.sim.spec import EXIT, EXIT_LONG, EXIT_SHORT, LONG, SHORT, Orders, Protection, Size

FLAGS = {
    "long": LONG,
    "short": SHORT,
    "exit_long": EXIT_LONG,
    "exit_short": EXIT_SHORT,
    "exit": EXIT,
    "alert": 0,
}


@dataclass(frozen=True)
class TextPart:
    """A piece of an alert's text: fixed, or a value of the bar (`ref`), or the bar's symbol or time (`special`)."""

    fixed: str = ""
    ref: int | None = None
    special: str = ""


@dataclass(frozen=True)
class Watch:
    """A condition statement: its kind, the value of its condition, and an alert's text."""

    kind: str
    ref: int
    text: tuple[TextPart, ...] = ()


@dataclass(frozen=True)
class ProtectionPlan:
    """A protective order: a fixed percentage (a fraction), or the value that gives its distance or price."""

    kind: str
    value: float = math.nan
    ref: int | None = None


@dataclass(frozen=True)
class Plan:
    """Everything a formula asks for, besides its graph."""

    watches: tuple[Watch, ...]
    series: dict[str, int]
    plots: dict[str, int]
    stop: ProtectionPlan | None = None
    target: ProtectionPlan | None = None
    trail: ProtectionPlan | None = None
    size: Size = field(default_factory=Size)
    exit_after: int | None = None


class Signal(NamedTuple):
    """A condition that holds on a bar. `bar` is its number, `time` its opening in milliseconds; `text` an alert's."""

    bar: int
    time: int
    kind: str
    text: str


@dataclass
class Evaluation:
    """A formula on n bars. `series` and `plots`: float64[n] by name; series named in `truths` are 1 and 0."""

    time: np.ndarray
    series: dict[str, np.ndarray]
    plots: dict[str, np.ndarray]
    orders: Orders
    truths: frozenset[str]
    _program: Program = field(repr=False)
    _values: dict[int, np.ndarray] = field(repr=False)
    _masks: list[np.ndarray] = field(repr=False)
    _symbol: str = field(repr=False)

    def value(self, ref: int) -> np.ndarray:
        """The column of the value `ref` of the chart's graph: float64[n] or bool[n]. KeyError where it was not kept."""
        return self._values[ref]

    @cached_property
    def signals(self) -> list[Signal]:
        """Every bar on which a condition holds, by time, then by statement."""
        return self.signals_between(0, len(self.time))

    def signals_between(self, first: int, last: int) -> list[Signal]:
        """Those of the bars from number `first` to before `last`: of a long series at the cost of that part alone."""
        found = []
        for number, (watch, mask) in enumerate(zip(self._program.plan.watches, self._masks, strict=True)):
            for i in (first + np.flatnonzero(mask[first:last])).tolist():
                found.append((i, number, watch))
        found.sort(key=lambda item: item[:2])
        result = []
        for i, _, watch in found:
            time = int(self.time[i])
            values = {part.ref: self._values[part.ref][i] for part in watch.text if part.ref is not None}
            text = self._program.fill_text(watch.text, values, time, self._symbol)
            result.append(Signal(i, time, watch.kind, text))
        return result


@dataclass(frozen=True)
class ProgramState:
    """All that a running formula remembers: one array of numbers."""

    memory: np.ndarray

    def to_bytes(self) -> bytes:
        return self.memory.astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> ProgramState:
        return cls(np.frombuffer(data, "<f8").astype(np.float64))


class StepResult:
    """What a formula says at one close: condition bits, values of protective orders, and on demand the rest."""

    __slots__ = ("_program", "_registers", "bar", "flags", "held", "stop", "target", "trail")

    def __init__(
        self, program: Program, registers: np.ndarray, bar: Bar, flags: int, held: list[Watch]
    ) -> None:
        self._program = program
        self._registers = registers
        self.bar = bar
        self.flags = flags
        self.held = held
        plan = program.plan
        self.stop, self.target, self.trail = (
            math.nan if p is None or p.ref is None else float(registers[p.ref])
            for p in (plan.stop, plan.target, plan.trail)
        )

    @property
    def signals(self) -> list[tuple[str, str]]:
        """Kind and text of each condition that holds, by statement."""
        registers = self._registers
        filled = []
        for watch in self.held:
            values = {part.ref: registers[part.ref] for part in watch.text if part.ref is not None}
            filled.append(
                (watch.kind, self._program.fill_text(watch.text, values, self.bar.time, self.bar.symbol))
            )
        return filled

    @property
    def series(self) -> dict[str, float]:
        return {name: float(self._registers[ref]) for name, ref in self._program.plan.series.items()}

    @property
    def plots(self) -> dict[str, float]:
        return {name: float(self._registers[ref]) for name, ref in self._program.plan.plots.items()}


class Program:
    """A formula ready to run, with its settings filled in. It is never changed; states are passed along."""

    def __init__(
        self,
        *,
        chart: Graph,
        frames: dict[str, tuple[Timeframe, Graph]],
        plan: Plan,
        formula_hash: str,
        inputs: dict[str, float | str | bool],
        lookback: int,
    ) -> None:
        self.chart = chart
        self.frames = frames
        self.plan = plan
        self.formula_hash = formula_hash
        self.inputs = inputs
        self.lookback = lookback
        self._schedule = schedule(chart)
        self._layout = StateLayout(chart, frames)

    # all bars at once

    @property
    def has_orders(self) -> bool:
        """Whether the formula ever asks to be in the market, rather than only alerting."""
        return any(watch.kind in ("long", "short") for watch in self.plan.watches)

    @property
    def standing_orders(self) -> Orders:
        """The kinds of what the formula asks, over no bars: the rules of an account that lives bar by bar."""
        none: dict[int, np.ndarray] = {
            p.ref: np.empty(0)
            for p in (self.plan.stop, self.plan.target, self.plan.trail)
            if p is not None and p.ref is not None
        }
        return Orders(
            flags=np.empty(0, np.uint8),
            stop=_protection(self.plan.stop, none),
            target=_protection(self.plan.target, none),
            trail=_protection(self.plan.trail, none),
            size=self.plan.size,
            exit_after=self.plan.exit_after,
        )

    def evaluate(self, bars: Bars, also: Iterable[int] = ()) -> Evaluation:
        """The formula on all of `bars`, keeping the values `also` for `Evaluation.value`.

        Raises EvaluationError where a higher timeframe does not fit the bars.
        """
        size = len(bars)
        frame_columns, known_from = self._evaluate_frames(bars)
        wanted = self._wanted() | set(also)
        columns = Columns(bars.time, {name: getattr(bars, name) for name in COLUMNS}, bars.timezone)
        values = evaluate(self.chart, self._schedule, columns, frame_columns, wanted)
        flags, bits = BUFFERS.empty(size, np.uint8), BUFFERS.empty(size, np.uint8)
        flags[:] = 0
        masks = []
        for watch in self.plan.watches:
            mask = values[watch.ref]
            silent = self._silent_bars(watch.ref, known_from, size)
            if mask[:silent].any():
                mask = mask.copy()
                mask[:silent] = False
            if FLAGS[watch.kind]:
                np.multiply(mask.view(np.uint8), np.uint8(FLAGS[watch.kind]), out=bits)
                np.bitwise_or(flags, bits, out=flags)
            masks.append(mask)
        orders = Orders(
            flags=flags,
            stop=_protection(self.plan.stop, values),
            target=_protection(self.plan.target, values),
            trail=_protection(self.plan.trail, values),
            size=self.plan.size,
            exit_after=self.plan.exit_after,
        )
        series = {name: _numbers(values[ref]) for name, ref in self.plan.series.items()}
        plots = {name: _numbers(values[ref]) for name, ref in self.plan.plots.items()}
        kinds = self.chart.values
        truths = frozenset(name for name, ref in self.plan.series.items() if kinds[ref].kind == "b")
        return Evaluation(bars.time, series, plots, orders, truths, self, values, masks, bars.symbol)

    def prepare(self, *, runs: int, bars: int) -> None:
        """Announce `runs` evaluations over `bars` of this formula, whatever its settings: a sweep, for example.

        Where the formula's series use their own past and that pays, a loop is compiled for it now, which takes up to
        some seconds; else nothing happens. Results are the same either way.
        """
        prepare(self.chart, self._schedule, self._wanted(), bars, runs)

    def _wanted(self) -> set[int]:
        """The values of which an evaluation needs a column."""
        plan = self.plan
        wanted = {watch.ref for watch in plan.watches} | set(plan.series.values()) | set(plan.plots.values())
        wanted |= {part.ref for watch in plan.watches for part in watch.text if part.ref is not None}
        protections = (plan.stop, plan.target, plan.trail)
        return wanted | {p.ref for p in protections if p is not None and p.ref is not None}

    def _silent_bars(self, ref: int, known_from: dict[int, int], size: int) -> int:
        value = self.chart.values[ref]
        start = value.first
        for source, bars in value.late.items():
            start = max(start, known_from[source] + bars)
        return min(start, size)

    def _evaluate_frames(self, bars: Bars) -> tuple[dict[int, np.ndarray], dict[int, int]]:
        """Columns of the values that come from higher timeframes, and the bar from which each can be known."""
        columns: dict[int, np.ndarray] = {}
        known_from: dict[int, int] = {}
        for name, (frame, graph) in self.frames.items():
            check_fits(frame, bars.timeframe_ms)
            period, ends = periods(bars.time, bars.timeframe_ms, bars.timezone, frame)
            higher = np.empty((6, len(bars)))
            seen = np.empty(len(bars), np.int64)
            count = gather_kernel(
                bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume, period, ends, higher, seen
            )
            inner = Columns(
                higher[0, :count].astype(np.int64),
                {
                    column: np.ascontiguousarray(higher[i, :count])
                    for i, column in enumerate(COLUMNS, start=1)
                },
                bars.timezone,
            )
            uses = [use for use in self.chart.frame_uses if use.frame == name]
            values = evaluate(graph, schedule(graph), inner, {}, {use.inner for use in uses})
            for use in uses:
                column = values[use.inner]
                before = np.zeros(1, column.dtype) if column.dtype == np.bool_ else np.full(1, np.nan)
                columns[use.ref] = np.concatenate([before, column])[seen]
                needed = graph.values[use.inner].first + 1
                known_from[use.ref] = int(np.searchsorted(seen, needed))
        return columns, known_from

    # one bar at a time

    def initial_state(self) -> ProgramState:
        """The state before the first bar."""
        return ProgramState(self._layout.initial.copy())

    def step(self, state: ProgramState, bar: Bar) -> tuple[ProgramState, StepResult]:
        """The state after one more closed bar, and what the formula says at its close.

        Raises EvaluationError for a state of another formula, and for a bar that does not come later.
        """
        layout = self._layout
        if len(state.memory) != len(layout.initial) or state.memory[0] != STATE_VERSION:
            raise EvaluationError(
                said("this state was saved by another formula or another version of the engine")
            )
        memory = state.memory.copy()
        if bar.time <= memory[2]:
            raise EvaluationError(
                said("bar {iso_time} does not open later than the bar before it", iso_time=iso_time(bar.time))
            )
        number = memory[1]
        registers = layout.code.registers.copy()
        fill_sources(self.chart, registers, bar, number)
        for frame in layout.frames:
            frame.step(memory, registers, bar, number)
        code = layout.code
        machine.run_bar(code.code, code.params, registers, memory[layout.chart_at :])
        memory[1] = number + 1.0
        memory[2] = float(bar.time)
        flags = 0
        held = []
        for watch in self.plan.watches:
            if registers[watch.ref] != 0.0 and self._speaks(watch.ref, memory, number):
                held.append(watch)
                flags |= FLAGS[watch.kind]
        return ProgramState(memory), StepResult(self, registers, bar, flags, held)

    def _speaks(self, ref: int, memory: np.ndarray, number: float) -> bool:
        value = self.chart.values[ref]
        if number < value.first:
            return False
        return all(
            number >= memory[self._layout.known_at[source]] + bars for source, bars in value.late.items()
        )

    def fill_text(self, parts: tuple[TextPart, ...], values: dict[int, float], time: int, symbol: str) -> str:
        """An alert's text with its names filled in."""
        return fill_text(parts, values, {ref: self.chart.values[ref].kind for ref in values}, time, symbol)


def fill_text(
    parts: tuple[TextPart, ...], values: dict[int, float], kinds: dict[int, str], time: int, symbol: str
) -> str:
    """An alert's text with its names filled in: `values` and their `kinds` (f or b) by `ref`."""
    filled = []
    for part in parts:
        if part.special == "symbol":
            filled.append(symbol)
        elif part.special == "time":
            filled.append(iso_time(time))
        elif part.ref is not None:
            filled.append(show(values[part.ref], kinds[part.ref]))
        else:
            filled.append(part.fixed)
    return "".join(filled)


def show(value: float, kind: str) -> str:
    """A value as alerts print it: at most 8 decimals, no zeros at the end; na, true and false as words."""
    if kind == "b":
        return "true" if value else "false"
    number = float(value)
    if not math.isfinite(number):
        return "na"
    if number != 0.0 and not 1e-6 <= abs(number) < 1e15:
        return f"{number:.10g}"
    text = f"{number:.8f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _numbers(column: np.ndarray) -> np.ndarray:
    return column.astype(np.float64) if column.dtype == np.bool_ else column


def _protection(plan: ProtectionPlan | None, values: dict[int, np.ndarray]) -> Protection | None:
    if plan is None:
        return None
    if plan.ref is None:
        return Protection("percent", plan.value)
    series = np.ascontiguousarray(values[plan.ref], dtype=np.float64)
    return Protection("by" if plan.kind == "by" else "at", math.nan, series)
