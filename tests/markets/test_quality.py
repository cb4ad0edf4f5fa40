"""The quality report on series whose faults are known because they were put there, and on real stocks."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from apps.engine.bars import Bars
from apps.markets.files import ReadReport
from apps.markets.providers.sample import sample_bars, synthetic_minutes
from apps.markets.quality import QualityReport, quality_report

MINUTE = 60_000
DAY = 86_400_000


def series(
    time: np.ndarray, timeframe_ms: int, *, close: np.ndarray | None = None, timezone: str = "UTC"
) -> Bars:
    """Calm bars: closes alternate by half a percent unless given."""
    if close is None:
        close = 100 + 0.25 * (np.arange(len(time)) % 3)
    opens = np.concatenate([[close[0]], close[:-1]])
    return Bars(
        time=time,
        open=opens,
        high=np.maximum(opens, close) + 0.1,
        low=np.minimum(opens, close) - 0.1,
        close=close,
        volume=np.full(len(time), 5.0),
        timeframe_ms=timeframe_ms,
        timezone=timezone,
    )


def weekdays(start: str, count: int) -> np.ndarray:
    days = np.arange(np.datetime64(start), np.datetime64(start) + count * 2)
    return days[np.is_busday(days)][:count].astype("datetime64[ms]").astype(np.int64)


def finding(report: QualityReport, code: str):
    return next(item for item in report.findings if item.code == code)


def test_weekends_are_no_gaps_in_daily_stock_bars():
    report = quality_report(series(weekdays("2020-01-01", 300), DAY))
    assert (report.calendar, report.gaps, report.verdict) == ("exchange", 0, "clean")


def test_a_missing_weekend_is_a_gap_round_the_clock():
    time = np.arange(70) * DAY + 1_577_836_800_000  # a Wednesday; 2020-02-01 is a Saturday
    report = quality_report(series(np.delete(time, [31, 32]), DAY))
    assert (report.calendar, report.gaps, report.missing_bars) == ("24x7", 1, 2)
    assert finding(report, "gaps").examples == [{"after": "2020-01-31", "before": "2020-02-03", "missing": 2}]


def test_one_weekday_is_a_holiday_and_a_week_is_a_gap():
    time = np.delete(weekdays("2020-01-01", 300), [40, 100, 101, 102, 103, 104])
    report = quality_report(series(time, DAY))
    assert (report.gaps, report.missing_bars) == (1, 5)
    assert finding(report, "holidays").count == 1
    assert report.coverage == pytest.approx(294 / 299)


def sessions(days: int) -> tuple[np.ndarray, np.ndarray]:
    """Five-minute bars of New York's 09:30 to 16:00, as UTC milliseconds and minute of the local day."""
    local = pl.DataFrame({"day": pl.Series(weekdays("2021-01-04", days)).cast(pl.Datetime("ms"))}).join(
        pl.DataFrame({"minute": range(570, 960, 5)}), how="cross"
    )
    zoned = local.select(
        (pl.col("day") + pl.duration(minutes="minute"))
        .dt.replace_time_zone("America/New_York")
        .dt.epoch("ms")
    )
    return zoned.to_series().to_numpy(), local["minute"].to_numpy()


@pytest.mark.parametrize("timezone", ["America/New_York", "UTC"])
def test_nights_and_clock_changes_are_no_gaps_within_sessions(timezone: str):
    time, _ = sessions(250)  # covers both clock changes of 2021
    report = quality_report(series(time, 5 * MINUTE, timezone=timezone))
    assert (report.calendar, report.gaps) == ("exchange", 0)


def test_bars_missing_within_a_session_are_counted():
    time, minute = sessions(60)
    at = int(np.flatnonzero(minute == 720)[30])  # noon of the 31st day
    report = quality_report(
        series(np.delete(time, range(at, at + 6)), 5 * MINUTE, timezone="America/New_York")
    )
    assert (report.gaps, report.missing_bars) == (1, 6)


def test_a_lunch_break_is_no_gap():
    time, minute = sessions(60)
    lunch = (minute >= 690) & (minute < 780)
    report = quality_report(series(time[~lunch], 5 * MINUTE, timezone="America/New_York"))
    assert report.gaps == 0


def test_an_early_close_counts_the_afternoon_as_missing():
    time, minute = sessions(60)
    day = np.arange(len(time)) // 78
    early = (day == 30) & (minute >= 780)  # 13:00 to 16:00: 36 bars
    report = quality_report(series(time[~early], 5 * MINUTE, timezone="America/New_York"))
    assert (report.gaps, report.missing_bars) == (1, 36)


def test_splits_bad_ticks_and_crashes_are_told_apart():
    close = 100 + 0.25 * (np.arange(300) % 3)
    close[100:] /= 2  # a 2:1 split
    close[200] *= 1.5  # one bar away and back
    time = weekdays("2020-01-01", 300)
    report = quality_report(series(time, DAY, close=close))
    # series() opens each bar at the close before; a split shows at the open.
    bars = series(time, DAY, close=close)
    opens = bars.open.copy()
    opens[100] = close[100]
    report = quality_report(
        Bars(
            bars.time,
            opens,
            np.maximum(bars.high, opens),
            np.minimum(opens, bars.low),
            bars.close,
            bars.volume,
            DAY,
        )
    )
    assert finding(report, "splits").examples[0]["ratio"] == "2:1"
    assert finding(report, "bad_ticks").count == 1
    assert report.outliers == 2
    assert report.verdict == "doubtful"


def test_idle_bars_are_counted():
    bars = series(weekdays("2020-01-01", 100), DAY)
    volume = bars.volume.copy()
    volume[[3, 4]] = 0
    report = quality_report(Bars(bars.time, bars.open, bars.high, bars.low, bars.close, volume, DAY))
    assert report.zero_volume == 2
    assert finding(report, "zero_volume").examples[0] == {"time": "2020-01-06"}
    flat = np.full(100, 10.0)
    assert quality_report(Bars(bars.time, flat, flat, flat, flat, bars.volume, DAY)).flat == 100


def test_impossible_bars_make_the_series_unusable():
    bars = series(weekdays("2020-01-01", 100), DAY)
    high = bars.high.copy()
    high[7] = 1.0
    report = quality_report(Bars(bars.time, bars.open, high, bars.low, bars.close, bars.volume, DAY))
    assert (report.impossible, report.verdict) == (1, "unusable")


def test_what_reading_mended_is_part_of_the_report():
    read = ReadReport(duplicates_dropped=3, out_of_order=2, notes=["No volume."], has_volume=False)
    report = quality_report(series(weekdays("2020-01-01", 100), DAY), read=read, single_stock=True)
    assert (report.duplicates, report.out_of_order) == (3, 2)
    assert report.notes[0] == "No volume."
    assert "survivorship" in report.notes[1]
    assert report.verdict == "usable"


def test_no_bars_are_unusable():
    empty = np.empty(0)
    report = quality_report(Bars(empty, empty, empty, empty, empty, empty, DAY))
    assert (report.bars, report.verdict) == (0, "unusable")


def test_real_stocks_show_the_closings_history_knows():
    """New York was shut 2001-09-11 to 14, 2007-01-01 and 02, and 2012-10-29 and 30."""
    report = quality_report(sample_bars("IBM"))
    gaps = {(item["after"], item["before"]) for item in finding(report, "gaps").examples}
    assert gaps == {("2001-09-10", "2001-09-17"), ("2006-12-29", "2007-01-03"), ("2012-10-26", "2012-10-31")}
    assert report.verdict == "usable"


def test_apple_s_profit_warning_is_a_crash_and_no_split():
    """On 2000-09-29 Apple fell 52 %; its splits of 2000 and 2005 are adjusted away in the sample."""
    report = quality_report(sample_bars("AAPL"))
    assert "splits" not in {item.code for item in report.findings}
    assert finding(report, "outliers").examples[0]["time"] == "2000-09-29"


def test_the_synthetic_series_is_clean_and_the_same_each_time():
    bars = synthetic_minutes(2_000)
    assert quality_report(bars).verdict == "clean"
    assert bars.content_hash() == synthetic_minutes(2_000).content_hash()
    assert bars.time[0] == datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000
