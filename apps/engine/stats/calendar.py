"""Days, months and years of a series of bars: which bars share one, and how many days make its year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from apps.engine.program.calendar import offsets

DAY_MS = 86_400_000
ROUND_THE_CLOCK_DAYS = 365
SESSIONS = 252
SATURDAY, SUNDAY = 5, 6

Ints = NDArray[np.int64]


@njit(cache=True)
def _utc_day_starts(time, day_ms):
    """int64[d]: the first bar of each UTC day that has bars."""
    starts = np.empty(len(time), np.int64)
    days = 0
    ends = np.int64(0)
    for i in range(len(time)):
        if i == 0 or time[i] >= ends:
            starts[days] = i
            days += 1
            ends = (time[i] // day_ms + 1) * day_ms
    return starts[:days].copy()


def day_ends(time: Ints, timezone: str) -> tuple[Ints, Ints]:
    """The last bar of each calendar day of the zone that has bars, and that day's number (1970-01-01 = 0)."""
    n = len(time)
    starts = _utc_day_starts(np.ascontiguousarray(time), DAY_MS)
    stops = np.append(starts[1:], n)
    if timezone == "UTC":
        return stops - 1, time[starts] // DAY_MS
    # A local day ends inside a UTC day, at most once where the clock does not change: look between its bars.
    first = local_days(time[starts], timezone)
    last = local_days(time[stops - 1], timezone)
    ends: list[Ints] = []
    for start, stop in zip(starts[first != last].tolist(), stops[first != last].tolist(), strict=True):
        days = local_days(time[start:stop], timezone)
        ends.append(start + np.flatnonzero(np.diff(days)))
    between = (stops - 1)[np.append(last[:-1] != first[1:], True)]
    found = np.sort(np.concatenate([*ends, between]))
    return found, local_days(time[found], timezone)


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
    last_of_month: Ints  # indexes of the last bars of each calendar month that has bars
    months: Ints  # their months, counted from January 1970 = 0


def year_of(time: Ints, timeframe_ms: int, timezone: str) -> Year:
    """Periods, months and year length of the bars opening at `time` (epoch ms, at least one)."""
    n = len(time)
    if timeframe_ms > DAY_MS:  # weeks and months pass alike in every market
        last = np.arange(n)
        per_year = ROUND_THE_CLOCK_DAYS * DAY_MS / timeframe_ms
        return Year(last, per_year, n / per_year, *_month_ends(last, local_days(time, timezone)))
    last, days = day_ends(time, timezone)
    months = _month_ends(last, days)
    if is_round_the_clock(days):
        elapsed = (int(time[-1]) - int(time[0]) + timeframe_ms) / DAY_MS
        return Year(last, ROUND_THE_CLOCK_DAYS, elapsed / ROUND_THE_CLOCK_DAYS, *months)
    return Year(last, SESSIONS, len(last) / SESSIONS, *months)


def _month_ends(last: Ints, days: Ints) -> tuple[Ints, Ints]:
    """Of the bars `last`, which lie in the local days `days`: those that close a month, and its number."""
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    closing = np.append(months[1:] != months[:-1], True)
    return last[closing], months[closing]


def iso_times(time: Ints) -> list[str]:
    """Epoch milliseconds as ISO 8601 in UTC with Z; milliseconds are written only where some are not zero."""
    # Not by polars: workers warm up before they fork, and the threads of polars do not outlive a fork.
    unit: Literal["ms", "s"] = "ms" if np.any(time % 1000) else "s"
    moments = time.astype("datetime64[ms]")
    texts: list[str] = np.datetime_as_string(moments, unit=unit, timezone="UTC", casting="unsafe").tolist()
    return texts
