"""When days, weeks and months begin in a time zone, as instants."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray


def period_starts(first: int, last: int, every: str, timezone: str) -> NDArray[np.int64]:
    """int64[p]: the beginnings of days, weeks (Monday) or months after `first`, up to `last` (epoch ms)."""
    zone = ZoneInfo(timezone)
    day = _local_day(first, zone)
    end = _local_day(last, zone)
    starts = []
    while day <= end:
        day = _next(day, every)
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
        starts.append(round(start.timestamp() * 1000))
    instants = np.array(starts, dtype=np.int64)
    return instants[(instants > first) & (instants <= last)]


def _local_day(instant: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(instant / 1000, UTC).astimezone(zone).date()


def _next(day: date, every: str) -> date:
    if every == "daily":
        return day + timedelta(days=1)
    if every == "weekly":
        return day + timedelta(days=7 - day.weekday())
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
