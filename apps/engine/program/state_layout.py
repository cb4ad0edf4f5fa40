"""Where everything lies in the state of a program that runs bar by bar, and the higher timeframes' part of a step."""

from __future__ import annotations

import math

import numpy as np

from apps.engine.bars import Bar
from apps.engine.indicators import machine
from apps.engine.indicators.steps.frames import gather_step
from apps.engine.program.calendar import Timeframe, check_fits, periods, time_columns
from apps.engine.program.graph import BAR_SOURCES, Graph
from apps.engine.program.machine_code import MachineCode, assemble

STATE_VERSION = 2.0


class FrameLayout:
    """The part of a state that belongs to one higher timeframe: the bar being gathered, the last closed values, and
    the state of its own machine."""

    def __init__(self, name: str, frame: Timeframe, graph: Graph, chart: Graph, at: int) -> None:
        self.frame = frame
        self.graph = graph
        self.uses = [use for use in chart.frame_uses if use.frame == name]
        self.code: MachineCode = assemble(graph, graph.instructions)
        # period, closed bars, 7 of the bar being gathered; then per use: value, bar from which it is known
        self.at = at
        self.uses_at = at + 9
        self.state_at = self.uses_at + 2 * len(self.uses)
        self.size = 9 + 2 * len(self.uses) + len(self.code.state)
        self.initial = np.zeros(self.size)
        self.initial[0] = math.nan
        for i, use in enumerate(self.uses):
            self.initial[9 + 2 * i] = math.nan if chart.values[use.ref].kind == "f" else 0.0
            self.initial[9 + 2 * i + 1] = math.inf
        self.initial[self.state_at - at :] = self.code.state

    def step(self, memory: np.ndarray, registers: np.ndarray, bar: Bar, number: float) -> None:
        check_fits(self.frame, bar.timeframe_ms)
        period, ends = periods(np.array([bar.time], np.int64), bar.timeframe_ms, bar.timezone, self.frame)
        at = self.at
        if memory[at + 8] > 0.0 and memory[at] != float(period[0]):
            self._close(memory, bar, number)
        memory[at] = float(period[0])
        gathered = tuple(memory[at + 2 : at + 9].tolist())
        memory[at + 2 : at + 9] = gather_step(gathered, float(bar.time), *bar[1:6])
        if ends[0]:
            self._close(memory, bar, number)
        for i, use in enumerate(self.uses):
            registers[use.ref] = memory[self.uses_at + 2 * i]

    def _close(self, memory: np.ndarray, bar: Bar, number: float) -> None:
        at = self.at
        time, *prices = memory[at + 2 : at + 8].tolist()
        open_, high, low, close, volume = prices
        higher = Bar(int(time), open_, high, low, close, volume, bar.timeframe_ms, bar.timezone)
        index = memory[at + 1]
        registers = self.code.registers.copy()
        fill_sources(self.graph, registers, higher, index)
        state = memory[self.state_at : self.at + self.size]
        machine.run_bar(self.code.code, self.code.params, registers, state)
        memory[at + 1] = index + 1.0
        memory[at + 2 : at + 9] = 0.0
        for i, use in enumerate(self.uses):
            memory[self.uses_at + 2 * i] = registers[use.inner]
            if index == self.graph.values[use.inner].first:
                memory[self.uses_at + 2 * i + 1] = number


class StateLayout:
    """Where everything lies in a program's state: version, bars seen, last bar's time, frames, the chart's machine."""

    def __init__(self, chart: Graph, frames: dict[str, tuple[Timeframe, Graph]]) -> None:
        self.frames: list[FrameLayout] = []
        self.known_at: dict[int, int] = {}
        at = 3
        for name, (frame, graph) in frames.items():
            layout = FrameLayout(name, frame, graph, chart, at)
            for i, use in enumerate(layout.uses):
                self.known_at[use.ref] = layout.uses_at + 2 * i + 1
            self.frames.append(layout)
            at += layout.size
        self.chart_at = at
        self.code = assemble(chart, chart.instructions)
        parts = [np.array([STATE_VERSION, 0.0, -math.inf])]
        parts += [layout.initial for layout in self.frames]
        self.initial = np.concatenate([*parts, self.code.state])


def fill_sources(graph: Graph, registers: np.ndarray, bar: Bar, number: float) -> None:
    """Put the bar's prices, its number and the parts of its time where `graph` reads them."""
    times: dict[str, np.ndarray] | None = None
    for name, ref in graph.sources.items():
        if name in BAR_SOURCES:
            registers[ref] = getattr(bar, name)
        elif name == "bar_index":
            registers[ref] = number
        else:
            if times is None:
                times = time_columns(np.array([bar.time], np.int64), bar.timezone)
            registers[ref] = times[name][0]
