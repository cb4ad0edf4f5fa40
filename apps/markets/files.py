"""Bars from a CSV or Parquet file, checked cell by cell. Needs no database.

What is refused, what is mended and what is only reported is written down in docs/markets.md:
unreadable cells and impossible bars are refused with their line; exact duplicates are dropped and counted;
two different bars of one time are refused; rows out of order are sorted and counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import polars as pl
from django.utils.translation import gettext, gettext_noop

from apps.core.manner import written
from apps.engine.bars import Bars
from apps.markets.errors import BadCell, BarsFileError, UnknownTimezone
from apps.markets.readers.columns import NUMBERS, PRICES, Columns, require_columns
from apps.markets.readers.table import TextTable, read_text_table, strip_cells
from apps.markets.readers.times import HINT_TIME, Times, read_times
from apps.markets.timeframes import DAY_MS, HOUR_MS, format_timeframe, parse_timeframe

MAX_PROBLEMS = 20

# Adjusted prices are products, and a vendor's close may pass his high in the sixteenth digit.
_ROUNDING = 1e-9

_Floats = npt.NDArray[np.float64]
_Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class ReadReport:
    """What reading a file found out and what it mended."""

    kind: str = "csv"
    columns: dict[str, str] = field(default_factory=dict)
    ignored_columns: list[str] = field(default_factory=list)
    time_form: str = ""
    separator: str | None = None
    rows: int = 0
    blank_rows: int = 0
    duplicates_dropped: int = 0
    out_of_order: int = 0
    has_volume: bool = True
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BarsFile:
    bars: Bars
    report: ReadReport


def read_bars(
    source: str | Path | BinaryIO, *, timeframe: str | None = None, timezone: str = "UTC", symbol: str = ""
) -> Bars:
    """The bars of a CSV or Parquet file, in order of time.

    `timeframe` is the commonest spacing unless given; `timezone` is the zone of times that name none.
    Raises `BarsFileError` (line, column, hint), `UnknownTimeframe`, `UnknownTimezone`; `OSError` when the
    file cannot be opened.
    """
    return read_bars_file(source, timeframe=timeframe, timezone=timezone, symbol=symbol).bars


def read_bars_file(
    source: str | Path | BinaryIO, *, timeframe: str | None = None, timezone: str = "UTC", symbol: str = ""
) -> BarsFile:
    """As `read_bars`, with the report of what was found and mended."""
    timeframe_ms = parse_timeframe(timeframe) if timeframe else None
    _check_timezone(timezone)
    data = Path(source).read_bytes() if isinstance(source, str | Path) else source.read()
    if data[:4] == b"PAR1":
        rows = _parquet_rows(data, timezone)
    else:
        rows = _text_rows(read_text_table(data), timezone)
    rows.refuse_problems()
    return _assemble(rows, timeframe_ms, timezone, symbol)


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimezone(name) from error


@dataclass(slots=True)
class _Rows:
    """Columns as read, before order and duplicates are looked at. `place` names lines for an error."""

    time: npt.NDArray[np.int64]
    numbers: dict[str, _Floats]
    problems: list[tuple[int, str | None, str, str | None]]  # row, column, message, hint
    place: Callable[[list[int]], dict[int, int]]
    unit: str  # "line" or "row"
    report: ReadReport

    def error(self, problems: list[tuple[int, str | None, str, str | None]]) -> BarsFileError:
        lines = self.place([row for row, *_ in problems])
        cells = [
            BadCell(lines.get(row), column, f"{self.named(lines.get(row))}: {message}", hint)
            for row, column, message, hint in problems
        ]
        first = cells[0]
        return BarsFileError(
            first.message, line=first.line, column=first.column, hint=first.hint, problems=cells
        )

    def named(self, number: int | None) -> str:
        """A place of the file: line 3, or row 3."""
        words = gettext("Line {number}") if self.unit == "line" else gettext("Row {number}")
        return words.format(number=number)

    def refuse_problems(self) -> None:
        if self.problems:
            raise self.error(sorted(self.problems, key=lambda problem: problem[0])[:MAX_PROBLEMS])


def _text_rows(table: TextTable, timezone: str) -> _Rows:
    rows = _convert(table.frame, table.columns, timezone, table.lines_of, "line")
    if rows.problems:
        # Spaces around cells and rows of spaces are rare: only a file with something wrong pays for them.
        table = strip_cells(table)
        rows = _convert(table.frame, table.columns, timezone, table.lines_of, "line")
    rows.report.separator = table.separator_name
    rows.report.blank_rows = table.blank_rows
    return rows


def _parquet_rows(data: bytes, timezone: str) -> _Rows:
    try:
        frame = pl.read_parquet(data)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BarsFileError(gettext("The Parquet file is damaged or cut short.")) from error
    columns = require_columns(frame.columns, line=None)
    if frame.is_empty():
        raise BarsFileError(
            gettext("The file has columns and no bars."), hint=gettext("Add at least one row.")
        )
    frame.columns = [f"c{at}" for at in range(frame.width)]
    rows = _convert(frame, columns, timezone, lambda wanted: {row: row + 1 for row in wanted}, "row")
    rows.report.kind = "parquet"
    return rows


def _convert(
    frame: pl.DataFrame,
    columns: Columns,
    timezone: str,
    place: Callable[[list[int]], dict[int, int]],
    unit: str,
) -> _Rows:
    problems: list[tuple[int, str | None, str, str | None]] = []
    time_text = frame.to_series(columns.time)
    clock = frame.to_series(columns.clock) if columns.clock is not None else None
    times = read_times(time_text, timezone, clock=clock)
    problems += _time_problems(times, time_text, columns.label("time"), timezone)
    numbers = {}
    for role in NUMBERS:
        if role in columns.numbers:
            numbers[role], found = _read_numbers(
                frame.to_series(columns.numbers[role]), columns.label(role), role
            )
            problems += found
        else:
            numbers[role] = np.zeros(len(frame))
    if not problems:
        problems += _impossible(numbers, columns)
    roles = ["time", *(role for role in NUMBERS if role in columns.numbers)]
    report = ReadReport(
        columns={role: columns.label(role) for role in roles},
        ignored_columns=columns.ignored,
        time_form=times.form,
        rows=len(frame),
        has_volume=columns.has_volume,
    )
    if not columns.has_volume:
        report.notes.append(gettext_noop("The file has no volume; it counts as 0."))
    return _Rows(times.ms, numbers, problems, place, unit, report)


def _time_problems(
    times: Times, column: pl.Series, label: str, timezone: str
) -> list[tuple[int, str | None, str, str | None]]:
    problems: list[tuple[int, str | None, str, str | None]] = []
    for row in np.flatnonzero(times.bad)[:MAX_PROBLEMS].tolist():
        value = column[row]
        if value is None or str(value).strip() == "":
            problems.append((row, label, f"the time in column “{label}” is empty.", HINT_TIME))
        elif times.absent is not None and times.absent[row]:
            hint = gettext("Is it the zone of the file? Times in UTC need no zone.")
            problems.append(
                (
                    row,
                    label,
                    gettext("“{value}” does not exist in {timezone}: the clocks went forward.").format(
                        value=value, timezone=timezone
                    ),
                    hint,
                )
            )
        else:
            problems.append(
                (
                    row,
                    label,
                    gettext("“{value}” in column “{label}” is not a time.").format(
                        value=_short(value), label=label
                    ),
                    times.hint,
                )
            )
    return problems


def _read_numbers(
    column: pl.Series, label: str, role: str
) -> tuple[_Floats, list[tuple[int, str | None, str, str | None]]]:
    """float64[n] and what is wrong with it: not a number, not finite, a price that is not above 0."""
    read = column.cast(pl.Float64, strict=False) if column.dtype != pl.Float64 else column
    values = read.fill_null(np.nan).to_numpy()
    allowed = np.isfinite(values) & ((values >= 0) if role == "volume" else (values > 0))
    problems: list[tuple[int, str | None, str, str | None]] = []
    if allowed.all():
        return np.ascontiguousarray(values), problems
    for row in np.flatnonzero(~allowed)[:MAX_PROBLEMS].tolist():
        raw = column[row]
        text = "" if raw is None else str(raw).strip()
        hint = None
        if not text:
            message = gettext("column “{label}” is empty.").format(label=label)
        elif read[row] is None:
            message = gettext("“{text}” in column “{label}” is not a number.").format(
                text=_short(text), label=label
            )
            if "," in text:
                hint = gettext("Write a decimal point and no thousands separator: 1234.5.")
        elif not np.isfinite(values[row]):
            message = gettext("“{text}” in column “{label}” is not a finite number.").format(
                text=_short(text), label=label
            )
        elif role == "volume":
            message = gettext("the volume {text} is negative.").format(text=_short(text))
        else:
            message = gettext("the price {text} in column “{label}” is not above 0.").format(
                text=_short(text), label=label
            )
        problems.append((row, label, message, hint))
    return np.ascontiguousarray(values), problems


def _impossible(
    numbers: dict[str, _Floats], columns: Columns
) -> list[tuple[int, str | None, str, str | None]]:
    """Bars whose high is not the highest or whose low is not the lowest price."""
    open_, high, low, close = (numbers[role] for role in PRICES)
    above, below = high * (1 + _ROUNDING), low * (1 - _ROUNDING)
    checks: list[tuple[str, _Mask, str]] = [
        ("high", above < low, gettext("the high {high} is below the low {low}.")),
        (
            "open",
            (open_ > above) | (open_ < below),
            gettext("the open {open} lies outside low {low} to high {high}."),
        ),
        (
            "close",
            (close > above) | (close < below),
            gettext("the close {close} lies outside low {low} to high {high}."),
        ),
    ]
    problems: list[tuple[int, str | None, str, str | None]] = []
    named: set[int] = set()
    for role, wrong, message in checks:
        for row in np.flatnonzero(wrong)[:MAX_PROBLEMS].tolist():
            if row not in named:
                named.add(row)
                prices = {name: f"{numbers[name][row]:.15g}" for name in PRICES}
                problems.append((row, columns.label(role), message.format(**prices), None))
    return problems


def _assemble(rows: _Rows, timeframe_ms: int | None, timezone: str, symbol: str) -> BarsFile:
    report = rows.report
    time, numbers = rows.time, rows.numbers
    steps = np.diff(time)
    if (steps <= 0).any():
        report.out_of_order = int(np.count_nonzero(steps < 0))
        order = np.argsort(time, kind="stable")
        time = time[order]
        numbers = {role: values[order] for role, values in numbers.items()}
        same = np.flatnonzero(np.diff(time) == 0)
        if same.size:
            _refuse_conflicts(rows, numbers, order, same)
            report.duplicates_dropped = int(same.size)
            keep = np.ones(len(time), dtype=bool)
            keep[same + 1] = False
            time = time[keep]
            numbers = {role: values[keep] for role, values in numbers.items()}
        steps = np.diff(time)
    if timezone != "UTC":
        # Local days have 23 or 25 hours when the clocks change; they are days all the same.
        whole = np.rint(steps / DAY_MS).astype(np.int64) * DAY_MS
        steps = np.where((whole > 0) & (np.abs(steps - whole) <= HOUR_MS), whole, steps)
    spacing = _spacing(steps, timeframe_ms, report)
    bars = Bars(
        time=np.ascontiguousarray(time, dtype=np.int64),
        **{role: np.ascontiguousarray(values, dtype=np.float64) for role, values in numbers.items()},
        timeframe_ms=spacing,
        timezone=timezone,
        symbol=symbol,
    )
    return BarsFile(bars, report)


def _refuse_conflicts(
    rows: _Rows, numbers: dict[str, _Floats], order: npt.NDArray[np.intp], same: npt.NDArray[np.intp]
) -> None:
    """Two bars of one time must be equal in every column; otherwise nobody can say which is right."""
    for role, values in numbers.items():
        differ = same[values[same] != values[same + 1]]
        if differ.size:
            one, two = int(order[differ[0]]), int(order[differ[0] + 1])
            lines = rows.place([one, two])
            label = rows.report.columns[role]
            raise BarsFileError(
                gettext(
                    "{place}: the same time as {other}, and another {label} ({values:.15g} instead of {values_2:.15g})."
                ).format(
                    place=rows.named(lines[two]),
                    other=rows.named(lines[one]).lower(),
                    label=label,
                    values=written(values[differ[0] + 1]),
                    values_2=written(values[differ[0]]),
                ),
                line=lines[two],
                column=label,
                hint=gettext("Keep the right one of the two. Is a time zone or a second symbol mixed in?"),
            )


def _spacing(steps: npt.NDArray[np.int64], timeframe_ms: int | None, report: ReadReport) -> int:
    """The timeframe in milliseconds: what was asked for, else the commonest step, the smaller of equals."""
    if steps.size == 0:
        if timeframe_ms is None:
            report.notes.append(gettext_noop("One bar has no spacing; it is taken as a daily bar."))
        return timeframe_ms or DAY_MS
    if (steps == steps[0]).all():
        commonest = int(steps[0])
    else:
        sizes, counts = np.unique(steps, return_counts=True)
        commonest = int(sizes[np.argmax(counts)])
    if timeframe_ms is None:
        return commonest
    if format_timeframe(commonest) == format_timeframe(timeframe_ms):
        return timeframe_ms  # calendar months and years have no one length
    if commonest < timeframe_ms:
        raise BarsFileError(
            gettext("The bars are {commonest} apart, and the timeframe given is {timeframe_ms}.").format(
                commonest=format_timeframe(commonest), timeframe_ms=format_timeframe(timeframe_ms)
            ),
            hint=gettext("Leave the timeframe out, or give the file of that timeframe."),
        )
    return timeframe_ms


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
