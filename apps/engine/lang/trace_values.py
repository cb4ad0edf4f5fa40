"""Values of a formula's expressions on one timeframe, for any bar, within a bounded memory."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import tree
from apps.engine.lang.analysis import Analysed
from apps.engine.program.program import Plan, Program

Value = float | bool | str | None


class TraceValues:
    """What each expression of `found` is on its chart's `bars`.

    For a higher timeframe `seen` says how many of its bars are closed as of each bar of the chart (int64[n]). Values
    are asked for by the chart's bar. `budget` is the most numbers to keep; where all bars are more, those around the
    bar that is asked for are kept, and the formula is evaluated again where another part of the bars is asked for.
    """

    def __init__(
        self, found: Analysed, formula: tree.Formula, bars: Bars, seen: np.ndarray | None, size: int
    ) -> None:
        self._found = found
        self._bars = bars
        self._seen = seen
        self._size = size
        self._wanted: set[tuple[int, int, int]] = set()
        self._kept: dict[tuple[int, int, int], tuple[int, np.ndarray]] = {}
        self._window = (0, 0)
        self.budget = 0
        self._definitions = {s.name: s.value for s in formula.statements if isinstance(s, tree.Definition)}
        self.program = Program(
            chart=found.chart,
            frames=found.frames,
            plan=Plan(watches=(), series={}, plots={}),
            formula_hash="",
            inputs={},
            lookback=0,
        )

    # what an expression is

    def ref(self, node: tree.Expr) -> int:
        """Its value's number in the graph, -1 for texts and for functions of several values."""
        val = self._found.meant.get(id(node))
        if val is None and isinstance(node, tree.Name) and node.name in self._definitions:
            val = self._found.meant.get(
                id(self._definitions[node.name])
            )  # a name whose past was used before it
        return -1 if val is None else val.ref

    def type(self, node: tree.Expr) -> str:
        """number, percent, truth, text or many."""
        val = self._found.meant.get(id(node))
        if val is None and isinstance(node, tree.Name) and node.name in self._definitions:
            val = self._found.meant.get(id(self._definitions[node.name]))
        return "number" if val is None else val.type

    def text(self, node: tree.Expr) -> str | None:
        """Its text, where it is one."""
        val = self._found.meant.get(id(node))
        return None if val is None else val.text

    def number(self, node: tree.Expr) -> float | None:
        """Its value where that is a constant."""
        ref = self.ref(node)
        return self._found.chart.values[ref].const if ref >= 0 else None

    def start(self, node: tree.Expr, known_from: Mapping[int, int]) -> int:
        """The bar from which it speaks. `known_from`: when each value of a higher timeframe is first known."""
        ref = self.ref(node)
        if ref < 0:
            return 0
        value = self._found.chart.values[ref]
        return max([value.first, *(known_from[source] + bars for source, bars in value.late.items())])

    # its values

    def want(self, ref: int, chart_ago: int = 0, ago: int = 0) -> None:
        """Note that the value `ref` will be asked for: as of `chart_ago` bars of the chart before the bar that is
        asked about, and then `ago` bars of this timeframe before."""
        if self._found.chart.values[ref].const is None:
            self._wanted.add((ref, chart_ago, ago))

    def load(self, index: int) -> None:
        """Make the values for bar `index` of the chart ready."""
        low, high = self._window
        if low <= index < high:
            return
        refs = sorted({ref for ref, _, _ in self._wanted})
        everything = len(refs) * len(self._bars) <= self.budget
        if everything:
            low, high = 0, self._size
        else:
            width = max(self.budget // len(self._wanted), 1)
            low = max(index - width // 2, 0)
            high = min(low + width, self._size)
        self._kept = {}
        end = len(self._bars) if everything else self._last(high - 1) + 1
        batch = max(self.budget // max(end, 1), 1)
        bars = self._bars.slice(0, end)
        for first in range(0, len(refs), batch):
            some = set(refs[first : first + batch])
            evaluation = self.program.evaluate(bars, also=some)
            for wanted in self._wanted:
                ref, chart_ago, ago = wanted
                if ref not in some:
                    continue
                column = evaluation.value(ref)
                if everything:
                    self._kept[wanted] = 0, column
                    continue
                start = max(self._last(low - chart_ago) - ago, 0)
                stop = max(self._last(high - 1 - chart_ago) - ago + 1, start)
                self._kept[wanted] = start, column[start:stop].copy()
        self._window = low, high

    def _last(self, index: int) -> int:
        """The last closed bar of this timeframe as of bar `index` of the chart; negative before the first."""
        if self._seen is None or index < 0:
            return min(index, self._size - 1) if self._seen is None else -1
        return int(self._seen[index]) - 1

    def read(self, ref: int, index: int, chart_ago: int = 0, ago: int = 0) -> float | bool | None:
        """A value that was wanted, as of the loaded bar `index`; None for na and for what lies before the first bar."""
        at = self._last(index - chart_ago) - ago
        if index < chart_ago or at < 0:
            return None
        meaning = self._found.chart.values[ref]
        if meaning.const is not None:
            value: float | bool = bool(meaning.const) if meaning.kind == "b" else meaning.const
        else:
            start, column = self._kept[ref, chart_ago, ago]
            value = column[at - start].item()
        return None if math.isnan(value) else value
