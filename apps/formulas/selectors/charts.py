"""A formula on the bars around one of them, or on the last ones, as the price chart of the pages takes it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from apps.engine.bars import COLUMNS, Bars
from apps.engine.lang import Evaluation, EvaluationError, FormulaError, compile_formula, parse
from apps.formulas.errors import CannotEvaluate, InvalidFormula
from apps.formulas.in_words import error_in_words
from apps.formulas.plots import near_prices, share_panes
from apps.formulas.selectors.data import affordable, index_of, numbers, recent_bars
from apps.formulas.selectors.texts import refuse

BEFORE, AFTER = 160, 80  # bars drawn before and after the one in question
MAX_LINES = 8
PREVIEW_BARS = 5_000  # drawn at once, at most
SILENT_RULE = "long when false"
PREVIEW_STEPS = 200_000_000  # operators worked off for one preview: a fifth of a second
_MARKS = {
    "long": ("long", "entry"),
    "short": ("short", "entry"),
    "exit_long": ("long", "exit"),
    "exit_short": ("short", "exit"),
    "exit": ("long", "exit"),
    "alert": ("", "alert"),
}


def chart_around(text: str, bars: Bars, moment: datetime | None) -> dict[str, Any]:
    """Bars around the one that opens at `moment` (the last, if None), times in seconds since 1970 UTC.

    `plots` are drawn over the prices; each of `panes` holds those of one pane below. Where the formula plots nothing
    its number series are drawn. Of a condition that goes on, the first bar is marked. Raises InvalidFormula and
    CannotEvaluate.
    """
    found, bars = _evaluated(text, recent_bars(bars))
    chosen = len(bars) - 1 if moment is None else min(index_of(bars, moment), len(bars) - 1)
    last = min(len(bars), chosen + AFTER + 1)
    first = max(0, min(chosen - BEFORE, last - BEFORE - AFTER))
    return {
        **_candles(bars, first, last),
        **_drawn(found, bars, first, last),
        "chosen": int(bars.time[chosen]) // 1000,
    }


def preview(
    text: str,
    bars: Bars,
    *,
    points: int,
    with_bars: bool = True,
    settings: Mapping[str, Any] | None = None,
    most_steps: int = PREVIEW_STEPS,
) -> dict[str, Any]:
    """The last `points` of `bars` with what a formula draws and marks there, while it is being written.

    Without `with_bars` the columns of the bars are left out, for who has them: `first` and `last` (seconds since 1970
    UTC) and `count` say which they are. `evaluated` bars were read, as many as `most_steps` operators allow;
    `signals` is how many of the marks there are; `milliseconds` is what compiling and evaluating took. A text that has
    no rule yet is drawn all the same. Raises InvalidFormula and CannotEvaluate.
    """
    began = time.perf_counter()
    try:
        found, bars = _evaluated(text, bars, settings, most_steps)
    except InvalidFormula as error:
        if not _lacks_a_rule(text, error):
            raise
        found, bars = _evaluated(f"{text}\n{SILENT_RULE}", bars, settings, most_steps)
    took = time.perf_counter() - began
    last = len(bars)
    first = max(0, last - points)
    drawn = _drawn(found, bars, first, last)
    return {
        **(_candles(bars, first, last) if with_bars else {}),
        **drawn,
        "first": int(bars.time[first]) // 1000,
        "last": int(bars.time[-1]) // 1000,
        "count": last - first,
        "signals": len(drawn["markers"]),
        "evaluated": last,
        "milliseconds": round(took * 1000, 1),
    }


def _lacks_a_rule(text: str, error: InvalidFormula) -> bool:
    """Whether a text is right but for the rule that has not been written yet: the one error that is about no place."""
    found: list[dict[str, Any]] = error.extra["formula_errors"]
    return len(found) == 1 and not found[0]["node"] and not parse(text).problems


def _evaluated(
    text: str, bars: Bars, settings: Mapping[str, Any] | None = None, steps: int | None = None
) -> tuple[Evaluation, Bars]:
    """The formula on the last of the bars, as many as its cost allows."""
    try:
        program = compile_formula(text, settings)
        bars = affordable(program, bars, steps)
        return program.evaluate(bars), bars
    except FormulaError as error:
        raise refuse(error.errors) from None
    except EvaluationError as error:
        raise CannotEvaluate(error_in_words(error)) from None


def _candles(bars: Bars, first: int, last: int) -> dict[str, Any]:
    times = (bars.time[first:last] // 1000).tolist()
    return {"time": times, **{name: numbers(getattr(bars, name)[first:last]) for name in COLUMNS}}


def _drawn(found: Evaluation, bars: Bars, first: int, last: int) -> dict[str, Any]:
    """Plots over the prices, those in panes of their own, and marks."""
    over, own = _lines(found, bars.close, first, last)
    return {
        "plots": {name: numbers(column) for name, column in over},
        "panes": [{name: numbers(column) for name, column in pane} for pane in share_panes(own)],
        "markers": _marks(found, first, last),
    }


def _lines(found: Evaluation, closes: np.ndarray, first: int, last: int) -> tuple[list[Any], list[Any]]:
    """Names and columns of the lines that belong on the scale of prices, and of the others."""
    columns = found.plots or {name: c for name, c in found.series.items() if name not in found.truths}
    over: list[Any] = []
    own: list[Any] = []
    for name, column in list(columns.items())[:MAX_LINES]:
        part = np.asarray(column[first:last], np.float64)
        (over if near_prices(part, closes[first:last]) else own).append((name, part))
    return over, own


def _marks(found: Evaluation, first: int, last: int) -> list[dict[str, Any]]:
    signals = found.signals_between(max(0, first - 1), last)
    spoke = {(signal.bar, signal.kind) for signal in signals}
    marks = []
    for signal in signals:
        if signal.bar >= first and (signal.bar - 1, signal.kind) not in spoke:
            side, action = _MARKS[signal.kind]
            words = signal.text or signal.kind.replace("_", " ")
            marks.append({"time": signal.time // 1000, "side": side, "action": action, "text": words})
    return marks
