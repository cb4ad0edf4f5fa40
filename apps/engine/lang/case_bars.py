"""The bars of a formula's test case: written as rows, as closes alone, or as a text table."""

from __future__ import annotations

import csv
import io
import math
import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from apps.engine.bars import COLUMNS, Bars
from apps.engine.lang.errors import nearest
from apps.engine.program.calendar import DAY, HOUR, MINUTE, WEEK, describe, iso_time
from apps.engine.said import said

MAX_BARS = 5_000
MAX_TABLE_BYTES = 1024 * 1024
FIRST_DAY = datetime(2024, 1, 1)  # noqa: DTZ001  on the clock of the case's own zone
LAST_TIME = 253_370_764_800_000  # 9999-01-01
_LENGTHS = {"s": 1_000, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK, "M": 30 * DAY, "y": 365 * DAY}
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_COLUMN_NAMES = ("time", *COLUMNS)
_NEEDED = ("open", "high", "low", "close")
Row = tuple[int | None, tuple[float, ...]]


class CaseError(ValueError):
    """A test case cannot be read: `place` is a path into the JSON, such as /0/bars/7."""

    def __init__(self, place: str, message: str, hint: str = "") -> None:
        self.place = place
        self.message = message
        self.hint = hint
        super().__init__(f"{place or '/'}: {message}" + (f" ({hint})" if hint else ""))

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"place": self.place, "message": self.message, "hint": self.hint}


def read_bars(
    content: Any, place: str, *, timeframe: str, timezone: str, symbol: str, start: str | None, spread: float
) -> Bars:
    """The bars that `content` describes; `place` is where it stands in the JSON.

    A list of numbers gives closes: each bar opens at the close before it (the first at its own), and its high and
    low lie `spread` beyond both. A list of lists gives [time,] open, high, low, close[, volume]. A text is a table
    with a header line. Without times the first bar opens at `start`, else at midnight of 2024-01-01.
    Raises CaseError.
    """
    length = _length(timeframe, place)
    zone = _zone(timezone, place)
    if isinstance(content, str):
        rows = _table(content, place, zone)
    elif isinstance(content, list):
        if content and _is_number(content[0]):
            _few(len(content), place)
            rows = _closes(content, place, spread)
        else:
            _few(len(content), place)
            rows = [_row(item, f"{place}/{i}", zone) for i, item in enumerate(content)]
    else:
        raise CaseError(place, said("bars are a list of closes, a list of rows or a text table"))
    if not rows:
        raise CaseError(place, said("there are no bars"), said("give at least one"))
    times = _times(rows, place, start, zone, length)
    columns = np.array([values for _, values in rows], np.float64).T
    open_, high, low, close, volume = columns
    return Bars(times, open_, high, low, close, volume, length, timezone, symbol)


def bars_as_rows(bars: Bars) -> list[list[Any]]:
    """`bars` as the rows of a case, which read back as the same bars, bit for bit."""
    columns = [getattr(bars, name).tolist() for name in COLUMNS]
    return [[iso_time(time), *values] for time, *values in zip(bars.time.tolist(), *columns, strict=True)]


def timeframe_of(bars: Bars) -> str:
    """The name under which a case gives the bars' length."""
    return describe(bars.timeframe_ms)


def read_time(value: Any, place: str, zone: ZoneInfo) -> int:
    """ISO 8601 as milliseconds since 1970 UTC; a time without an offset is on `zone`'s clock."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise CaseError(
            place,
            said("expected a time, found {short}", short=_short(value)),
            said('such as "2024-01-31" or "2024-01-31T09:30:00Z"'),
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        return (moment - _EPOCH) // timedelta(milliseconds=1)
    except OverflowError:
        raise CaseError(place, said("{short} lies beyond the calendar", short=_short(value))) from None


def _length(timeframe: str, place: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([smhdwMy])", timeframe)
    if not found:
        at = place.rpartition("/")[0] + "/timeframe"
        raise CaseError(
            at, said("{short} is not a timeframe", short=_short(timeframe)), said("such as 15m, 4h, 1d, 1w")
        )
    return int(found[1]) * _LENGTHS[found[2]]


def _zone(name: str, place: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        at = place.rpartition("/")[0] + "/timezone"
        raise CaseError(
            at, said("{short} is not a time zone", short=_short(name)), said("an IANA name, such as UTC")
        ) from None


def _few(count: int, place: str) -> None:
    if count > MAX_BARS:
        raise CaseError(
            place,
            said("{count} bars are more than the {max_bars} a test may have", count=count, max_bars=MAX_BARS),
        )


def _closes(content: list[Any], place: str, spread: float) -> list[Row]:
    rows: list[Row] = []
    before = float(content[0])
    for i, item in enumerate(content):
        close = _number(item, f"{place}/{i}", "a close")
        values = (before, max(before, close) + spread, min(before, close) - spread, close, 0.0)
        rows.append((None, values))
        before = close
    return rows


def _row(item: Any, place: str, zone: ZoneInfo) -> Row:
    """One bar of a list of rows."""
    if not isinstance(item, list):
        raise CaseError(place, said("expected a row or a close, found {short}", short=_short(item)))
    timed = bool(item) and isinstance(item[0], str)
    numbers = item[1:] if timed else item
    if len(numbers) not in (4, 5):
        raise CaseError(
            place,
            said("a row has {count} values", count=len(item)),
            said("[open, high, low, close] or [time, open, high, low, close, volume]"),
        )
    time = read_time(item[0], f"{place}/0", zone) if timed else None
    values = [
        _number(value, f"{place}/{i + timed}", f"the {name}")
        for i, (name, value) in enumerate(zip(COLUMNS, numbers, strict=False))
    ]
    return time, _possible((*values, 0.0)[:5], place)


def _table(content: str, place: str, zone: ZoneInfo) -> list[Row]:
    """The rows of a CSV with a header line."""
    if len(content) > MAX_TABLE_BYTES:
        raise CaseError(
            place,
            said("the table is longer than {max_table_bytes} characters", max_table_bytes=MAX_TABLE_BYTES),
        )
    lines = csv.reader(io.StringIO(content.strip()))
    try:
        header = [cell.strip().lower() for cell in next(lines, [])]
        for cell in header:
            if cell not in _COLUMN_NAMES:
                hint = nearest(cell, _COLUMN_NAMES) or said(
                    "the columns are {column_names}", column_names=", ".join(_COLUMN_NAMES)
                )
                raise CaseError(f"{place}/line 1", said("{short} is not a column", short=_short(cell)), hint)
        missing = [name for name in _NEEDED if name not in header]
        if missing or len(set(header)) < len(header):
            what = (
                said("the header lacks {missing}", missing=", ".join(missing))
                if missing
                else said("a column is named twice")
            )
            raise CaseError(f"{place}/line 1", what)
        rows: list[Row] = []
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            at = f"{place}/line {lines.line_num}"
            _few(len(rows) + 1, place)
            if len(cells) != len(header):
                raise CaseError(
                    at, said("{cells} values under {header} columns", cells=len(cells), header=len(header))
                )
            row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            time = read_time(row["time"], at, zone) if "time" in row else None
            values = tuple(_cell(row.get(name, "0"), at, name) for name in COLUMNS)
            rows.append((time, _possible(values, at)))
    except csv.Error as error:
        raise CaseError(f"{place}/line {lines.line_num}", str(error)) from None
    return rows


def _cell(text: str, place: str, name: str) -> float:
    try:
        if "_" in text:
            raise ValueError
        value = float(text)
    except ValueError:
        raise CaseError(
            place, said("expected a number for the {name}, found {short}", name=name, short=_short(text))
        ) from None
    return _number(value, place, f"the {name}")


def _number(value: Any, place: str, what: str) -> float:
    if not _is_number(value) or not math.isfinite(value):
        raise CaseError(
            place, said("expected a number for {what}, found {short}", what=what, short=_short(value))
        )
    return float(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return not isinstance(value, int) or abs(value) < 10**300


def _possible(values: tuple[float, ...], place: str) -> tuple[float, ...]:
    """The values of one bar, unless no bar can have them."""
    open_, high, low, close, volume = values
    if high < max(open_, close, low):
        raise CaseError(place, said("the high {high} lies below the open, low or close", high=f"{high:g}"))
    if low > min(open_, close):
        raise CaseError(place, said("the low {low} lies above the open or close", low=f"{low:g}"))
    if volume < 0:
        raise CaseError(place, said("the volume {volume} is below 0", volume=f"{volume:g}"))
    return values


def _times(rows: list[Row], place: str, start: str | None, zone: ZoneInfo, length: int) -> np.ndarray:
    """int64[n] opening times: those given, else one timeframe after the other."""
    given = [time for time, _ in rows if time is not None]
    if given and len(given) < len(rows):
        at = next(i for i, (time, _) in enumerate(rows) if (time is None) == (rows[0][0] is not None))
        raise CaseError(f"{place}/{at}", said("some bars have a time and some have none"))
    if given:
        if start is not None:
            raise CaseError(
                place.rpartition("/")[0] + "/start", said("the bars have times of their own, leave out start")
            )
        if max(given) > LAST_TIME:
            raise CaseError(place, said("the bars run beyond the year 9998"))
        times = np.array(given, np.int64)
        wrong = np.flatnonzero(times[1:] <= times[:-1])
        if wrong.size:
            at = int(wrong[0]) + 1
            raise CaseError(f"{place}/{at}", said("this bar does not open later than the bar before it"))
        return times
    at_start = place.rpartition("/")[0] + "/start"
    first = read_time(start or FIRST_DAY.isoformat(), at_start, zone)
    if first + len(rows) * length > LAST_TIME:
        raise CaseError(at_start, said("the bars run beyond the year 9998"))
    return first + np.arange(len(rows), dtype=np.int64) * length


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
