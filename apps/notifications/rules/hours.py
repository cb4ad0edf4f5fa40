"""Quiet hours and digest times: what a wall clock says, as moments, also on the two days a year when it is put.

Where the clock shows a time twice, quiet hours begin with the first and end with the last of them. A time that a clock
skips is taken to be the moment at which it skips it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = timedelta(days=1)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name; UTC for a name that is none (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def moment(day: date, at: time, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """When the zone's clocks show `at` on `day`, in UTC."""
    wall = datetime.combine(day, at)
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:  # the usual case (equal), or a time shown twice
        return late if last else early
    before, after = late, early  # skipped: the clocks are put somewhere between these two moments
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def quiet_until(now: datetime, zone: ZoneInfo, begin: time, end: time) -> datetime | None:
    """When the quiet hours end in which `now` lies; None outside of them. They last less than a day."""
    today = now.astimezone(zone).date()
    for day in (today - DAY, today):
        starts = moment(day, begin, zone)
        ends = moment(day + DAY if end <= begin else day, end, zone, last=True)
        if starts <= now < ends:
            return ends
    return None


def next_digest(now: datetime, zone: ZoneInfo, at: time) -> datetime:
    """The first moment after `now` at which the zone's clocks show `at`."""
    today = now.astimezone(zone).date()
    return next(due for days in range(-1, 4) if (due := moment(today + days * DAY, at, zone)) > now)
