"""A formula on the bars around one of them, as the price chart of the pages takes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from apps.engine.bars import COLUMNS, Bars
from apps.engine.lang import Evaluation, EvaluationError, FormulaError, compile_formula
from apps.formulas.errors import CannotEvaluate
from apps.formulas.plots import near_prices, share_panes
from apps.formulas.selectors.data import affordable, index_of, numbers, recent_bars
from apps.formulas.selectors.texts import refuse

BEFORE, AFTER = 160, 80  # bars drawn before and after the one in question
MAX_LINES = 8
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
    bars = recent_bars(bars)
    try:
        program = compile_formula(text)
        bars = affordable(program, bars)
        found = program.evaluate(bars)
    except FormulaError as error:
        raise refuse(error.errors) from None
    except EvaluationError as error:
        raise CannotEvaluate(str(error)) from None
    chosen = len(bars) - 1 if moment is None else min(index_of(bars, moment), len(bars) - 1)
    last = min(len(bars), chosen + AFTER + 1)
    first = max(0, min(chosen - BEFORE, last - BEFORE - AFTER))
    over, own = _lines(found, bars.close, first, last)
    return {
        "time": (bars.time[first:last] // 1000).tolist(),
        **{name: numbers(getattr(bars, name)[first:last]) for name in COLUMNS},
        "plots": {name: numbers(column) for name, column in over},
        "panes": [{name: numbers(column) for name, column in pane} for pane in share_panes(own)],
        "markers": _marks(found, first, last),
        "chosen": int(bars.time[chosen]) // 1000,
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
    spoke = {(signal.bar, signal.kind) for signal in found.signals}
    marks = []
    for signal in found.signals:
        if first <= signal.bar < last and (signal.bar - 1, signal.kind) not in spoke:
            side, action = _MARKS[signal.kind]
            words = signal.text or signal.kind.replace("_", " ")
            marks.append({"time": signal.time // 1000, "side": side, "action": action, "text": words})
    return marks
