"""The verdict: how far luck explains a Sharpe ratio, given how many variants were tried.

It says nothing of costs, of data that was looked at before, or of tomorrow's market; docs/honesty.md has its limits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from apps.engine.honesty.errors import HonestyError
from apps.engine.honesty.sharpe import (
    CONFIDENCE,
    Moments,
    Trials,
    deflated_sharpe,
    expected_max_sharpe,
    min_backtest_years,
    min_track_record,
)

Verdict = Literal["evidence", "weak", "none", "too_short"]

EVIDENCE = 0.95  # deflated Sharpe ratio from which there is evidence
WEAK = 0.80  # and from which it is weak
FEWEST_RETURNS = 30  # effective ones: the normal law of the estimate is poor below
NORMAL_KURTOSIS = 3.0


@dataclass(frozen=True)
class Luck:
    """Sharpe ratios are per year. Undefined is None; definitions and sources: docs/honesty.md."""

    verdict: Verdict
    words: str
    trials: int
    sharpe: float | None
    expected_max_sharpe: float | None  # of the best trial, when none has an edge
    deflated_sharpe: float | None  # a probability
    min_track_record_periods: float | None  # until the deflated Sharpe ratio is EVIDENCE, moments as they are
    min_backtest_years: float | None
    years: float
    effective_returns: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def luck(moments: Moments | Mapping[str, Any], trials: Trials, periods_per_year: float) -> Luck:
    """The verdict on a run with these moments (per period) after that many trials.

    `moments` may be the "moments" of a stored panel or of a sweep's cell.
    """
    if not periods_per_year > 0:
        raise HonestyError(f"{periods_per_year} periods per year: a positive number is right")
    if not isinstance(moments, Moments):
        moments = Moments.of(moments)
    to_year = math.sqrt(periods_per_year)
    best_by_chance = expected_max_sharpe(trials, moments.periods)
    deflated = deflated_sharpe(moments, trials)
    effective = effective_returns(moments)
    sharpe = None if moments.sharpe is None else moments.sharpe * to_year
    expected = None if best_by_chance is None else best_by_chance * to_year
    verdict = _verdict(moments, deflated, effective)
    return Luck(
        verdict=verdict,
        words=_words(verdict, moments, trials, sharpe, expected, deflated, effective, to_year),
        trials=trials.count,
        sharpe=sharpe,
        expected_max_sharpe=expected,
        deflated_sharpe=deflated,
        min_track_record_periods=None
        if best_by_chance is None
        else min_track_record(moments, best_by_chance, CONFIDENCE),
        min_backtest_years=None if sharpe is None else min_backtest_years(trials.count, sharpe),
        years=moments.periods / periods_per_year,
        effective_returns=effective,
    )


def sweep_luck(
    best: Moments | Mapping[str, Any], cells: Sequence[Moments | Mapping[str, Any]], periods_per_year: float
) -> Luck:
    """The verdict on the best cell of a sweep, when its cells (the best included) are all that was ever tried.

    Every cell counts as a trial, also one without a Sharpe ratio; the spread is that of the others.
    """
    return luck(best, trials_of(cells), periods_per_year)


def trials_of(cells: Sequence[Moments | Mapping[str, Any]]) -> Trials:
    """How many cells there are and the sample variance of their Sharpe ratios, None for fewer than two with one."""
    every = [cell.sharpe if isinstance(cell, Moments) else cell["sharpe"] for cell in cells]
    known = [sharpe for sharpe in every if sharpe is not None]
    return Trials(len(every), float(np.var(known, ddof=1)) if len(known) > 1 else None)


def effective_returns(moments: Moments) -> float:
    """How many returns carry the result: periods x 3 / kurtosis, at most all of them; 0 where nothing moved.

    A few days that make up the whole result have a kurtosis near periods / days, whatever the number of empty days.
    """
    if moments.kurtosis is None:
        return 0.0
    return moments.periods * min(1.0, NORMAL_KURTOSIS / moments.kurtosis)


def _verdict(moments: Moments, deflated: float | None, effective: float) -> Verdict:
    if moments.sharpe is None:  # nothing moved, or too few returns to see it
        return "none" if moments.periods >= FEWEST_RETURNS else "too_short"
    if deflated is None or effective < FEWEST_RETURNS:
        return "too_short"
    if deflated >= EVIDENCE:
        return "evidence"
    return "weak" if deflated >= WEAK else "none"


def _words(
    verdict: Verdict,
    moments: Moments,
    trials: Trials,
    sharpe: float | None,
    expected: float | None,
    deflated: float | None,
    effective: float,
    to_year: float,
) -> str:
    periods = moments.periods
    if periods < FEWEST_RETURNS:
        returns = "1 return" if periods == 1 else f"{periods} returns"
        return f"Too short to judge: {returns}, and at least {FEWEST_RETURNS} are needed."
    if sharpe is None:
        return f"There is nothing to judge: all {periods:,} returns are the same."
    if verdict == "too_short" or expected is None or deflated is None:
        return (
            f"Too little to judge: of {periods:,} returns, only a few make up the result, as if there were "
            f"{math.floor(effective)}; at least {FEWEST_RETURNS} are needed."
        )
    if sharpe <= 0:
        return f"There is no edge to explain: the Sharpe ratio is {_number(sharpe)}, {_tried(trials)}."
    if trials.count == 1:
        error = to_year / math.sqrt(periods - 1)
        chance = (
            f"one variant tried; chance alone would show a Sharpe ratio around 0, give or take "
            f"{error:.2f}, and yours is {_number(sharpe)}"
        )
    else:
        chance = (
            f"of {trials.count:,} variants tried, the best by chance alone would show a Sharpe ratio of "
            f"about {_number(expected)}; yours is {_number(sharpe)}"
        )
    value = f"{math.floor(deflated * 100 + 1e-9) / 100:.2f}"  # never rounded up over a mark
    opening, mark = {
        "evidence": ("Luck is an unlikely explanation", f"from {EVIDENCE:.2f} on this is evidence"),
        "weak": (
            "Luck remains a possible explanation",
            f"from {WEAK:.2f} to {EVIDENCE:.2f} this is weak evidence",
        ),
        "none": ("Luck is a likely explanation", f"below {WEAK:.2f} this is no evidence"),
    }[verdict]
    return f"{opening}: {chance}. The deflated Sharpe ratio is {value}; {mark}."


def _tried(trials: Trials) -> str:
    return "one variant tried" if trials.count == 1 else f"{trials.count:,} variants tried"


def _number(value: float) -> str:
    """Two decimals, and no minus before a zero."""
    return f"{round(value, 2) + 0.0:.2f}"
