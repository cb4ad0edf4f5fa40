"""Bots whose programs have one shape: where their numbers lie, and one closed bar for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.engine.bars import Bar
from apps.engine.generate.cohort_codes import (
    BLOCK,
    INPUTS,
    OP,
    OUTPUTS,
    PARAMS,
    STATE,
    WINDOW,
)
from apps.engine.indicators.operators import HISTORY_PUSH, HISTORY_READ, OPCODES
from apps.engine.program.calendar import check_fits, periods, time_columns
from apps.engine.program.cohort import machine
from apps.engine.program.cohort.layout import Code, Layout, Numbers
from apps.engine.program.cohort.member import Member, Part, Shape, has_window, param_count, slot_starts
from apps.engine.program.graph import BAR_SOURCES, HISTORY

NUMBER, TIME = 0, 1  # the first slots: bars seen, and when the last one opened
# slots of a higher timeframe: its period, bars closed, then the bar being gathered: seven slots, the last its count
PERIOD, CLOSED, GATHERED, COUNT, FRAME_SLOTS = 0, 1, 2, 8, 9


@dataclass(frozen=True)
class _Frame:
    part: Part
    code: Code
    at: int  # its first slot
    use_slots: tuple[tuple[int, int], ...]  # value, and the bar since which it is known
    time_sources: tuple[tuple[str, int], ...]
    inner_first: np.ndarray  # float64[uses, bots]


@dataclass(frozen=True, eq=False)
class GroupResult:
    """What the bots of one group say: `flags` uint8[bots], `held` uint8[watches, bots], and all kept values."""

    flags: np.ndarray
    held: np.ndarray
    values: np.ndarray


class Group:
    """Programs of one shape."""

    def __init__(self, shape: Shape, members: Sequence[Member]) -> None:
        self.shape = shape
        self.bots = bots = len(members)
        self.texts = [member.texts for member in members]
        self._numbers = Numbers(members)
        self._layout = layout = Layout(members)
        self._param = 0
        layout.slot(0.0)
        layout.slot(-math.inf)
        uses_before = 0
        recalled: dict[int, int] = {}
        self.frames: list[_Frame] = []
        known_slots: list[int] = []
        for part in shape.parts[:-1]:
            uses = slice(uses_before, uses_before + len(part.uses))
            uses_before += len(part.uses)
            inner_first = np.array([member.inner_first[uses] for member in members]).reshape(bots, -1).T
            self.frames.append(frame := self._frame(part, np.ascontiguousarray(inner_first)))
            for use, (value, known) in zip(part.uses, frame.use_slots, strict=True):
                recalled[use.ref] = value
                known_slots.append(known)
        self.chart = self._chart(shape.parts[-1], recalled)
        self._watch(members, known_slots)
        self._windows = layout.windows()
        self.size = layout.size

    # building

    def _frame(self, part: Part, inner_first: np.ndarray) -> _Frame:
        layout = self._layout
        at = layout.slot(math.nan)
        for _ in range(FRAME_SLOTS - 1):
            layout.slot(0.0)
        use_slots = tuple(
            (layout.slot(math.nan if use.kind == "f" else 0.0), layout.slot(math.inf)) for use in part.uses
        )
        wanted = {use.inner for use in part.uses}
        code = Code(self.bots, self._numbers)
        times = []
        for name, number in part.sources:
            if name in BAR_SOURCES:
                slot = GATHERED + 1 + BAR_SOURCES.index(name)
                code.recall(number, at + slot * self.bots, number in wanted)
            elif name == "bar_index":
                code.recall(number, at + CLOSED * self.bots, number in wanted)
            else:
                code.make(number, keep=True)
                times.append((name, number))
        self._instructions(part, code, wanted)
        return _Frame(part, code, at, use_slots, tuple(times), inner_first)

    def _chart(self, part: Part, recalled: dict[int, int]) -> Code:
        shape = self.shape
        wanted = {ref for _, ref in shape.watches} | {ref for ref in shape.protections if ref is not None}
        wanted |= {ref for _, ref in (*shape.series, *shape.plots)} | set(shape.texts)
        code = Code(self.bots, self._numbers)
        self._shared_sources: list[tuple[str, int]] = []
        for name, number in part.sources:
            if name == "bar_index":
                code.recall(number, NUMBER * self.bots, number in wanted)
            else:
                code.share(number, 0.0)
                self._shared_sources.append((name, number))
        for number, slot in recalled.items():
            code.recall(number, slot, number in wanted)
        self._instructions(part, code, wanted)
        return code

    def _instructions(self, part: Part, code: Code, wanted: set[int]) -> None:
        layout, numbers = self._layout, self._numbers
        for number in sorted(wanted):
            if number < 0:
                code.operand(number, keep=True)
        for step in part.steps:
            for number in step.outputs:
                code.make(number, number in wanted)
        histories = iter(part.histories)
        for step in part.steps:
            starts = slot_starts(step.op)
            slots = [layout.slot(start) for start in starts]
            row = {STATE: ("", slots[0] if slots else 0)}
            if has_window(step.op):
                start = math.nan if step.op == HISTORY and next(histories) == "f" else 0.0
                row[WINDOW] = ("", layout.window(start))
            for i in range(param_count(step.op)):
                row[PARAMS + i] = ("", numbers.param(self._param + i))
            self._param += param_count(step.op)
            inputs = {INPUTS + i: code.operand(number) for i, number in enumerate(step.inputs)}
            outputs = {OUTPUTS + i: code.operand(number) for i, number in enumerate(step.outputs)}
            if step.op == HISTORY:
                code.add({**row, OP: ("", HISTORY_READ), **outputs})
                code.add({**row, OP: ("", HISTORY_PUSH), **inputs}, last=True)
            else:
                code.add({**row, OP: ("", OPCODES[step.op]), **inputs, **outputs})
        code.finish()

    def _watch(self, members: Sequence[Member], known_slots: list[int]) -> None:
        watches = self.shape.watches
        self._places = np.array([self.chart.place(ref) for _, ref in watches], np.int64)
        self._bits = np.array([bits for bits, _ in watches], np.uint8)
        self._first = np.ascontiguousarray(np.array([member.first for member in members]).T)
        late = np.array([member.late for member in members])  # bots, watches, uses
        depends = [(k, use) for k, use in np.ndindex(late.shape[1:]) if not np.isnan(late[:, k, use]).all()]
        self._late_watch = np.array([k for k, _ in depends], np.int64)
        self._late_known = np.array([known_slots[use] for _, use in depends], np.int64)
        self._late = np.array([late[:, k, use] for k, use in depends]).reshape(-1, self.bots)

    # state

    def initial(self) -> np.ndarray:
        """float64[size]: the states of all bots before the first bar."""
        return self._layout.initial()

    def positions(self, bots: np.ndarray) -> np.ndarray:
        """Where the numbers of `bots` lie in the group's state, as in a group of just these bots."""
        return self._layout.positions(bots)

    def last_time(self, state: np.ndarray) -> float:
        """When the latest bar of any bot opened."""
        return float(state[TIME * self.bots : (TIME + 1) * self.bots].max())

    # one bar

    def check(self, bar: Bar) -> None:
        """Raise EvaluationError where a higher timeframe does not fit the bar's."""
        for frame in self.frames:
            assert frame.part.frame is not None
            check_fits(frame.part.frame, bar.timeframe_ms)

    def step(self, state: np.ndarray, bar: Bar) -> GroupResult:
        """One closed bar, `state` changed in place."""
        for frame in self.frames:
            self._step_frame(frame, state, bar)
        chart = self.chart
        values = np.empty(chart.size)
        values[: len(chart.front)] = chart.front
        times: dict[str, np.ndarray] | None = None
        for name, number in self._shared_sources:
            source = values[chart.place(number) :][:BLOCK]
            if name in BAR_SOURCES:
                source[:] = getattr(bar, name)
            else:
                if times is None:
                    times = time_columns(np.array([bar.time], np.int64), bar.timezone)
                source[:] = times[name][0]
        self._run(chart, values, state)
        flags = np.empty(self.bots, np.uint8)
        held = np.empty((len(self._places), self.bots), np.uint8)
        machine.run_watches(
            self._places, self._bits, self._first, self._late_watch, self._late_known, self._late,
            values, chart.own, state, held, flags,
        )  # fmt: skip
        state[: self.bots] += 1.0
        state[TIME * self.bots : (TIME + 1) * self.bots] = float(bar.time)
        return GroupResult(flags, held, values)

    def _run(self, code: Code, values: np.ndarray, state: np.ndarray) -> None:
        numbers = self._numbers
        machine.run_cohort(
            code.code, numbers.array, np.uint64(numbers.own), values, np.uint64(code.own), self._windows, state,
            np.uint64(self.bots),
        )  # fmt: skip

    def _slot(self, state: np.ndarray, frame: _Frame, slot: int) -> np.ndarray:
        at = frame.at + slot * self.bots
        return state[at : at + self.bots]

    def _step_frame(self, frame: _Frame, state: np.ndarray, bar: Bar) -> None:
        assert frame.part.frame is not None
        period, ends = periods(
            np.array([bar.time], np.int64), bar.timeframe_ms, bar.timezone, frame.part.frame
        )
        began = self._slot(state, frame, PERIOD)
        closing = (self._slot(state, frame, COUNT) > 0.0) & (began != float(period[0]))
        if closing.any():
            self._close(frame, state, bar, closing)
        began[:] = float(period[0])
        machine.gather(state, frame.at + GATHERED * self.bots, self.bots, float(bar.time), *bar[1:6])
        if ends[0]:
            self._close(frame, state, bar, np.ones(self.bots, np.bool_))

    def _close(self, frame: _Frame, state: np.ndarray, bar: Bar, closing: np.ndarray) -> None:
        """Bots that are `closing` end their higher bar; the others, which have none yet, are left as they are."""
        waiting = np.flatnonzero(~closing)
        if len(waiting):
            untouched = self.positions(waiting)
            before = state[untouched]
        bots, code = self.bots, frame.code
        values = np.empty(code.size)
        values[: len(code.front)] = code.front
        if frame.time_sources:
            opened = self._slot(state, frame, GATHERED).astype(np.int64)
            columns = time_columns(opened, bar.timezone)
            for name, number in frame.time_sources:
                code.column(values, number)[:] = columns[name]
        self._run(code, values, state)
        closed = self._slot(state, frame, CLOSED)
        for use, slots, first in zip(frame.part.uses, frame.use_slots, frame.inner_first, strict=True):
            value, known = (state[at : at + bots] for at in slots)
            value[:] = code.column(values, use.inner)
            np.copyto(known, state[:bots], where=closed == first)
        closed += 1.0
        for slot in range(GATHERED, FRAME_SLOTS):
            self._slot(state, frame, slot)[:] = 0.0
        if len(waiting):
            state[untouched] = before

    # on demand

    def column(self, result: GroupResult, number: int) -> np.ndarray:
        """float64[bots]: a value that was kept."""
        return self.chart.column(result.values, number)
