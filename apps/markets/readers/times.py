"""Times of any usual spelling, as epoch milliseconds UTC.

Read are: ISO 8601 with or without a zone, dates alone, `2020.01.02` and `2020/01/02`, `20200102`, and epoch
seconds, milliseconds, microseconds or nanoseconds (told apart by their size: see `EPOCH_UNITS`). One file
keeps one unit. Times without a zone are local times of the zone given. `01/02/2020` is refused: nobody can
know which is the month.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.markets.errors import BarsFileError

# Below the bound (absolute value), numbers are of this unit. 1e11 s is the year 5138, 1e11 ms is March 1973.
EPOCH_UNITS: tuple[tuple[str, float, float], ...] = (
    ("s", 1e11, 1e3),
    ("ms", 1e14, 1.0),
    ("us", 1e17, 1e-3),
    ("ns", float("inf"), 1e-6),
)
_UNIT_WORDS = {
    "s": "epoch seconds",
    "ms": "epoch milliseconds",
    "us": "epoch microseconds",
    "ns": "epoch nanoseconds",
}

_YEAR_9999_MS = 253_402_300_799_999
_TEN_YEARS_MS = 10 * 365 * 86_400_000

_DATES = ("%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d")
_CLOCKS = ("%H:%M:%S%.f", "%H:%M")
_COMPACT_DATE = re.compile(r"(19|20|21)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE]\+?\d+)?")
_SLASHED = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}")

HINT_TIME = gettext_lazy(
    "Write ISO 8601, such as 2024-01-31 or 2024-01-31T16:00:00Z, or epoch seconds or milliseconds."
)
_HINT_ORDER = gettext_lazy("Day and month cannot be told apart. Write year-month-day: 2024-01-31.")


@dataclass(frozen=True, slots=True)
class Times:
    """`ms` int64[n]; `bad` bool[n] marks rows that could not be read; `form` says what was found, in words."""

    ms: npt.NDArray[np.int64]
    bad: npt.NDArray[np.bool_]
    form: str
    hint: str = HINT_TIME
    absent: npt.NDArray[np.bool_] | None = None  # local times that the zone's clock change left out


def read_times(column: pl.Series, zone: str, *, clock: pl.Series | None = None) -> Times:
    """Epoch milliseconds of a column of text, of numbers or of Polars dates.

    `clock` holds the time of day where the file keeps it apart from the date.
    """
    if column.dtype == pl.String:
        if clock is not None:
            if clock.dtype != pl.String:
                raise BarsFileError(
                    gettext("The time of day is not text."), column=clock.name, hint=HINT_TIME
                )
            column = pl.select(pl.concat_str([column, clock], separator=" ")).to_series()
        return _from_text(column, zone)
    if column.dtype.is_numeric():
        return _from_numbers(column.cast(pl.Float64) if column.dtype.is_float() else column.cast(pl.Int64))
    if column.dtype == pl.Date:
        return _localise(column.cast(pl.Datetime("us")), zone, "dates", dates_only=True)
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is not None:
            return Times(_to_ms(column), column.is_null().to_numpy(), "times with a zone")
        return _localise(column.cast(pl.Datetime("us")), zone, "local times")
    raise BarsFileError(
        gettext("The time column holds {dtype}.").format(dtype=column.dtype),
        column=column.name,
        hint=HINT_TIME,
    )


def _to_ms(column: pl.Series) -> npt.NDArray[np.int64]:
    return column.dt.epoch("ms").fill_null(0).to_numpy()


def _from_numbers(column: pl.Series) -> Times:
    values = column.cast(pl.Float64)
    finite = values.is_finite().fill_null(False).to_numpy()
    size = np.where(finite, np.abs(values.fill_null(0.0).to_numpy()), 0.0)
    largest = float(size.max(initial=0.0))
    unit, _, factor = next(entry for entry in EPOCH_UNITS if largest < entry[1])
    if column.dtype == pl.Int64:
        whole = column.fill_null(0).to_numpy()
        # Integers stay integers: nanoseconds do not fit a float64.
        ms = whole * int(factor) if factor >= 1 else whole // round(1 / factor)
    else:
        scaled = np.where(finite, values.fill_null(0.0).fill_nan(0.0).to_numpy(), 0.0) * factor
        ms = np.rint(np.clip(scaled, -_YEAR_9999_MS - 1, _YEAR_9999_MS + 1)).astype(np.int64)
    bad = ~finite | (np.abs(ms) > _YEAR_9999_MS) | _changes_of_unit(ms, size, unit)
    return Times(
        ms,
        bad,
        _UNIT_WORDS[unit],
        hint=gettext("The other times are {unit_words}.").format(unit_words=_UNIT_WORDS[unit]),
    )


def _changes_of_unit(
    ms: npt.NDArray[np.int64], size: npt.NDArray[np.float64], unit: str
) -> npt.NDArray[np.bool_]:
    """Rows at which the file leaps by decades because one side is written in a larger unit.

    Small numbers alone prove nothing: milliseconds around 1970 are small, and their neighbours are near.
    """
    changed = np.zeros(len(ms), dtype=bool)
    if unit != "s" and len(ms) > 1:
        below = [bound for _, bound, _ in EPOCH_UNITS[:-1] if bound <= size.max()][-1]
        small = size < below
        changed[1:] = (np.abs(np.diff(ms)) > _TEN_YEARS_MS) & (small[1:] | small[:-1])
    return changed


def _from_text(column: pl.Series, zone: str) -> Times:
    sample = column.drop_nulls().head(1).to_list()
    first = sample[0].strip() if sample else ""
    if _COMPACT_DATE.fullmatch(first):
        return _localise(_parse(column, "%Y%m%d", date=True), zone, "dates", dates_only=True)
    if _NUMBER.fullmatch(first):
        whole = column.cast(pl.Int64, strict=False)
        if whole.null_count() == column.null_count():
            return _from_numbers(whole)
        return _from_numbers(column.cast(pl.Float64, strict=False))
    if _SLASHED.match(first):
        bad = np.ones(len(column), dtype=bool)
        return Times(np.zeros(len(column), dtype=np.int64), bad, "unknown", hint=_HINT_ORDER)
    return _from_iso(column, first, zone)


def _parse(column: pl.Series, form: str, *, date: bool = False) -> pl.Series:
    if date:
        return column.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    parsed = column.str.to_datetime(form, strict=False, time_unit="us")
    return parsed.dt.replace_time_zone(None) if "%#z" in form else parsed


def _from_iso(column: pl.Series, first: str, zone: str) -> Times:
    """Try the spelling of the first row on all, then other spellings on what is left."""
    text = column
    if first.endswith((" UTC", " GMT")):
        text = column.str.replace(r" (UTC|GMT)$", "Z")
        first = first[:-4] + "Z"
    dates = sorted(_DATES, key=lambda form: form[2] not in first)
    marks = ("T", " ") if "T" in first else (" ", "T")
    local_forms = [(f"{day}{mark}{clock}", False) for day in dates for mark in marks for clock in _CLOCKS]
    day_forms = [(day, True) for day in dates]
    zoned_forms = [
        form
        for local, _ in local_forms
        for form in ((f"{local}Z", False), (f"{local}%#z", False), (f"{local} %#z", False))
    ]
    zoned_first = first.endswith("Z") or re.search(r":\d\d.*[+-]\d", first) is not None
    day_only = ":" not in first

    local = _parse_by_turns(text, day_forms + local_forms if day_only else local_forms + day_forms)
    if zoned_first or local.null_count() > text.null_count():
        absolute = _parse_by_turns(
            text.zip_with(local.is_null(), pl.repeat(None, len(text), dtype=pl.String, eager=True)),
            zoned_forms,
        )
    else:
        absolute = pl.repeat(None, len(text), dtype=pl.Datetime("us"), eager=True)

    if zoned_first:
        # A time without a zone among times with one would be a guess.
        bad = absolute.is_null().to_numpy()
        return Times(
            _to_ms(absolute), bad, "times with a zone", hint=gettext("The other times name their zone.")
        )
    times = _localise(local, zone, "dates" if day_only else "local times", dates_only=day_only)
    mixed = absolute.is_not_null().any()
    return Times(
        times.ms,
        times.bad,
        times.form,
        gettext("The other times have no zone.") if mixed else times.hint,
        times.absent,
    )


def _parse_by_turns(text: pl.Series, forms: list[tuple[str, bool]]) -> pl.Series:
    result: pl.Series | None = None
    for form, is_date in forms:
        if result is None:
            result = _parse(text, form, date=is_date)
        else:
            left = text.filter(result.is_null())
            if left.null_count() == len(left):
                break
            if _parse(left.drop_nulls().head(1), form, date=is_date).null_count():
                continue  # not the spelling of the next unread row: its turn may come later
            result = result.zip_with(result.is_not_null(), _parse(text, form, date=is_date))
    assert result is not None
    return result


def _localise(local: pl.Series, zone: str, form: str, *, dates_only: bool = False) -> Times:
    """Local wall-clock times to UTC, through the clock changes of the zone.

    In the hour that autumn repeats, the second row with the same local time is the later one. A time that
    spring leaves out does not exist and is marked bad; a *date* whose midnight is left out starts at the
    first moment that exists.
    """
    unread = local.is_null().to_numpy()
    if zone == "UTC":
        return Times(_to_ms(local), unread, form)
    early = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    absent = early.is_null().to_numpy() & ~unread
    if absent.any() and dates_only:
        moved = local.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        early = early.zip_with(pl.Series(~absent), moved)
        absent = early.is_null().to_numpy() & ~unread
    late = local.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
    repeated = (early != late).fill_null(False)
    ms = _to_ms(early)
    if repeated.any() and not dates_only:
        again = (pl.Series(local).is_first_distinct().not_() & repeated).to_numpy()
        ms = np.where(again, _to_ms(late), ms)
    return Times(
        ms,
        unread | absent,
        gettext("{form} of {zone}").format(form=form, zone=zone),
        absent=absent if absent.any() else None,
    )
