"""What a new version of a formula would have signalled otherwise, on given bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.engine.bars import Bars
from apps.engine.lang import Signal, compile_formula
from apps.engine.program.calendar import iso_time


@dataclass(frozen=True)
class SignalDiff:
    """Signals of the new version alone, of the old one alone, and how many both give; in the order of time.

    A signal is the same if its bar, its kind and an alert's text are.
    """

    added: list[Signal]
    removed: list[Signal]
    kept: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON; a signal as in an evaluation's."""
        return {
            "added": [_signal_json(signal) for signal in self.added],
            "removed": [_signal_json(signal) for signal in self.removed],
            "kept": self.kept,
        }


def signal_diff(
    old: str,
    new: str,
    bars: Bars,
    old_settings: Mapping[str, Any] | None = None,
    new_settings: Mapping[str, Any] | None = None,
) -> SignalDiff:
    """Both texts evaluated on `bars`, each with its settings.

    Raises FormulaError where a text or its settings are wrong, EvaluationError where a timeframe does not fit the bars.
    """
    before = compile_formula(old, old_settings).evaluate(bars).signals
    after = compile_formula(new, new_settings).evaluate(bars).signals
    common = Counter(before) & Counter(after)
    return SignalDiff(
        added=_without(after, common), removed=_without(before, common), kept=sum(common.values())
    )


def _without(signals: list[Signal], common: Counter[Signal]) -> list[Signal]:
    """The signals that are not among the common ones, of which the first of several equal ones are taken."""
    left = common.copy()
    rest = []
    for signal in signals:
        if left[signal] > 0:
            left[signal] -= 1
        else:
            rest.append(signal)
    return rest


def _signal_json(signal: Signal) -> dict[str, Any]:
    return {"time": iso_time(signal.time), "kind": signal.kind, "text": signal.text or None}
