"""Days and years of a series of bars: which bars share a day, and how many days make its year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

DAY_MS = 86_400_000
ROUND_THE_CLOCK_DAYS = 365
SESSIONS = 252
SATURDAY, SUNDAY = 5, 6

Ints = NDArray[np.int64]


def local_days(time: Ints, timezone: str) -> Ints:
    """int64[n]: for each instant (epoch ms, rising) the number of its calendar day in the zone, 1970-01-01 = 0."""
    return (time + utc_offsets(time, timezone)) // DAY_MS


def utc_offsets(time: Ints, timezone: str) -> Ints:
    """int64[n]: what the zone's clocks were ahead of UTC at each instant, in milliseconds."""
    if timezone == "UTC" or not len(time):
        return np.zeros(len(time), dtype=np.int64)
    zone = ZoneInfo(timezone)

    def offset_at(moment: int) -> int:
        delta = datetime.fromtimestamp(moment / 1000, tz=UTC).astimezone(zone).utcoffset()
        return int(delta.total_seconds() * 1000) if delta else 0

    # Clocks change at most a few times a year: compare day by day, and halve the day of a change to its second.
    days = np.arange(int(time[0]) // DAY_MS, int(time[-1]) // DAY_MS + 2) * DAY_MS
    at_days = [offset_at(int(day)) for day in days]
    starts, offsets = [int(days[0])], [at_days[0]]
    for day, before, after in zip(days[:-1].tolist(), at_days[:-1], at_days[1:], strict=True):
        if before != after:
            low, high = day, day + DAY_MS
            while high - low > 1000:
                middle = (low + high) // 2
                low, high = (middle, high) if offset_at(middle) == before else (low, middle)
            starts.append(-(-low // 1000) * 1000 if offset_at(-(-low // 1000) * 1000) == after else high)
            offsets.append(after)
    return np.array(offsets, dtype=np.int64)[np.searchsorted(starts, time, side="right") - 1]


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
