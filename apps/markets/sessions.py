"""When a market is open, read off its bars, and the gaps that remain.

Two kinds are told apart. Round-the-clock markets trade on weekends too: every step longer than the timeframe
is a gap. Exchange markets keep sessions: weekends are no gaps, a single weekday without bars is taken for a
holiday, and within a day only the times of day at which the market usually trades are expected.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from apps.engine.bars import Bars
from apps.markets.timeframes import DAY_MS, WEEK_MS, format_timeframe

Calendar = Literal["24x7", "exchange"]

# Saturdays and Sundays hold 2/7 of a round-the-clock series; a Sunday evening's opening holds far less.
_WEEKEND_SHARE = 0.15
# A break or a time of day counts as usual when it shows on at least this share of the days.
_USUAL_BREAK = 0.15
_USUAL_SLOT = 0.5

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gap:
    """Between two neighbouring bars: their times in epoch milliseconds, and how many bars are missing."""

    after: int
    before: int
    missing: int


@dataclass(frozen=True, slots=True)
class Gaps:
    calendar: Calendar
    count: int = 0
    missing: int = 0
    coverage: float = 1.0
    holidays: int = 0
    largest: list[Gap] = field(default_factory=list)


def market_calendar(bars: Bars) -> Calendar:
    """`24x7` when weekends hold their share of the bars, by the clock of `bars.timezone`."""
    if len(bars) == 0 or bars.timeframe_ms >= WEEK_MS:
        return "exchange"
    weekday = (_local(bars) // DAY_MS + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    return "24x7" if float(np.mean(weekday >= 5)) > _WEEKEND_SHARE else "exchange"


def find_gaps(bars: Bars, *, keep: int = 50) -> Gaps:
    """All gaps counted, the `keep` largest listed."""
    calendar = market_calendar(bars)
    if len(bars) < 2:
        return Gaps(calendar)
    steps = np.diff(bars.time)
    timeframe = bars.timeframe_ms
    label = format_timeframe(timeframe)
    if label[-1] in "wMy":
        # Weeks shift with holidays and months differ in length: missing are whole ones.
        missing = np.maximum(np.rint(steps / timeframe).astype(np.int64) - 1, 0)
        holidays = 0
    elif calendar == "24x7":
        missing = np.maximum(np.rint(steps / timeframe).astype(np.int64) - 1, 0)
        holidays = 0
    elif timeframe >= DAY_MS:
        missing, holidays = _missing_days(_local(bars) // DAY_MS, timeframe // DAY_MS)
    else:
        missing, holidays = _missing_slots(_local(bars), timeframe)
    rows = np.flatnonzero(missing)
    total = int(missing.sum())
    largest = rows[np.argsort(-missing[rows], kind="stable")[:keep]]
    return Gaps(
        calendar,
        count=int(rows.size),
        missing=total,
        coverage=len(bars) / (len(bars) + total),
        holidays=holidays,
        largest=[Gap(int(bars.time[row]), int(bars.time[row + 1]), int(missing[row])) for row in largest],
    )


def _local(bars: Bars) -> _Ints:
    """Wall-clock milliseconds in the zone of the bars."""
    if bars.timezone == "UTC":
        return bars.time
    utc = pl.Series(bars.time).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    return utc.dt.convert_time_zone(bars.timezone).dt.replace_time_zone(None).dt.epoch("ms").to_numpy()


def _weekdays_before(day: _Ints) -> _Ints:
    """How many Mondays to Fridays lie before each day number (days since 1970-01-01)."""
    since_monday = day + 3
    weeks, weekday = np.divmod(since_monday, 7)
    return weeks * 5 + np.minimum(weekday, 5)


def _missing_days(day: _Ints, every: int) -> tuple[_Ints, int]:
    """Weekdays without a bar between neighbours; one alone is a holiday."""
    between = _weekdays_before(day[1:]) - _weekdays_before(day[:-1] + 1)
    missing = np.maximum(between // max(every, 1), 0)
    holiday = (missing == 1) & (every == 1)
    return np.where(holiday, 0, missing), int(np.count_nonzero(holiday))


def _missing_slots(local: _Ints, timeframe: int) -> tuple[_Ints, int]:
    """Usual times of day without a bar, between neighbours.

    A break that recurs (night, lunch, the shift of a clock change) is no gap. In what is left, a whole
    usual day that is missing alone is a holiday.
    """
    day, clock = np.divmod(local, DAY_MS)
    days = int(np.unique(day).size)
    slot = clock // timeframe
    slots = -(-DAY_MS // timeframe)
    usual = np.bincount(slot, minlength=slots) >= _USUAL_SLOT * days
    usual_before = np.concatenate([[0], np.cumsum(usual)])  # usual slots before each slot of a day
    per_day = int(usual_before[-1])

    missing = np.zeros(len(local) - 1, dtype=np.int64)
    jumps = np.flatnonzero(np.diff(local) > timeframe)
    if not jumps.size:
        return missing, 0
    same_day = day[jumps] == day[jumps + 1]
    often = max(3.0, _USUAL_BREAK * days)
    # Closings and openings are usual each by itself: on the weekend of a clock change an old one meets a new one.
    closings = np.bincount(slot[jumps[~same_day]], minlength=slots)[slot[jumps]] >= often
    openings = np.bincount(slot[jumps[~same_day] + 1], minlength=slots)[slot[jumps + 1]] >= often
    _, at, seen = np.unique(slot[jumps] * slots + slot[jumps + 1], return_inverse=True, return_counts=True)
    recurs = np.where(same_day, (seen >= often)[at], closings & openings)
    weekdays = _weekdays_before(day[jumps + 1]) - _weekdays_before(day[jumps] + 1)  # whole weekdays between
    after, before = usual_before[slot[jumps] + 1], usual_before[slot[jumps + 1]]
    parts = np.where(same_day, before - after, (per_day - after) + before)
    on_weekend = ((day[jumps] + 3) % 7 >= 5) | ((day[jumps + 1] + 3) % 7 >= 5)
    parts = np.where(recurs | (on_weekend & ~same_day), 0, np.maximum(parts, 0))
    holiday = (weekdays == 1) & ~same_day
    whole = np.where(same_day | holiday, 0, np.maximum(weekdays, 0)) * per_day
    missing[jumps] = parts + whole
    return missing, int(np.count_nonzero(holiday))
