"""The columns of a sweep's table of work, each made when a cell first needs it and let go after its last use."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.engine.bars import COLUMNS, Bars
from apps.engine.indicators.kernels import KERNELS
from apps.engine.indicators.operators import OPERATORS
from apps.engine.indicators.steps.frames import gather_kernel
from apps.engine.program.calendar import periods
from apps.engine.program.chains import CHAINS
from apps.engine.program.columns import DTYPES, Columns, evaluate
from apps.engine.program.graph import HISTORY
from apps.engine.sweep.crossings import add_crossings
from apps.engine.sweep.work import CHART, Step, Task, Work

MOST_KEPT = 256_000_000  # bytes of columns kept for later cells
_MOST_FREE = (
    4  # columns of a kind whose memory is used again: pages fresh from the system cost more than a kernel
)
CROSSINGS = ("crossover", "crossunder")
_CHAINED = frozenset(name for names in CHAINS for name in names)
_MOST_TOGETHER = max(len(names) for names in CHAINS)


class SharedColumns:
    """Columns by number. What would not fit into `limit` bytes is made again when it is needed again."""

    def __init__(self, work: Work, tasks: Sequence[Task], bars: Bars, limit: int = MOST_KEPT) -> None:
        self.work, self.bars, self.limit = work, bars, limit
        prices = {name: getattr(bars, name) for name in COLUMNS}
        self._scopes = {CHART: Columns(bars.time, prices, bars.timezone)}
        self._seen: dict[str, NDArray[np.int64]] = {}
        self._columns: OrderedDict[int, NDArray] = OrderedDict()
        self._bytes = 0
        needed = _needed(work, tasks)
        # what still needs a column: steps not yet run, and cells
        self._uses = Counter(column for step in needed for column in step.inputs)
        self._uses.update(column for task in tasks for column in set(task.columns()))
        self._ran: set[int] = set()
        self._free: dict[tuple[int, str], list[NDArray]] = {}
        self._chained = [step for step in reversed(needed) if step.op in _CHAINED]  # the next one last
        self._known_from: dict[int, int] = {}

    def __getitem__(self, column: int) -> NDArray:
        """float64[n] or bool[n]; a constant as one value, to be read again and again."""
        if column not in self._columns:
            self._make(column)
        self._columns.move_to_end(column)
        return self._columns[column]

    def full(self, column: int, size: int) -> NDArray:
        """As `[]`, constants written out."""
        values = self[column]
        return np.full(size, values[0]) if self.work.made_by[column].op == "constant" else values

    def known_from(self, column: int) -> int:
        """The first bar on which a column of a higher timeframe can be known."""
        if column not in self._known_from:
            self._make(column)
        return self._known_from[column]

    def done_with(self, task: Task) -> None:
        """A cell is through: let go of what no other needs, then of what was not used for longest."""
        for column in set(task.columns()):
            self._uses[column] -= 1
        # what was made again for this cell has no use left to count down
        for column in [each for each in self._columns if self._uses[each] <= 0]:
            self._drop(column)
        while self._bytes > self.limit and self._columns:
            self._drop(next(iter(self._columns)))

    def _drop(self, column: int) -> None:
        values = self._columns.pop(column)
        self._bytes -= values.nbytes
        step = self.work.made_by[column]
        if step.op in KERNELS and len(step.kinds) == 1:
            free = self._free.setdefault((len(values), step.kinds), [])
            if len(free) < _MOST_FREE:
                free.append(values)

    def _make(self, column: int) -> None:
        """Make a column and, first, what it is made of. An explicit stack: formulas may be deep."""
        stack = [self.work.made_by[column]]
        while stack:
            step = stack[-1]
            missing = [each for each in step.inputs if each not in self._columns]
            if missing:
                stack += [self.work.made_by[each] for each in missing]
                continue
            stack.pop()
            if step.outputs[0] not in self._columns:
                self._run(step)

    def _run(self, step: Step) -> None:
        for each in self._together(step):
            self._has_run(each)

    def _has_run(self, step: Step) -> None:
        if step.outputs[0] in self._ran:
            return
        self._ran.add(step.outputs[0])
        for column in step.inputs:
            self._uses[column] -= 1
        for column in set(step.inputs):
            if self._uses[column] <= 0 and column in self._columns:
                self._drop(column)

    def own_crossing(self, column: int) -> tuple[int, int] | None:
        """The two columns of numbers whose crossing `column` is, where nobody but the present cell asks for it."""
        step = self.work.made_by[column]
        if step.op not in CROSSINGS or column in self._columns or self._uses[column] != 1:
            return None
        if any(self.work.made_by[each].op == "constant" for each in step.inputs):
            return None
        return step.inputs[0], step.inputs[1]

    def mark(
        self, crossing: Sequence[int], first: int, over: int, under: int, flags: NDArray[np.uint8]
    ) -> None:
        """Add the bits of an `own_crossing`'s two columns to `flags`: `crossings.add_crossings`."""
        a, b = self[crossing[0]], self[crossing[1]]
        add_crossings(a, b, first, over, under, flags)

    def done_without(self, column: int) -> None:
        """What a column was for has been done from what it would have been made of."""
        self._has_run(self.work.made_by[column])

    def _together(self, step: Step) -> list[Step]:
        """Run a step, and with a smoothing operator others that stand ready: one loop takes hardly longer."""
        if step.op not in _CHAINED:
            self._put(step, self._outputs(step))
            return [step]
        batch, skipped = [step], list[Step]()
        while self._chained and len(batch) < _MOST_TOGETHER and len(skipped) < 8:
            other = self._chained.pop()
            if other is step or other.outputs[0] in self._ran:
                continue
            ready = all(column in self._columns for column in other.inputs)
            if ready and other.scope == step.scope:
                batch.append(other)
            else:
                skipped.append(other)
        self._chained += reversed(skipped)
        batch.sort(key=lambda each: each.op)
        outputs = [self._room(each) for each in batch]
        size = len(self._scope(step.scope).time)
        if len(batch) == 1:
            KERNELS[step.op](size, *self._arguments(step), *outputs[0])
        else:
            arguments: list[object] = [size]
            for each, made in zip(batch, outputs, strict=True):
                arguments += [*self._arguments(each), *made]
            CHAINS[tuple(each.op for each in batch)](*arguments)
        for each, made in zip(batch, outputs, strict=True):
            self._put(each, made)
        return batch

    def _put(self, step: Step, outputs: Sequence[NDArray]) -> None:
        for column, values in zip(step.outputs, outputs, strict=True):
            if column not in self._columns:
                self._columns[column] = values
                self._bytes += values.nbytes

    def _outputs(self, step: Step) -> Sequence[NDArray]:
        if step.op == "constant":
            return [np.array(step.params, DTYPES[step.kinds])]
        scope = self._scope(step.scope)
        size = len(scope.time)
        if step.op == "source":
            return [scope.source(step.name)]
        if step.op == "frame":
            return [self._from_frame(step)]
        if step.op == "group":
            assert step.graph is not None
            assert step.batch is not None
            inputs = {
                ref: self[column]
                for ref, column in zip(step.refs, step.inputs, strict=True)
                if step.graph.values[ref].const is None
            }
            made = [ref for each in step.batch.instructions for ref in each.outputs]
            found = evaluate(step.graph, [step.batch], scope, inputs, set(made))
            return [found[ref] for ref in made]
        outputs = self._room(step)
        if step.op == HISTORY:
            ago = min(int(step.params[0]), size)
            outputs[0][:ago] = np.nan if step.kinds == "f" else False
            outputs[0][ago:] = self.full(step.inputs[0], size)[: size - ago]
        else:
            KERNELS[step.op](size, *self._arguments(step), *outputs)
        return outputs

    def _room(self, step: Step) -> list[NDArray]:
        size = len(self._scope(step.scope).time)
        free = self._free.get((size, step.kinds))
        if free:
            return [free.pop()]
        return [np.empty(size, DTYPES[kind]) for kind in step.kinds]

    def _arguments(self, step: Step) -> list[object]:
        """What a kernel takes between the size and the outputs."""
        operator = OPERATORS[step.op]
        found: list[object] = []
        for column in step.inputs:
            found += [self[column], 0 if self.work.made_by[column].op == "constant" else 1]
        whole = [
            int(p) if kind == "i" else float(p) for kind, p in zip(operator.params, step.params, strict=True)
        ]
        found += whole
        if operator.memory:
            found.append(np.zeros(operator.memory(*whole)))
        return found

    # higher timeframes

    def _scope(self, name: str) -> Columns:
        if name not in self._scopes:
            bars, frame = self.bars, self.work.frames[name]
            period, ends = periods(bars.time, bars.timeframe_ms, bars.timezone, frame)
            higher, seen = np.empty((6, len(bars))), np.empty(len(bars), np.int64)
            count = gather_kernel(
                bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume, period, ends, higher, seen
            )
            prices = {
                each: np.ascontiguousarray(higher[i, :count]) for i, each in enumerate(COLUMNS, start=1)
            }
            self._scopes[name] = Columns(higher[0, :count].astype(np.int64), prices, bars.timezone)
            self._seen[name] = seen
        return self._scopes[name]

    def _from_frame(self, step: Step) -> NDArray:
        size = len(self._scope(step.name).time)
        inner, seen = self.full(step.inputs[0], size), self._seen[step.name]
        self._known_from[step.outputs[0]] = int(np.searchsorted(seen, step.first + 1))
        before = np.zeros(1, inner.dtype) if inner.dtype == np.bool_ else np.full(1, np.nan)
        column: NDArray = np.concatenate([before, inner])[seen]
        return column


def _needed(work: Work, tasks: Sequence[Task]) -> list[Step]:
    """The steps that reach an order, each after those it reads: plots and alerts decide no fill."""
    wanted = {column for task in tasks for column in task.columns()}
    wanted |= {source for task in tasks for each in task.conditions for source, _ in each.late}
    needed = []
    for step in reversed(work.steps):
        if wanted.intersection(step.outputs):
            needed.append(step)
            wanted.update(step.inputs)
    return needed[::-1]
