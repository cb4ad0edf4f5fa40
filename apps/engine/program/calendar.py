"""Local time of bars, and the calendar periods that higher timeframes end with.

Times are int64 milliseconds since 1970 UTC; local times are the same count on the local clock.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from apps.engine.program.errors import EvaluationError
from apps.engine.said import said

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
WEEK = 7 * DAY
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = 4 * DAY  # 1970-01-05 was a Monday
_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}


@dataclass(frozen=True)
class Timeframe:
    """A timeframe as in tf("1d", ...): `length` in milliseconds, or a count of months."""

    name: str
    length: int
    months: int = 0


def read_timeframe(text: str) -> Timeframe | None:
    """The timeframe that `text` names: 5m, 4h, 1d, 1w, 1M; None for anything else.

    Minutes and hours must divide a day. The name is made canonical: 60m is 1h.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,3})([mhdwM])", text)
    if not found:
        return None
    count, unit = int(found[1]), found[2]
    if unit == "M":
        return Timeframe(text, 0, count)
    length = count * _UNITS[unit]
    if unit in "mh" and DAY % length:
        return None
    for name, size in (("w", WEEK), ("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if length % size == 0:
            return Timeframe(f"{length // size}{name}", length)
    return None


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise EvaluationError(said("unknown time zone {name}", name=repr(name))) from error


@lru_cache(maxsize=65_536)
def _offset(name: str, time: int) -> int:
    """Local less UTC time at `time`, in milliseconds."""
    try:
        local = (_EPOCH + timedelta(milliseconds=time)).astimezone(_zone(name))
    except OverflowError as error:
        raise EvaluationError(said("a bar's time lies beyond the calendar (years 1 to 9999)")) from error
    shift = local.utcoffset()
    assert shift is not None
    return shift // timedelta(milliseconds=1)


@lru_cache(maxsize=65_536)
def _change(name: str, day: int) -> tuple[int, int, int]:
    """Of the UTC day numbered `day`: the offset at its start, the time at which it changes, the offset after."""
    low, high = day * DAY, (day + 1) * DAY
    before, after = _offset(name, low), _offset(name, high)
    if before == after:
        return before, high, after
    while high - low > 1:  # no zone changes twice within a day
        middle = (low + high) // 2
        if _offset(name, middle) == before:
            low = middle
        else:
            high = middle
    return before, high, after


def offsets(times: np.ndarray, zone: str) -> np.ndarray:
    """int64[n]: local less UTC time at each of `times`."""
    _zone(zone)
    if zone == "UTC":
        return np.zeros(len(times), np.int64)
    days, place = np.unique(times // DAY, return_inverse=True)
    table = np.array([_change(zone, int(day)) for day in days], np.int64).reshape(-1, 3)[place]
    return np.where(times < table[:, 1], table[:, 0], table[:, 2])


def time_columns(times: np.ndarray, zone: str) -> dict[str, np.ndarray]:
    """float64[n] each: hour, minute, day_of_week (1 is Sunday), day_of_month, month, year, and the local day."""
    local = times + offsets(times, zone)
    day = local // DAY
    in_day = local - day * DAY
    dates = day.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month_number = months.astype(np.int64)
    columns = {
        "hour": in_day // HOUR,
        "minute": in_day % HOUR // MINUTE,
        "day_of_week": (day + 4) % 7 + 1,
        "day_of_month": (dates - months.astype("datetime64[D]")).astype(np.int64) + 1,
        "month": month_number % 12 + 1,
        "year": month_number // 12 + 1970,
        "day": day,
    }
    return {name: column.astype(np.float64) for name, column in columns.items()}


def periods(times: np.ndarray, length_ms: int, zone: str, frame: Timeframe) -> tuple[np.ndarray, np.ndarray]:
    """For bars `length_ms` long: the period of `frame` each lies in (int64[n]), and whether it ends it (bool[n]).

    Periods are those of the local calendar: days end at midnight, weeks with Sunday, months with their last day.
    """
    shift = offsets(times, zone)
    local = times + shift
    if frame.months:
        month = (local // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(
            np.int64
        ) // frame.months
        start = (month * frame.months).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) * DAY
        end = ((month + 1) * frame.months).astype("datetime64[M]").astype("datetime64[D]").astype(
            np.int64
        ) * DAY
    else:
        origin = _MONDAY if frame.length % WEEK == 0 else 0
        start = (local - origin) // frame.length * frame.length + origin
        end = start + frame.length
    if 0 < frame.length <= HOUR:  # a clock set back repeats an hour: its bars are bars of their own
        return start - shift, times + length_ms >= end - shift
    end_utc = end - offsets(end - shift, zone)
    end_utc = end - offsets(end_utc, zone)
    return start, times + length_ms >= end_utc


def check_fits(frame: Timeframe, length_ms: int) -> None:
    """Raise EvaluationError unless `frame` is a multiple of the bars' length."""
    whole = frame.length if not frame.months else DAY
    fits = whole % length_ms == 0 if whole >= length_ms else False
    if not fits:
        raise EvaluationError(
            said(
                'tf("{frame}", ...) needs bars of a timeframe that divides it; these are {length} long',
                frame=frame.name,
                length=describe(length_ms),
            )
        )


def describe(length_ms: int) -> str:
    """A length as a timeframe's name, else in seconds."""
    for name, size in (("w", WEEK), ("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if length_ms % size == 0:
            return f"{length_ms // size}{name}"
    return f"{length_ms / 1000:g}s"


def iso_time(time: int) -> str:
    """`time` as ISO 8601 in UTC with Z; milliseconds only where there are some."""
    moment = _EPOCH + timedelta(milliseconds=int(time))
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    text = text.rjust(19, "0")
    return f"{text}.{moment.microsecond // 1000:03d}Z" if moment.microsecond else f"{text}Z"
