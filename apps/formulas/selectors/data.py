"""What a formula says of bars: its values and signals, and why it said so on one bar.

A formula is evaluated over at most MAX_BARS bars, fewer where it costs much: the last ones before the end of what is
asked for. Values that depend on everything before (`cum`, an average's beginning) start there.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.translation import gettext

from apps.engine.bars import COLUMNS, Bars
from apps.engine.lang import EvaluationError, FormulaError, Program, compile_formula
from apps.engine.lang.cost import cost_of, evaluation_bytes
from apps.engine.lang.why import why
from apps.engine.program.calendar import iso_time
from apps.formulas.errors import CannotEvaluate
from apps.formulas.in_words import error_in_words, why_in_words
from apps.formulas.selectors.texts import refuse

MAX_BARS = 200_000
MAX_STEPS = 1_000_000_000  # operators worked off for one answer: about a second
MAX_BYTES = 256 * 1024 * 1024
MAX_POINTS = 10_000
MAX_VALUES = 400_000
LITERALS = ("number", "truth", "text")
Settings = Mapping[str, Any] | None


def recent_bars(bars: Bars, *, until: datetime | None = None, most: int = MAX_BARS) -> Bars:
    """The last `most` bars that open no later than `until`. Raises CannotEvaluate where there are none."""
    end = len(bars) if until is None else int(np.searchsorted(bars.time, _epoch_ms(until), side="right"))
    if end == 0:
        raise CannotEvaluate(
            gettext("The first bar opens at {time}.").format(time=iso_time(int(bars.time[0]))), field="end"
        )
    return bars.slice(max(0, end - most), end)


def affordable(program: Program, bars: Bars, max_steps: int | None = None) -> Bars:
    """The last of `bars`, as many as the formula's cost allows for one answer (of MAX_STEPS where not told)."""
    steps = cost_of(program.chart, [graph for _, graph in program.frames.values()]).steps
    thousand = evaluation_bytes(program, 1_000)
    most = min((max_steps or MAX_STEPS) // max(1, steps), MAX_BYTES * 1_000 // max(1, thousand))
    return bars.slice(max(0, len(bars) - max(1, most)), len(bars))


def bars_between(bars: Bars, start: datetime, end: datetime) -> Bars:
    """The bars that open from `start` to `end`, both included."""
    first = index_of(bars, start)
    return bars.slice(first, max(first, int(np.searchsorted(bars.time, _epoch_ms(end), side="right"))))


def index_of(bars: Bars, moment: datetime) -> int:
    """The number of the first bar that opens at `moment` or later."""
    return int(np.searchsorted(bars.time, _epoch_ms(moment)))


def evaluation_report(
    text: str, bars: Bars, *, settings: Settings = None, start: datetime | None = None, points: int = 1_000
) -> dict[str, Any]:
    """The last `points` of `bars` (from `start` on, where given), with every series, plot and signal on them.

    Columns have one value per bar, null for na. Raises InvalidFormula and CannotEvaluate.
    """
    try:
        program = compile_formula(text, settings)
        bars = affordable(program, bars)
        found = program.evaluate(bars)
    except FormulaError as error:
        raise refuse(error.errors) from None
    except EvaluationError as error:
        raise CannotEvaluate(error_in_words(error)) from None
    first = max(0, len(bars) - points)
    if start is not None:
        first = max(first, index_of(bars, start))
    columns = len(found.series) + len(found.plots) + len(COLUMNS)
    if (len(bars) - first) * columns > MAX_VALUES:
        raise CannotEvaluate(
            gettext(
                "{value} bars of {columns} series are too much for one answer; ask for {value_2} bars."
            ).format(value=len(bars) - first, columns=columns, value_2=MAX_VALUES // columns),
            field="points",
        )
    series = {
        name: [bool(v) for v in column[first:]] if name in found.truths else numbers(column[first:])
        for name, column in found.series.items()
    }
    return {
        "symbol": bars.symbol,
        "timeframe_ms": bars.timeframe_ms,
        "evaluated": len(bars),
        "lookback": program.lookback,
        "time": [iso_time(time) for time in bars.time[first:].tolist()],
        **{name: numbers(getattr(bars, name)[first:]) for name in COLUMNS},
        "series": series,
        "plots": {name: numbers(column[first:]) for name, column in found.plots.items()},
        "signals": [
            {"time": iso_time(signal.time), "kind": signal.kind, "text": signal.text or None}
            for signal in found.signals_between(first, len(bars))
        ],
    }


def why_report(text: str, bars: Bars, *, settings: Settings = None) -> dict[str, Any]:
    """What every part of the formula is on the last of `bars`, and which decided. `bar` counts from the first of the
    `evaluated` bars. Raises InvalidFormula and CannotEvaluate."""
    try:
        bars = affordable(compile_formula(text, settings), bars)
        return {
            "evaluated": len(bars),
            **why_in_words(why(text, bars, len(bars) - 1, settings).as_dict()),
        }
    except FormulaError as error:
        raise refuse(error.errors) from None
    except EvaluationError as error:
        raise CannotEvaluate(error_in_words(error)) from None


@dataclass(frozen=True)
class WhyAt:
    """`report` as `why_report` gives it for one of the `evaluated` bars, and the opening times of the bars with signals
    before and after it."""

    report: dict[str, Any]
    time: str
    before: str | None
    after: str | None
    signals: int


def why_at(text: str, bars: Bars, moment: datetime | None) -> WhyAt:
    """Why the formula says what it says on the last bar that opens no later than `moment`; by default on its last
    signal, or on the last bar where there is none. Raises InvalidFormula and CannotEvaluate."""
    bars = recent_bars(bars)
    try:
        program = compile_formula(text)
        bars = affordable(program, bars)
        # a condition that goes on speaks on every bar; one goes from the first to the first of the next
        spoke = {(signal.bar, signal.kind) for signal in program.evaluate(bars).signals}
        fired = sorted({bar for bar, kind in spoke if (bar - 1, kind) not in spoke})
        if moment is None:
            index = fired[-1] if fired else len(bars) - 1
        else:
            index = max(0, int(np.searchsorted(bars.time, _epoch_ms(moment), side="right")) - 1)
        report = why_in_words(why(text, bars, index).as_dict())
    except FormulaError as error:
        raise refuse(error.errors) from None
    except EvaluationError as error:
        raise CannotEvaluate(error_in_words(error)) from None
    before, after = bisect_left(fired, index) - 1, bisect_right(fired, index)
    return WhyAt(
        report=report,
        time=iso_time(int(bars.time[index])),
        before=iso_time(int(bars.time[fired[before]])) if before >= 0 else None,
        after=iso_time(int(bars.time[fired[after]])) if after < len(fired) else None,
        signals=len(fired),
    )


def value_rows(part: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """A tree of sub-expressions as rows with their depth, the outermost first; numbers and texts inside go without."""
    stack = [(part, 0)] if part else []
    while stack:
        node, depth = stack.pop()
        if depth == 0 or node["kind"] not in LITERALS:
            yield {**node, "depth": depth}
        stack += [(below, depth + 1) for below in reversed(node.get("parts", []))]


def numbers(column: np.ndarray) -> list[float | None]:
    """For JSON: null where a value is na."""
    return [value if math.isfinite(value) else None for value in column.tolist()]


def _epoch_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
