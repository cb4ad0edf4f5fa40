"""Days and years of a series of bars: which bars share a day, and how many days make its year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.engine.program.calendar import offsets

DAY_MS = 86_400_000
ROUND_THE_CLOCK_DAYS = 365
SESSIONS = 252
SATURDAY, SUNDAY = 5, 6

Ints = NDArray[np.int64]


def local_days(time: Ints, timezone: str) -> Ints:
    """int64[n]: for each instant (epoch ms) the number of its calendar day in the zone, 1970-01-01 = 0."""
    days: Ints = (time + offsets(time, timezone)) // DAY_MS
    return days


def is_round_the_clock(days: Ints) -> bool:
    """Whether a market that had bars on these days (distinct, rising) also trades at weekends.

    It does when it had bars on at least half of the Saturdays, and of the Sundays, between its first and last day;
    days without any weekend between them count as sessions.
    """
    span = np.arange(days[0], days[-1] + 1)
    seen = False
    for weekday in (SATURDAY, SUNDAY):
        possible = int(np.count_nonzero(_weekday(span) == weekday))
        if possible == 0:
            continue
        seen = True
        if 2 * int(np.count_nonzero(_weekday(days) == weekday)) < possible:
            return False
    return seen


def _weekday(days: Ints) -> Ints:
    """0 = Monday; 1970-01-01 was a Thursday."""
    return (days + 3) % 7


@dataclass(frozen=True)
class Year:
    """How a run's returns are sampled and annualised."""

    last_of_period: Ints  # indexes of the bars that close a period: a day, or a bar of a day or more
    periods_per_year: float
    years: float  # the run's length


def year_of(time: Ints, timeframe_ms: int, timezone: str) -> Year:
    """Periods and year length of the bars opening at `time` (epoch ms, at least one)."""
    n = len(time)
    if timeframe_ms > DAY_MS:  # weeks and months pass alike in every market
        per_year = ROUND_THE_CLOCK_DAYS * DAY_MS / timeframe_ms
        return Year(np.arange(n), per_year, n / per_year)
    days = local_days(time, timezone)
    last = np.append(np.nonzero(np.diff(days))[0], n - 1)
    if is_round_the_clock(days[last]):
        elapsed = (int(time[-1]) - int(time[0]) + timeframe_ms) / DAY_MS
        return Year(last, ROUND_THE_CLOCK_DAYS, elapsed / ROUND_THE_CLOCK_DAYS)
    return Year(last, SESSIONS, len(last) / SESSIONS)
