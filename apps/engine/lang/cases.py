"""Tests of a formula: bars, and what must come of them. `case_reader` says how they are written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import Evaluation, EvaluationError, FormulaError, Program, compile_formula
from apps.engine.lang.case_bars import MAX_BARS, CaseError, bars_as_rows, timeframe_of
from apps.engine.lang.case_reader import (
    KINDS,
    MAX_CASES,
    MAX_SETTINGS,
    MAX_TOTAL_BARS,
    Case,
    ExpectedSignal,
    read_case,
    read_cases,
    settings_key,
)
from apps.engine.lang.cost import cost_of
from apps.engine.lang.errors import nearest
from apps.engine.program.calendar import iso_time
from apps.engine.said import said

__all__ = [
    "MAX_BARS", "MAX_CASES", "MAX_SETTINGS", "MAX_TOTAL_BARS", "Case", "CaseError", "CaseResult", "ExpectedSignal",
    "WrongValue", "read_case", "read_cases", "run_case", "run_cases", "settings_key", "snapshot",
]  # fmt: skip
MAX_STEPS = 2_000_000_000  # of all cases together: a few seconds at most
MAX_SHOWN = 20


@dataclass(frozen=True)
class WrongValue:
    """A value that differs from the expected one by more than the tolerance; NaN stands for na."""

    series: str
    bar: int
    expected: float
    found: float


@dataclass(frozen=True)
class CaseResult:
    """What came of a case. `error` says why it could not be run at all; `missing` did not fire, `extra` should not
    have. Of `values` the first 20 are kept, `wrong_values` counts them all."""

    name: str
    missing: list[ExpectedSignal] = field(default_factory=list)
    extra: list[ExpectedSignal] = field(default_factory=list)
    values: list[WrongValue] = field(default_factory=list)
    wrong_values: int = 0
    error: str = ""
    times: dict[int, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not (self.missing or self.extra or self.wrong_values or self.error)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; na is null."""

        def signal(item: ExpectedSignal) -> dict[str, Any]:
            return {"bar": item.bar, "time": self.times.get(item.bar), "kind": item.kind, "text": item.text}

        return {
            "name": self.name,
            "ok": self.ok,
            "error": self.error,
            "missing": [signal(item) for item in self.missing],
            "extra": [signal(item) for item in self.extra],
            "wrong_values": self.wrong_values,
            "values": [
                {
                    "series": item.series,
                    "bar": item.bar,
                    "time": self.times.get(item.bar),
                    "expected": _json_number(item.expected),
                    "found": _json_number(item.found),
                }
                for item in self.values
            ],
            "sentence": self.sentence,
        }

    @property
    def sentence(self) -> str:
        """In one line what is wrong; empty for a case that passes."""
        parts = [self.error] if self.error else []
        parts += [f"{_at(item)} did not fire" for item in self.missing[:3]]
        parts += [f"{_at(item)} fired and was not expected" for item in self.extra[:3]]
        for item in self.values[:2]:
            parts.append(
                f"{item.series} at bar {item.bar} is {_shown(item.found)} instead of {_shown(item.expected)}"
            )
        shown = min(3, len(self.missing)) + min(3, len(self.extra)) + min(2, len(self.values))
        rest = len(self.missing) + len(self.extra) + self.wrong_values - shown
        return "; ".join(parts) + (f"; and {rest} more" if rest > 0 else "")


def run_case(text: str, case: Case) -> CaseResult:
    """What comes of `case` for the formula `text`; a formula with errors fails it."""
    return run_cases(text, [case])[0]


def run_cases(text: str, cases: list[Case]) -> list[CaseResult]:
    """The result of each case, in their order. The formula is compiled once per set of settings; cases for which it
    would take too many steps are not run, and say so."""
    programs: dict[str, tuple[Program, int]] = {}
    results = []
    left = MAX_STEPS
    for case in cases:
        key = settings_key(case.settings)
        try:
            if key not in programs:
                program = compile_formula(text, case.settings)
                graphs = [graph for _, graph in program.frames.values()]
                programs[key] = program, cost_of(program.chart, graphs).steps
            program, steps = programs[key]
            left -= steps * len(case.bars)
            if left < 0:
                message = said(
                    "the formula takes up to {steps} steps a bar, too many for this many bars",
                    steps=f"{steps:,}",
                )
                results.append(CaseResult(case.name, error=message))
                continue
            results.append(_compare(case, program.evaluate(case.bars)))
        except FormulaError as error:
            results.append(CaseResult(case.name, error=str(error.errors[0])))
        except EvaluationError as error:
            results.append(CaseResult(case.name, error=str(error)))
    return results


def snapshot(
    text: str, bars: Bars, *, name: str, settings: Mapping[str, Any] | None = None, first: int = 0
) -> dict[str, Any]:
    """A case as JSON that holds the signals firing now on `bars`, from bar `first` on, marked as taken and not
    thought out. Raises FormulaError, EvaluationError, and CaseError for no bars and for too many."""
    if len(bars) > MAX_BARS:
        raise CaseError(
            "/bars",
            said(
                "{bars} bars are more than the {max_bars} a test may have", bars=len(bars), max_bars=MAX_BARS
            ),
        )
    if not len(bars):
        raise CaseError("/bars", said("there are no bars"))
    found = compile_formula(text, settings).evaluate(bars).signals
    signals: list[dict[str, Any]] = []
    for signal in found:
        entry = {"time": iso_time(signal.time), "kind": signal.kind}
        if signal.text:
            entry["text"] = signal.text
        if signal.bar >= first and entry not in signals[-len(KINDS) :]:
            signals.append(entry)
    content: dict[str, Any] = {
        "name": name,
        "timeframe": timeframe_of(bars),
        "timezone": bars.timezone,
        "symbol": bars.symbol,
        "bars": bars_as_rows(bars),
        "signals": signals,
        "snapshot": True,
    }
    if settings:
        content["settings"] = dict(settings)
    if first:
        content["from"] = first
    return content


def _compare(case: Case, found: Evaluation) -> CaseResult:
    fired = sorted({(s.bar, s.kind, s.text) for s in found.signals if s.bar >= case.first})
    missing = [wanted for wanted in case.signals if not any(wanted.covers(*signal) for signal in fired)]
    by_place: dict[tuple[int, str], list[ExpectedSignal]] = {}
    for wanted in case.signals:
        by_place.setdefault((wanted.bar, wanted.kind), []).append(wanted)
    extra = [
        ExpectedSignal(bar, kind, text or None)
        for bar, kind, text in fired
        if not any(wanted.covers(bar, kind, text) for wanted in by_place.get((bar, kind), []))
    ]
    known = {**found.plots, **found.series}
    values: list[WrongValue] = []
    for name, expected in case.series.items():
        if name not in known:
            hint = nearest(name, known)
            message = said("the formula has no series `{name}`", name=name[:60])
            if hint:
                message = said("{message} ({hint})", message=message, hint=hint)
            return CaseResult(
                case.name, missing, extra, error=message, times=_times(case, missing, extra, [])
            )
        column, wanted_values = known[name][: len(expected)], np.array(expected)
        with np.errstate(invalid="ignore"):
            near = np.abs(column - wanted_values) <= case.tolerance
        right = near | (column == wanted_values) | (np.isnan(column) & np.isnan(wanted_values))
        values += [
            WrongValue(name, int(i), float(wanted_values[i]), float(column[i]))
            for i in np.flatnonzero(~right)
        ]
    values.sort(key=lambda item: item.bar)
    shown = values[:MAX_SHOWN]
    return CaseResult(
        case.name, missing, extra, shown, len(values), times=_times(case, missing, extra, shown)
    )


def _times(
    case: Case, missing: list[ExpectedSignal], extra: list[ExpectedSignal], values: list[WrongValue]
) -> dict[int, str]:
    """The opening time of every bar that a result names."""
    named = {item.bar for item in (*missing, *extra)} | {item.bar for item in values}
    return {bar: iso_time(int(case.bars.time[bar])) for bar in sorted(named)}


def _at(signal: ExpectedSignal) -> str:
    text = f" “{signal.text[:80]}”" if signal.text else ""
    return f"{signal.kind.replace('_', ' ')}{text} at bar {signal.bar}"


def _shown(value: float) -> str:
    return "na" if math.isnan(value) else f"{value:.10g}"


def _json_number(value: float) -> float | None:
    return value if math.isfinite(value) else None
