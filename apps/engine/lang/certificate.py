"""The causality certificate: what each value of a formula reads, how far back, and from which bar on it speaks.

It follows from the graph that runs, so it cannot say anything else than what happens. No operator reads a later bar:
history goes back by a constant number of bars, 0 or more, and a higher timeframe gives its last closed bar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from apps.engine.indicators.operators import OPERATORS
from apps.engine.lang import tree
from apps.engine.lang.analysis import Analysed, analyse
from apps.engine.lang.canonical import formula_hash
from apps.engine.lang.errors import FormulaError
from apps.engine.lang.parser import parse
from apps.engine.lang.settings import Setting
from apps.engine.program.graph import BAR_SOURCES, HISTORY, NEVER, Graph, Instruction
from apps.engine.said import said
from apps.engine.version import ENGINE_VERSION

LANGUAGE_VERSION = 1
RECURSIVE = "recursive"
# in the order in which they are told; `day`: the date, at which vwap begins anew; `time`: in an alert's text
_TIMES = ("hour", "minute", "day_of_week", "day_of_month", "month", "year", "day", "time")
_COLUMNS = (*BAR_SOURCES, "bar_index", *_TIMES)
_KINDS = {"stop_loss": "stop", "take_profit": "target", "trailing_stop": "trail"}


@dataclass(frozen=True)
class FrameWait:
    """A value speaks once `closed_bars` bars of `timeframe` have closed, and `then` more bars of the chart."""

    timeframe: str
    closed_bars: int
    then: int

    def __str__(self) -> str:
        return str(self.words)

    @property
    def words(self) -> str:
        if self.closed_bars == 1:
            closed = said("once 1 bar of {timeframe} has closed", timeframe=self.timeframe)
        else:
            closed = said(
                "once {bars} bars of {timeframe} have closed",
                bars=f"{self.closed_bars:,}",
                timeframe=self.timeframe,
            )
        if not self.then:
            return closed
        if self.then == 1:
            return said("{closed} and 1 bar more have passed", closed=closed)
        return said("{closed} and {bars} bars more have passed", closed=closed, bars=f"{self.then:,}")


@dataclass(frozen=True)
class Reading:
    """What is certified of one value.

    `kind`: series, plot, the kind of a condition, or of an order whose price or distance is an expression; `name`: of
    the series or plot, else empty; `line`: of its statement. `first_bar`: its look-back, the index of the first bar on
    which all its parts can have a value (a condition is silent before it; a side of a choice may have one earlier),
    not counting higher timeframes, for which `waits` tells; None if they never have one.
    `memory`: "window n" if n bars, the present one included, decide it, else "recursive": every bar so far does, older
    ones ever less or not. Where a higher timeframe is read, n counts the chart's bars outside of it.
    `reads`: columns and parts of the time, those of an alert's text included; `timeframes`: the higher ones.
    """

    kind: str
    name: str
    line: int
    first_bar: int | None
    waits: tuple[FrameWait, ...]
    memory: str
    reads: tuple[str, ...]
    timeframes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"waits": [asdict(wait) for wait in self.waits]}

    @property
    def title(self) -> str:
        """For instance "fast_ma", 'plot "Fast"', "long when, line 7"."""
        if self.kind == "series":
            return self.name
        if self.kind == "plot":
            return said('plot "{name}"', name=self.name)
        verb = "" if self.kind in _KINDS else " when"
        what = f"{self.kind.replace('_', ' ') if verb else self.kind}{verb}"
        return said("{what}, line {line}", what=what, line=self.line)


@dataclass(frozen=True)
class FrameReading:
    """What is certified of a higher timeframe: how it is aligned, and over how many of its own closed bars its values
    look at least before they have one (`first_bar`) and in all (`memory`, as of a Reading, in its own bars)."""

    timeframe: str
    alignment: str
    first_bar: int | None
    memory: str
    reads: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Certificate:
    """The certificate of a formula with given settings.

    `warm_up`: bars before everything that ever has a value has one, higher timeframes not counted. `largest_offset`:
    the most bars that any expression looks back by one step, `x[n]` and what is written inside functions; `latest_bar`:
    the newest bar, relative to the present one, that anything reads: always 0.
    """

    language: int
    engine: str
    formula_hash: str
    settings: dict[str, Setting]
    warm_up: int
    largest_offset: int
    latest_bar: int
    reads: tuple[str, ...]
    values: tuple[Reading, ...]
    timeframes: tuple[FrameReading, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON, by the names of the fields."""
        return {
            "language": self.language,
            "engine": self.engine,
            "formula_hash": self.formula_hash,
            "settings": self.settings,
            "warm_up": self.warm_up,
            "largest_offset": self.largest_offset,
            "latest_bar": self.latest_bar,
            "reads": list(self.reads),
            "values": [value.as_dict() for value in self.values],
            "timeframes": [frame.as_dict() for frame in self.timeframes],
        }

    def as_text(self) -> str:
        """For people: a line for each fact."""
        lines = [
            f"Formula {self.formula_hash}, language version {self.language}, engine {self.engine}",
            *(
                [f"Settings: {_joined(f'{k} = {v}' for k, v in self.settings.items())}"]
                if self.settings
                else []
            ),
            "No expression reads a later bar: every value on a bar is made of that bar and earlier ones.",
            f"Reads {_joined(self.reads) or 'nothing'}"
            + (
                f"; looks back at most {_bars(self.largest_offset)} at one step."
                if self.largest_offset
                else "."
            ),
            f"Warm-up: {_bars(self.warm_up)}." if self.warm_up else "Needs no warm-up.",
        ]
        for value in self.values:
            first = "never has a value" if value.first_bar is None else f"from bar {value.first_bar} on"
            waits = "".join(f", {wait}" for wait in value.waits)
            reads = [*value.reads, *(f"bars of {name}" for name in value.timeframes)]
            lines.append(
                f"- {value.title}: {first}{waits}; {value.memory}; reads {_joined(reads) or 'nothing'}"
            )
        for frame in self.timeframes:
            first = "never has a value" if frame.first_bar is None else f"from its bar {frame.first_bar} on"
            lines.append(f"- tf {frame.timeframe}: {frame.alignment}; {first}; {frame.memory}")
        return "\n".join(lines) + "\n"


def certificate(text: str, settings: Mapping[str, Any] | None = None) -> Certificate:
    """The certificate of `text` with `settings` for its inputs. Raises FormulaError where it has errors."""
    parsed = parse(text)
    found = analyse(parsed, settings, with_warnings=False)
    if found.problems:
        raise FormulaError(found.problems)
    chart = _Tracer(found.chart)
    frames = {name: _Tracer(graph) for name, (_, graph) in found.frames.items()}
    values = tuple(_reading(found, chart, frames, item) for item in _items(parsed.formula, found))
    return Certificate(
        language=LANGUAGE_VERSION,
        engine=ENGINE_VERSION,
        formula_hash=formula_hash(parsed.formula),
        settings=dict(found.values),
        warm_up=found.lookback,
        largest_offset=max(tracer.largest_offset() for tracer in (chart, *frames.values())),
        latest_bar=0,
        reads=_ordered(name for value in values for name in value.reads),
        values=values,
        timeframes=tuple(_frame_reading(name, found, tracer) for name, tracer in frames.items()),
    )


class _Item(NamedTuple):
    """Something that a formula puts out: `told`, the values its text is filled with; `with_time`, the time besides."""

    kind: str
    name: str
    line: int
    ref: int
    told: tuple[int, ...] = ()
    with_time: bool = False


def _items(formula: tree.Formula, found: Analysed) -> list[_Item]:
    """Everything that a formula puts out, in its order."""
    plan = found.plan
    watches = iter(plan.watches)
    items: list[_Item] = []
    for statement in formula.statements:
        match statement:
            case tree.Definition() if statement.name in plan.series:
                items.append(_Item("series", statement.name, statement.line, plan.series[statement.name]))
            case tree.Plot():
                items.append(_Item("plot", statement.name, statement.line, plan.plots[statement.name]))
            case tree.Condition() | tree.Alert():
                watch = next(watches)
                told = tuple(part.ref for part in watch.text if part.ref is not None)
                with_time = any(part.special == "time" for part in watch.text)
                items.append(_Item(watch.kind, "", statement.line, watch.ref, told, with_time))
            case tree.Protect():
                protection = getattr(plan, _KINDS[statement.kind])
                if protection.ref is not None:
                    items.append(_Item(statement.kind, "", statement.line, protection.ref))
    return items


def _reading(found: Analysed, chart: _Tracer, frames: dict[str, _Tracer], item: _Item) -> Reading:
    value = found.chart.values[item.ref]
    sources = frozenset().union(*(chart.sources_of(ref) for ref in (item.ref, *item.told)))
    uses = [use for use in found.chart.frame_uses if use.ref in sources]
    reads = {source for source, at in found.chart.sources.items() if at in sources}
    reads |= {"time"} if item.with_time else set()
    never = value.first >= NEVER
    waits: dict[tuple[str, int], int] = {}
    for use in uses:
        tracer = frames[use.frame]
        inner = tracer.graph.values[use.inner]
        within = tracer.sources_of(use.inner)
        reads |= {source for source, at in tracer.graph.sources.items() if at in within}
        if use.ref in value.late:
            never = never or inner.first >= NEVER
            key = (use.frame, inner.first + 1)
            waits[key] = max(waits.get(key, 0), value.late[use.ref])
    return Reading(
        kind=item.kind,
        name=item.name,
        line=item.line,
        first_bar=None if never else value.first,
        waits=() if never else tuple(FrameWait(*key, then) for key, then in sorted(waits.items())),
        memory=chart.memory(item.ref),
        reads=_ordered(reads),
        timeframes=tuple(sorted({use.frame for use in uses})),
    )


def _frame_reading(name: str, found: Analysed, tracer: _Tracer) -> FrameReading:
    inner = [use.inner for use in found.chart.frame_uses if use.frame == name]
    firsts = [tracer.graph.values[ref].first for ref in inner]
    known = [first for first in firsts if first < NEVER]
    read = {at for ref in inner for at in tracer.sources_of(ref)}
    return FrameReading(
        timeframe=name,
        alignment=(
            f"the value on the last bar of {name} that has closed by the close of the present bar, "
            "bars being those of the calendar in the instrument's time zone"
        ),
        first_bar=max(known) if known else None,
        memory=_widest([tracer.memory(ref) for ref in inner]),
        reads=_ordered(source for source, at in tracer.graph.sources.items() if at in read),
    )


class _Tracer:
    """Follows values of a graph back to what they are made of."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.maker = {ref: instruction for instruction in graph.instructions for ref in instruction.outputs}
        self._sources: dict[int, frozenset[int]] = {}
        self._windows: dict[int, int | None] = {}
        self._find_windows()

    def largest_offset(self) -> int:
        return max((int(i.params[0]) for i in self.graph.instructions if i.op == HISTORY), default=0)

    def sources_of(self, ref: int) -> frozenset[int]:
        """The values without a maker that `ref` depends on: columns, and values of higher timeframes."""
        if ref not in self._sources:
            found: set[int] = set()
            seen = {ref}
            work = [ref]
            while work:
                part = work.pop()
                maker = self.maker.get(part)
                if maker is None:
                    found.add(part)
                    continue
                for inner in maker.inputs:
                    if inner not in seen:
                        seen.add(inner)
                        work.append(inner)
            self._sources[ref] = frozenset(found)
        return self._sources[ref]

    def memory(self, ref: int) -> str:
        window = self._windows.get(ref, 1)
        return RECURSIVE if window is None else f"window {window}"

    def _find_windows(self) -> None:
        """Of each value, over how many bars what it depends on reaches; None without end."""
        for group in self.graph.groups():
            circular = len(group) > 1 or bool(set(group[0].inputs) & set(group[0].outputs))
            for instruction in group:
                inputs = [self._windows.get(ref, 1) for ref in instruction.inputs]
                own = None if circular else _window(instruction)
                window = (
                    None
                    if own is None or None in inputs
                    else own - 1 + max((w or 1 for w in inputs), default=1)
                )
                for ref in instruction.outputs:
                    self._windows[ref] = window


def _window(instruction: Instruction) -> int | None:
    """Over how many bars of its inputs an operator looks, or None if over all so far.

    An operator with a window of its own (`memory`) looks as far as its look-back says, and so do those that remember
    just the bar before; every other state is a sum or an average that no bar ever leaves.
    """
    if instruction.op == HISTORY:
        return int(instruction.params[0]) + 1
    operator = OPERATORS[instruction.op]
    if not operator.state:
        return 1
    if instruction.op in _ENDLESS or (operator.memory is None and instruction.op not in _ONE_BAR):
        return None
    params = [
        int(p) if kind == "i" else p for kind, p in zip(operator.params, instruction.params, strict=True)
    ]
    return max(operator.warmup(*params)) + 1


_ONE_BAR = frozenset(["true_range", "crossover", "crossunder", "cross"])
_ENDLESS = frozenset(["kama", "valuewhen"])  # have a window, and a memory without end besides


def _widest(memories: list[str]) -> str:
    if RECURSIVE in memories or not memories:
        return RECURSIVE if memories else "window 1"
    return f"window {max(int(memory.split()[1]) for memory in memories)}"


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names), key=_COLUMNS.index))


def _joined(names: Iterable[str]) -> str:
    words = list(names)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _bars(count: int) -> str:
    return f"{count:,} bar{'' if count == 1 else 's'}"
