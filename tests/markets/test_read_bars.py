"""Reading files of bars: what is understood, what is mended, and what is refused with its line."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from apps.markets.errors import BarsFileError, UnknownTimeframe, UnknownTimezone
from apps.markets.files import BarsFile, read_bars, read_bars_file

HEADER = "time,open,high,low,close,volume\n"
JAN_1 = 1_577_836_800_000  # 2020-01-01T00:00:00Z, by `date -u -d 2020-01-01 +%s`
HOUR = 3_600_000
DAY = 24 * HOUR


def read(text: str | bytes, **options: str) -> BarsFile:
    data = text.encode() if isinstance(text, str) else text
    return read_bars_file(io.BytesIO(data), **options)


def refused(text: str | bytes, **options: str) -> BarsFileError:
    with pytest.raises(BarsFileError) as caught:
        read(text, **options)
    return caught.value


def times_of(*spellings: str, **options: str) -> list[int]:
    rows = "".join(f"{spelling},1,2,1,2,{at}\n" for at, spelling in enumerate(spellings))
    return read(HEADER + rows, **options).bars.time.tolist()


def test_columns_come_in_the_engine_s_types():
    bars = read(HEADER + "2020-01-01,1,2.5,0.5,2,10\n2020-01-02,2,3,1,2.25,11\n", symbol="X").bars
    assert bars.time.dtype == np.int64
    assert bars.time.tolist() == [JAN_1, JAN_1 + DAY]
    assert bars.high.dtype == np.float64
    assert bars.high.tolist() == [2.5, 3.0]
    assert bars.close.tolist() == [2.0, 2.25]
    assert (bars.timeframe_ms, bars.timezone, bars.symbol) == (DAY, "UTC", "X")


@pytest.mark.parametrize(
    "spellings",
    [
        ("2020-01-01", "2020-01-02"),
        ("2020.01.01", "2020.01.02"),
        ("2020/01/01", "2020/01/02"),
        ("20200101", "20200102"),
        ("2020-01-01 00:00", "2020-01-02 00:00"),
        ("2020-01-01T00:00:00", "2020-01-02T00:00:00"),
        ("2020-01-01T00:00:00.000", "2020-01-02T00:00:00.000"),
        ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"),
        ("2020-01-01 00:00:00.000Z", "2020-01-02 00:00:00.000Z"),
        ("2020-01-01 00:00:00 UTC", "2020-01-02 00:00:00 UTC"),
        ("2020-01-01T01:00:00+01:00", "2020-01-01T19:00:00-05:00"),
        ("1577836800", "1577923200"),
        ("1577836800.0", "1577923200.0"),
        ("1577836800000", "1577923200000"),
        ("1577836800000000", "1577923200000000"),
        ("1577836800000000000", "1577923200000000000"),
    ],
)
def test_spellings_of_time(spellings: tuple[str, str]):
    assert times_of(*spellings) == [JAN_1, JAN_1 + DAY]


def test_fractions_of_a_second_survive():
    assert times_of("2020-01-01T00:00:00.250Z", "2020-01-01T00:00:00.500Z") == [JAN_1 + 250, JAN_1 + 500]


def test_milliseconds_around_1970_are_one_unit():
    years = [at * 365 * DAY for at in range(-2, 6)]  # the last is past 1e11 ms, those around 0 are far below
    assert times_of(*map(str, years)) == years


@pytest.mark.parametrize(
    ("spellings", "line", "hint"),
    [
        (("01/02/2020",), 2, "Day and month"),
        (("2020-01-01", "yesterday"), 3, "ISO 8601"),
        (("2020-01-01", "2020-02-30"), 3, "ISO 8601"),
        (("2020-01-01 00:00:00", "2020-01-01 01:00:00Z"), 3, "no zone"),
        (("2020-01-01 00:00:00Z", "2020-01-01 01:00:00"), 3, "name their zone"),
        (("1577836800000", "1577836860"), 3, "epoch milliseconds"),
        (("99999999999999999999999999",), 2, ""),
        (("1e300",), 2, ""),
        (("1577836800000000000", "nan"), 3, ""),
    ],
)
def test_times_that_cannot_be_read(spellings: tuple[str, ...], line: int, hint: str):
    error = refused(HEADER + "".join(f"{text},1,2,1,2,{at}\n" for at, text in enumerate(spellings)))
    assert (error.line, error.column) == (line, "time")
    assert spellings[-1][:20] in error.message
    assert hint in (error.hint or "")


class TestClockChanges:
    """Europe/Berlin 2020: forward on 29 March 01:00 UTC, back on 25 October 01:00 UTC."""

    def test_local_times_become_utc(self):
        assert times_of("2020-01-01 01:00", "2020-01-01 02:00", timezone="Europe/Berlin") == [
            JAN_1,
            JAN_1 + HOUR,
        ]

    def test_the_repeated_hour_is_read_twice(self):
        clock = ("2020-10-25 01:00", "2020-10-25 02:00", "2020-10-25 02:00", "2020-10-25 03:00")
        first = 1_603_580_400_000  # 2020-10-24T23:00:00Z
        assert times_of(*clock, timezone="Europe/Berlin") == [first + at * HOUR for at in range(4)]

    def test_an_hour_that_does_not_exist_is_refused(self):
        error = refused(HEADER + "2020-03-29 02:30,1,2,1,2,3\n", timezone="Europe/Berlin")
        assert error.line == 2
        assert "does not exist in Europe/Berlin" in error.message

    def test_days_of_23_and_25_hours_are_daily(self):
        days = pl.date_range(pl.date(2020, 3, 20), pl.date(2020, 11, 10), eager=True).dt.to_string().to_list()
        bars = read(HEADER + "".join(f"{day},1,2,1,2,3\n" for day in days), timezone="Europe/Berlin").bars
        assert bars.timeframe_ms == DAY
        assert set(np.diff(bars.time).tolist()) == {DAY, DAY - HOUR, DAY + HOUR}

    def test_a_midnight_left_out_starts_when_the_day_starts(self):
        # São Paulo's clocks went from 2018-11-04 00:00 to 01:00, which is 03:00 UTC.
        times = times_of(
            "2018-11-03", "2018-11-04", "2018-11-05", timezone="America/Sao_Paulo", timeframe="1d"
        )
        assert times == [1_541_214_000_000, 1_541_300_400_000, 1_541_383_200_000]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEADER + "2020-01-01,1,2,1,2,3\n2020-01-02,1,2,1,2,3\n",
        "Date;Open;HIGH;Low;Close;Vol\r\n2020-01-01;1;2;1;2;3\r\n2020-01-02;1;2;1;2;3\r\n",
        '"Time"\t"O"\t"H"\t"L"\t"C"\t"V"\n"2020-01-01"\t"1"\t"2"\t"1"\t"2"\t"3"\n"2020-01-02"\t1\t2\t1\t2\t3',
        "timestamp|open|high|low|close|volume\n2020-01-01|1|2|1|2|3\n2020-01-02|1|2|1|2|3\n",
        HEADER + "\n" * 5000 + "2020-01-01,1,2,1,2,3\n" + "\n" * 5000 + "2020-01-02,1,2,1,2,3\n   \n,,,,,\n",
        HEADER + " 2020-01-01 , 1, 2 ,1,2,3\n2020-01-02,1,2,1,2,3\n",
        HEADER.replace("\n", "\r") + "2020-01-01,1,2,1,2,3\r2020-01-02,1,2,1,2,3\r",
        HEADER + "2020-01-01,1,2,1,2,3,\n2020-01-02,1,2,1,2,3,\n",
        "low,note,close,volume,time,high,open\n1,a,2,3,2020-01-01,2,1\n1,b,2,3,2020-01-02,2,1\n",
        "# from somewhere\nhttps://example.org\n" + HEADER + "2020-01-01,1,2,1,2,3\n2020-01-02,1,2,1,2,3\n",
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\n"
        "2020.01.01\t00:00:00\t1\t2\t1\t2\t3\n2020.01.02\t00:00:00\t1\t2\t1\t2\t3\n",
        "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
        "1577836800,2020-01-01,X,1,2,1,2,3,9\n1577923200,2020-01-02,X,1,2,1,2,3,9\n",
    ],
    ids=["bom", "semicolon-crlf", "tab-quoted", "bar", "blank-lines", "spaces", "cr", "trailing-separator", "any-order",
         "preamble", "metatrader", "two-times-two-volumes"],
)  # fmt: skip
def test_dialects(text: str):
    bars = read(text).bars
    assert bars.time.tolist() == [JAN_1, JAN_1 + DAY]
    assert bars.open.tolist() == [1, 1]
    assert bars.high.tolist() == [2, 2]
    assert bars.low.tolist() == [1, 1]
    assert bars.close.tolist() == [2, 2]
    assert bars.volume.tolist() == [3, 3]


def test_text_that_is_not_utf_8_in_a_column_nobody_needs():
    data = (HEADER.replace("\n", ",note\n") + "2020-01-01,1,2,1,2,3,caf\xe9\n").encode("latin-1")
    assert len(read(data).bars) == 1


def test_volume_may_be_missing_and_is_noted():
    result = read("date,open,high,low,close\n2020-01-01,1,2,1,2\n2020-01-02,1,2,1,2\n")
    assert result.bars.volume.tolist() == [0, 0]
    assert not result.report.has_volume
    assert "volume" in result.report.notes[0]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("2020-01-02,1,abc,1,2,3", "high", "“abc” in column “high” is not a number"),
        ("2020-01-02,1,,1,2,3", "high", "“high” is empty"),
        ("2020-01-02,1,2,1,2", "volume", "“volume” is empty"),
        (",1,2,1,2,3", "time", "is empty"),
        ("2020-01-02,nan,2,1,2,3", "open", "not a finite number"),
        ("2020-01-02,1,inf,1,2,3", "high", "not a finite number"),
        ("2020-01-02,-1,2,1,2,3", "open", "not above 0"),
        ("2020-01-02,1,2,0,2,3", "low", "not above 0"),
        ("2020-01-02,1,2,1,2,-3", "volume", "negative"),
        ("2020-01-02,1.5,1,2,1.5,3", "high", "the high 1 is below the low 2"),
        ("2020-01-02,3,2,1,2,3", "open", "the open 3 lies outside low 1 to high 2"),
        ("2020-01-02,1,2,1,9,3", "close", "the close 9 lies outside low 1 to high 2"),
        ('2020-01-02,"1,500.5",2000,1,2,3', "open", "“1,500.5”"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(row: str, column: str, words: str):
    error = refused(f"{HEADER}2020-01-01,1,2,1,2,3\n\n{row}\n")
    assert (error.line, error.column) == (4, column)
    assert error.message.startswith("Line 4: ")
    assert words in error.message


def test_the_line_counts_breaks_inside_quotes():
    text = HEADER.replace("\n", ",note\n") + '2020-01-01,1,2,1,2,3,"two\nlines"\n2020-01-02,x,2,1,2,3,\n'
    assert refused(text).line == 4


def test_all_problems_are_listed_up_to_a_limit():
    rows = "".join(f"2020-01-{day:02},x,2,1,2,3\n" for day in range(1, 31))
    error = refused(HEADER + rows)
    assert [problem.line for problem in error.problems] == list(range(2, 22))
    assert error.extra["problems"][0]["column"] == "open"


def test_a_row_with_too_many_cells_names_its_line():
    error = refused(HEADER + "2020-01-01,1,2,1,2,3\n2020-01-02,1,234,2,1,2,3\n")
    assert error.line == 3
    assert "7 cells" in error.message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n \r\n\n", "empty"),
        ("\u00a0\n\u2003".encode(), "empty"),
        (HEADER.encode(), "no bars"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04rest", "zip"),
        ((HEADER + "2020-01-01,1,2,1,2,3\n").encode("utf-16"), "UTF-16"),
        (b"\x00\x01\x02", "not a text file"),
        (b"PAR1 but no more", "Parquet"),
        (b"time,open,open,high,low,close\n1,1,1,1,1,1\n", "Two columns are called “open”"),
    ],
)
def test_files_that_are_something_else(data: bytes, words: str):
    assert words in refused(data).message


def test_missing_columns_say_which_and_what_was_found():
    error = refused("when,open,high,close\n2020-01-01,1,2,2\n")
    assert "time and low" in error.message
    assert "“when”" in error.message
    assert error.line == 1


def test_a_file_without_header_is_told_so():
    assert "first line" in (refused("1577836800,1,2,1,2,3\n1577836860,1,2,1,2,3\n").hint or "")


def test_disorder_is_sorted_and_repeats_are_dropped_and_both_counted():
    result = read(
        HEADER + "2020-01-03,1,2,1,2,5\n2020-01-01,1,2,1,2,3\n2020-01-02,1,2,1,2,4\n2020-01-02,1,2,1,2,4\n"
    )
    assert result.bars.volume.tolist() == [3, 4, 5]
    assert (result.report.out_of_order, result.report.duplicates_dropped) == (1, 1)


def test_two_bars_of_one_time_that_differ_are_refused_with_both_lines():
    error = refused(HEADER + "2020-01-01,1,2,1,2,3\n2020-01-02,1,2,1,2,3\n2020-01-01,1,2,1,1.5,3\n")
    assert (error.line, error.column) == (4, "close")
    assert "line 2" in error.message


def test_the_timeframe_is_the_commonest_spacing():
    rows = [0, 1, 2, 3, 10, 11]
    text = HEADER + "".join(f"{1_577_836_800 + at * 300},1,2,1,2,3\n" for at in rows)
    assert read(text).bars.timeframe_ms == 300_000


def test_a_timeframe_given_must_fit():
    two_hours_of_minutes = HEADER + "".join(f"{1_577_836_800 + at * 60},1,2,1,2,3\n" for at in range(120))
    assert "1m apart" in refused(two_hours_of_minutes, timeframe="1h").message
    # Minute bars of a market that rarely trades lie further apart than a minute.
    sparse = HEADER + "".join(f"{1_577_836_800 + at * 120},1,2,1,2,3\n" for at in range(20))
    assert read(sparse, timeframe="1m").bars.timeframe_ms == 60_000


def test_one_bar_is_enough():
    assert read(HEADER + "2020-01-01,1,2,1,2,3\n").bars.timeframe_ms == DAY
    assert read(HEADER + "2020-01-01,1,2,1,2,3\n", timeframe="1h").bars.timeframe_ms == HOUR


def test_unknown_options_are_named():
    with pytest.raises(UnknownTimezone, match="Mars/Base"):
        read(HEADER + "2020-01-01,1,2,1,2,3\n", timezone="Mars/Base")
    with pytest.raises(UnknownTimeframe, match="soon"):
        read(HEADER + "2020-01-01,1,2,1,2,3\n", timeframe="soon")


@pytest.mark.parametrize("kind", ["datetime", "zoned", "date", "ms", "seconds"])
def test_parquet_reads_as_the_same_bars(kind: str, tmp_path: Path):
    days = pl.datetime_range(pl.datetime(2020, 1, 1), pl.datetime(2020, 1, 3), "1d", eager=True)
    time = {
        "datetime": days,
        "zoned": days.dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo"),
        "date": days.dt.date(),
        "ms": days.dt.epoch("ms"),
        "seconds": days.dt.epoch("s"),
    }[kind]
    frame = pl.DataFrame(
        {
            "Date": time,
            "Open": [1.0] * 3,
            "High": [2.0] * 3,
            "Low": [1.0] * 3,
            "Close": [2.0] * 3,
            "Volume": [3] * 3,
        }
    )
    frame.write_parquet(tmp_path / "bars.parquet")
    csv = HEADER + "".join(f"2020-01-0{day},1,2,1,2,3\n" for day in (1, 2, 3))
    assert read_bars(tmp_path / "bars.parquet").content_hash() == read(csv).bars.content_hash()


def test_parquet_is_checked_like_text():
    buffer = io.BytesIO()
    pl.DataFrame(
        {"time": [0, 60_000], "open": [1.0, None], "high": [2.0, 2.0], "low": [1.0, 1.0], "close": [2.0, 2.0]}
    ).write_parquet(buffer)
    error = refused(buffer.getvalue())
    assert (error.line, error.column) == (2, "open")
    assert error.message.startswith("Row 2: ")


def test_the_fast_and_the_patient_reader_agree():
    """An open quote or a ragged line sends the whole file to Python's csv reader."""
    random = np.random.default_rng(3)
    close = np.round(random.uniform(10, 20, 500), 4)
    lines = [
        f"{1_577_836_800 + at * 60},{value},{value + 1},{value - 1},{value},{at}"
        for at, value in enumerate(close)
    ]
    plain = read(HEADER + "\n".join(lines)).bars
    ragged = read(HEADER + "\n".join([*lines[:-1], lines[-1] + ","])).bars
    assert plain.content_hash() == ragged.content_hash()
