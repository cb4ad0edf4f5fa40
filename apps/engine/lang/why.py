"""Why a formula said what it said on a bar: the value of every sub-expression, and which of them decided.

`why` answers for one bar. Who asks bar after bar makes a `trace` once and asks it: the formula is evaluated once, and
all its values are kept where they are few enough, else those of the bars around the one asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import tree
from apps.engine.lang.analysis import analyse
from apps.engine.lang.errors import FormulaError
from apps.engine.lang.names import uses_of
from apps.engine.lang.outline import Spot, outline
from apps.engine.lang.parser import Parsed, parse
from apps.engine.lang.paths import node_paths, statement_parts
from apps.engine.lang.reasons import Part, decides, plain, sentence
from apps.engine.lang.trace_values import TraceValues, Value
from apps.engine.lang.writer import write_statement
from apps.engine.program.calendar import iso_time, read_timeframe
from apps.engine.program.higher import higher_bars
from apps.engine.program.program import Watch
from apps.engine.said import said

MAX_KEPT = 8_000_000  # values held at once: 64 MB
_EVENTS = ("crossover", "crossunder", "cross")  # they look at the bar before as well


class NoSuchBar(ValueError):
    """The bar asked for is not among the bars."""


@dataclass(frozen=True)
class StatementAt:
    """A statement on a bar.

    `kind`: input, definition, long, short, exit_long, exit_short, exit, exit_after, stop_loss, take_profit,
    trailing_stop, size, alert or plot; `name`: of an input, a definition or a plot; `held`: whether a condition held
    and was not `silent`, None for all else; `silent_until`: the bar from which it speaks, None where it does already or
    will not within these bars; `message`: an alert's text; `sentence`: for a condition, why. `tree` is None for inputs.
    """

    kind: str
    name: str
    text: str
    line: int
    column: int
    node: str
    value: Value
    held: bool | None
    silent: bool
    silent_until: int | None
    message: str
    sentence: str
    tree: Part | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON; na as None."""
        return {
            "kind": self.kind,
            "name": self.name,
            "text": self.text,
            "line": self.line,
            "column": self.column,
            "node": self.node,
            "value": plain(self.value),
            "held": self.held,
            "silent": self.silent,
            "silent_until": self.silent_until,
            "message": self.message,
            "sentence": self.sentence,
            "tree": None if self.tree is None else self.tree.as_dict(),
        }


@dataclass(frozen=True)
class FrameAt:
    """A higher timeframe on a bar: the opening time of its last closed bar (milliseconds, None before the first), and
    the definitions that a `tf` uses, evaluated on it."""

    timeframe: str
    time: int | None
    definitions: tuple[StatementAt, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON; times as ISO 8601."""
        return {
            "timeframe": self.timeframe,
            "time": None if self.time is None else iso_time(self.time),
            "definitions": [definition.as_dict() for definition in self.definitions],
        }


@dataclass(frozen=True)
class Why:
    """All that a formula says on one bar. `time`: the bar's opening in milliseconds."""

    bar: int
    time: int
    statements: tuple[StatementAt, ...]
    frames: tuple[FrameAt, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON; times as ISO 8601, na as None."""
        return {
            "bar": self.bar,
            "time": iso_time(self.time),
            "statements": [statement.as_dict() for statement in self.statements],
            "frames": [frame.as_dict() for frame in self.frames],
        }


def why(text: str, bars: Bars, index: int, settings: Mapping[str, Any] | None = None) -> Why:
    """What every part of the formula is on bar `index` (from 0), and which parts decided.

    Raises FormulaError for a wrong formula or setting, NoSuchBar (a ValueError) for a bar beyond the ends, and
    EvaluationError where a higher timeframe does not fit the bars.
    """
    return trace(text, bars, settings).at(index)


def trace(text: str, bars: Bars, settings: Mapping[str, Any] | None = None) -> Trace:
    """The formula on `bars`, to be asked about any of them. Raises FormulaError and EvaluationError as `why` does."""
    return Trace(text, bars, settings)


class Trace:
    """A formula on bars, ready to say why on any of them."""

    def __init__(self, text: str, bars: Bars, settings: Mapping[str, Any] | None = None) -> None:
        parsed = parse(text)
        found = analyse(parsed, settings)
        if found.problems:
            raise FormulaError(found.problems)
        self._bars = bars
        self._found = found
        self._statements = parsed.formula.statements
        self._definitions = {s.name: s for s in self._statements if isinstance(s, tree.Definition)}
        self._chart = TraceValues(found, parsed.formula, bars, None, len(bars))
        self._paths = node_paths(parsed.formula)
        self._roots = [_root(statement, self._paths) for statement in self._statements]
        framed: dict[str, list[tree.Expr]] = {}
        for root in self._roots:
            if root is not None:
                self._find_frames(root, framed)
        self._frames = {name: self._frame(name, inner, settings) for name, inner in sorted(framed.items())}
        for root in self._roots:
            if root is not None:
                self._want(root)
        for frame in self._frames.values():
            for _, root in frame.roots:
                self._want(root)
        for watch in found.plan.watches:
            for part in watch.text:
                if part.ref is not None:
                    self._chart.want(part.ref)
        for values in self._all_values():
            values.budget = MAX_KEPT // (1 + len(self._frames))
        self._known_from = {}
        for use in found.chart.frame_uses:
            _, graph = found.frames[use.frame]
            needed = graph.values[use.inner].first + 1
            self._known_from[use.ref] = int(np.searchsorted(self._frames[use.frame].seen, needed))

    def at(self, index: int) -> Why:
        """The formula on bar `index`, counted from 0. Raises NoSuchBar (a ValueError) for a bar beyond the ends."""
        size = len(self._bars)
        if not 0 <= index < size:
            if not size:
                raise NoSuchBar(said("there is no bar {bar}: there are no bars", bar=f"{index:,}"))
            raise NoSuchBar(
                said(
                    "there is no bar {bar}: these bars are numbered 0 to {last}",
                    bar=f"{index:,}",
                    last=f"{size - 1:,}",
                )
            )
        for values in self._all_values():
            values.load(index)
        watches = iter(self._found.plan.watches)
        statements = []
        for number, statement in enumerate(self._statements):
            watched = isinstance(statement, tree.Condition | tree.Alert)
            statements.append(self._statement(number, index, next(watches) if watched else None))
        reasons = {s.name: s.tree for s in statements if s.kind == "definition" and s.tree is not None}
        told = tuple(
            s if s.held is None or s.tree is None else replace(s, sentence=_sentence(s, s.tree, reasons))
            for s in statements
        )
        frames = tuple(self._frame_at(frame, index) for frame in self._frames.values())
        return Why(index, int(self._bars.time[index]), told, frames)

    # making ready

    def _all_values(self) -> Iterator[TraceValues]:
        yield self._chart
        yield from (frame.values for frame in self._frames.values())

    def _find_frames(self, spot: Spot, framed: dict[str, list[tree.Expr]]) -> None:
        """Give each `tf` the canonical name of its timeframe, and collect what stands in it."""
        if spot.kind == "tf":
            frame = read_timeframe(self._chart.text(spot.parts[0].node) or "")
            assert frame is not None  # the checker has seen to it
            spot.frame = frame.name
            framed.setdefault(frame.name, []).append(spot.parts[1].node)
        for part in spot.parts:
            self._find_frames(part, framed)

    def _frame(self, name: str, inner: list[tree.Expr], settings: Mapping[str, Any] | None) -> _Frame:
        """The timeframe `name`, with a formula of its own: the expressions in its `tf`, and the definitions they need.

        Their nodes are those of the whole formula, so that what each means there is found by its node.
        """
        needed: set[str] = set()
        work = [use.name for node in inner for use in uses_of(node).all()]
        while work:
            used = work.pop()
            if used in self._definitions and used not in needed:
                needed.add(used)
                work += [use.name for use in uses_of(self._definitions[used].value).all()]
        kept: list[tree.Statement] = [s for s in self._statements if isinstance(s, tree.Input)]
        kept += [definition for used, definition in self._definitions.items() if used in needed]
        for i, node in enumerate(inner):
            kept.append(tree.Definition(node.line, node.column, f"tf {i}", node))  # no name has a space
        kept.append(tree.Condition(1, 1, "long", tree.Truth(1, 1, True)))  # a formula asks for something
        formula = tree.Formula(kept)
        frame, _ = self._found.frames[name]
        bars, seen = higher_bars(self._bars, frame)
        values = TraceValues(analyse(Parsed(formula, []), settings), formula, bars, seen, len(self._bars))
        roots = []
        for number, statement in enumerate(self._statements):
            if isinstance(statement, tree.Definition) and statement.name in needed:
                root = outline(statement.value, self._paths)
                root.frame = name
                roots.append((number, root))
        return _Frame(name, bars, seen, values, roots)

    def _want(self, spot: Spot) -> None:
        """Say of `spot` and its parts as of which bar they count, and that their values will be asked for."""
        values = self._values(spot)
        ref = values.ref(spot.node)
        if ref >= 0:
            values.want(ref, spot.frame_ago, spot.ago)
            if spot.past:
                values.want(ref, spot.frame_ago, spot.ago + 1)
        for number, part in enumerate(spot.parts):
            part.ago, part.frame_ago = spot.ago, spot.frame_ago
            part.past = spot.kind == "call" and spot.name in _EVENTS
            if spot.kind == "tf":
                if number == 1:
                    part.frame, part.frame_ago, part.ago = spot.frame, spot.ago, 0
            elif part.kind != "tf":
                part.frame = spot.frame
            if spot.kind == "history" and number == 0:
                part.ago += int(values.number(spot.parts[1].node) or 0)
            self._want(part)

    def _values(self, spot: Spot) -> TraceValues:
        """Those of the timeframe on which `spot` stands. A `tf` stands on the chart's."""
        return self._frames[spot.frame].values if spot.frame and spot.kind != "tf" else self._chart

    # answering

    def _statement(self, number: int, index: int, watch: Watch | None) -> StatementAt:
        root = self._roots[number]
        if root is None:
            statement = self._statements[number]
            assert isinstance(statement, tree.Input)
            return self._told(number, self._found.values[statement.name])
        start = self._chart.start(root.node, self._known_from)
        silent = index < start
        until = start if silent and start < len(self._bars) else None
        part = self._part(root, index, decided=True)
        if watch is None:
            return self._told(number, part.value, part, silent=silent, silent_until=until)
        values = {p.ref: self._chart.read(p.ref, index) for p in watch.text if p.ref is not None}
        numbers = {ref: math.nan if value is None else float(value) for ref, value in values.items()}
        message = self._chart.program.fill_text(
            watch.text, numbers, int(self._bars.time[index]), self._bars.symbol
        )
        held = part.value is True and not silent
        return self._told(
            number, part.value, part, held=held, silent=silent, silent_until=until, message=message
        )

    def _told(
        self,
        number: int,
        value: Value,
        part: Part | None = None,
        held: bool | None = None,
        silent: bool = False,
        silent_until: int | None = None,
        message: str = "",
    ) -> StatementAt:
        statement = self._statements[number]
        return StatementAt(
            kind=_kind(statement),
            name=getattr(statement, "name", ""),
            text=write_statement(statement),
            line=statement.line,
            column=statement.column,
            node=self._paths[id(statement)],
            value=value,
            held=held,
            silent=silent,
            silent_until=silent_until,
            message=message,
            sentence="",
            tree=part,
        )

    def _frame_at(self, frame: _Frame, index: int) -> FrameAt:
        definitions = []
        for number, root in frame.roots:
            part = self._part(root, index, decided=True)
            silent = int(frame.seen[index]) <= frame.values.start(root.node, {})
            definitions.append(self._told(number, part.value, part, silent=silent))
        return FrameAt(frame.name, frame.time(index), tuple(definitions))

    def _value(self, spot: Spot, index: int, before: int = 0) -> Value:
        values = self._values(spot)
        text = values.text(spot.node)
        ref = values.ref(spot.node)
        if text is not None or ref < 0:
            return text
        return values.read(ref, index, spot.frame_ago, spot.ago + before)

    def _part(self, spot: Spot, index: int, decided: bool) -> Part:
        value = self._value(spot, index)
        counts = decides(spot, value, [self._value(part, index) for part in spot.parts])
        return Part(
            kind=spot.kind,
            text=spot.text,
            line=spot.line,
            column=spot.column,
            node=spot.path,
            type=self._values(spot).type(spot.node),
            name=spot.name,
            operators=spot.operators,
            value=value,
            before=self._value(spot, index, 1) if spot.past else None,
            looks_back=spot.past,
            bars_ago=spot.ago,
            decided=decided,
            definition=spot.name if spot.kind == "name" and spot.name in self._definitions else "",
            timeframe=spot.frame,
            time=self._frames[spot.frame].time(index - spot.ago) if spot.kind == "tf" else None,
            parts=tuple(
                self._part(part, index, decided and counted)
                for part, counted in zip(spot.parts, counts, strict=True)
            ),
        )


@dataclass(frozen=True)
class _Frame:
    """A higher timeframe: its bars, how many are closed as of each bar of the chart, the values on it, and the
    definitions used there, with their numbers among the statements."""

    name: str
    bars: Bars
    seen: np.ndarray
    values: TraceValues
    roots: list[tuple[int, Spot]]

    def time(self, index: int) -> int | None:
        """Opening time of the last bar that is closed as of bar `index` of the chart."""
        closed = int(self.seen[index]) if index >= 0 else 0
        return int(self.bars.time[closed - 1]) if closed else None


def _root(statement: tree.Statement, paths: Mapping[int, str]) -> Spot | None:
    """The expression of a statement; None for an input, which has a plain value."""
    if isinstance(statement, tree.Input):
        return None
    (expression, _), *_ = statement_parts(statement)
    return outline(expression, paths)


def _kind(statement: tree.Statement) -> str:
    match statement:
        case tree.Condition() | tree.Protect():
            return statement.kind
        case tree.Sizing():
            return "size"
        case tree.ExitAfter():
            return "exit_after"
    return type(statement).__name__.lower()  # input, definition, alert, plot


def _sentence(told: StatementAt, part: Part, reasons: Mapping[str, Part]) -> str:
    """Why a condition held or not, in one sentence."""
    subject = told.kind.replace("_", " ")
    if told.kind == "alert" and told.held:
        subject = f'alert "{told.message}"'
    if told.silent:
        if told.silent_until is None:
            return said(
                "{subject} is silent on all of these bars: there are too few for what it looks back on.",
                subject=subject,
            )
        return said(
            "{subject} is silent until bar {bar}: what it looks back on is not there yet.",
            subject=subject,
            bar=f"{told.silent_until:,}",
        )
    reason = sentence(part, reasons)
    if told.held:
        return said("{subject} fired: {reason}.", subject=subject, reason=reason)
    return said("{subject} did not fire: {reason}.", subject=subject, reason=reason)
