"""Tests of formulas: what a case may say, and that it passes and fails as it should."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.bars import Bars
from apps.engine.lang import cases
from apps.engine.lang.cases import (
    MAX_BARS,
    MAX_CASES,
    CaseError,
    ExpectedSignal,
    read_case,
    read_cases,
    run_case,
    run_cases,
    snapshot,
)
from tests.language_page import UT_BOT, UT_BOT_CLOSES, UT_BOT_LINE, UT_BOT_SETTINGS

VECTOR = {
    "name": "UT Bot turns",
    "settings": UT_BOT_SETTINGS,
    "bars": UT_BOT_CLOSES,
    "spread": 1,
    "signals": [{"bar": 6, "kind": "short"}, {"time": "2024-01-11", "kind": "long"}],
    "series": {"line": UT_BOT_LINE},
    "tolerance": 1e-6,
}
ABOVE = 'long when close > 10\nalert "{close} now" when close > 11\n'


def case_of(**changes):
    return read_case({"name": "x", "bars": [9, 11, 12], "signals": []} | changes)


def test_published_vector_passes():
    result = run_case(UT_BOT, read_case(VECTOR))
    assert result.ok, result.sentence


def test_published_vector_fails_with_another_setting():
    result = run_case(UT_BOT, read_case(VECTOR | {"settings": {"key": 2, "atr_period": 3, "ema_period": 1}}))
    assert not result.ok
    assert result.wrong_values


def test_missing_and_extra_signals_are_named():
    result = run_case(ABOVE, case_of(signals=[{"bar": 0, "kind": "long"}, {"bar": 1, "kind": "long"}]))
    assert result.missing == [ExpectedSignal(0, "long")]
    assert result.extra == [ExpectedSignal(2, "alert", "12 now"), ExpectedSignal(2, "long")]
    assert result.as_dict()["missing"][0]["time"] == "2024-01-01T00:00:00Z"
    assert "long at bar 0 did not fire" in result.sentence
    assert "alert “12 now” at bar 2 fired and was not expected" in result.sentence


def test_alert_is_compared_by_text_where_one_is_given():
    longs = [{"bar": 1, "kind": "long"}, {"bar": 2, "kind": "long"}]
    assert run_case(ABOVE, case_of(signals=[*longs, {"bar": 2, "kind": "alert"}])).ok
    assert run_case(ABOVE, case_of(signals=[*longs, {"bar": 2, "kind": "alert", "text": "12 now"}])).ok
    assert not run_case(ABOVE, case_of(signals=[*longs, {"bar": 2, "kind": "alert", "text": "11 now"}])).ok


def test_signals_before_from_do_not_count():
    after = [{"bar": 2, "kind": "long"}, {"bar": 2, "kind": "alert"}]
    assert run_case(ABOVE, case_of(signals=after, **{"from": 2})).ok
    with pytest.raises(CaseError, match="comes before bar 2"):
        case_of(signals=[{"bar": 1, "kind": "long"}], **{"from": 2})


def test_values_are_compared_within_the_tolerance():
    text = "twice = close * 2\nup = close > 10\nlong when close > 1000"
    assert run_case(text, case_of(series={"twice": [18, 22.001], "up": [False, True]}, tolerance=0.01)).ok
    result = run_case(text, case_of(series={"twice": [18, 22.1, None]}, tolerance=0.01))
    assert [(item.bar, item.found) for item in result.values] == [(1, 22.0), (2, 24.0)]
    assert result.as_dict()["values"][1]["expected"] is None
    assert "twice at bar 1 is 22 instead of 22.1" in result.sentence


def test_a_case_that_cannot_run_says_why():
    assert "did you mean" in run_case("long when clos > 1", case_of()).error
    assert (
        "lies outside"
        in run_case("input n = 3 in 1..5\nlong when close > n", case_of(settings={"n": 9})).error
    )
    assert (
        "no series `twise`"
        in run_case("twice = close * 2\nlong when twice > 0", case_of(series={"twise": [1]})).error
    )
    assert (
        "timeframe that divides it"
        in run_case('long when tf("1d", close) > 1', case_of(timeframe="1w")).error
    )


def test_three_ways_of_writing_bars_are_the_same_bars():
    rows = [[9, 10, 8, 9, 0], [9, 12, 8, 11, 0], [11, 13, 10, 12, 0]]
    table = "open,high,low,close\n9,10,8,9\n9,12,8,11\n\n11,13,10,12\n"
    timed = [[f"2024-01-0{i + 1}", *row] for i, row in enumerate(rows)]
    timed_table = "time,close,open,low,high,volume\n" + "".join(
        f"2024-01-0{i + 1}T00:00:00Z,{c},{o},{lo},{h},{v}\n" for i, (o, h, lo, c, v) in enumerate(rows)
    )
    hashes = {
        case_of(bars=bars, spread=1).bars.content_hash()
        for bars in ([9, 11, 12], rows, table, timed, timed_table)
    }
    assert len(hashes) == 1


def test_times_without_an_offset_are_local():
    bars = case_of(timezone="America/New_York", start="2024-07-01T09:30", timeframe="1h").bars
    assert bars.time.tolist()[:2] == [1719840600000, 1719844200000]  # 13:30 and 14:30 UTC


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ({"bras": []}, "/bras", "did you mean `bars`"),
        ({"name": " "}, "/name", "1 to 120"),
        ({"name": 3}, "/name", "expected a text"),
        ({"bars": []}, "/bars", "no bars"),
        ({"bars": {}}, "/bars", "list of closes"),
        ({"bars": [1] * (MAX_BARS + 1)}, "/bars", "more than the 5000"),
        ({"bars": [[1, 2, 3]]}, "/bars/0", "a row has 3 values"),
        ({"bars": [[1, 2, 3, 4]]}, "/bars/0", "the high 2 lies below"),
        ({"bars": [[3, 4, 3.5, 3.7]]}, "/bars/0", "the low 3.5 lies above"),
        ({"bars": [[3, 4, 3, 3, -1]]}, "/bars/0", "volume -1"),
        ({"bars": [9, True]}, "/bars/1", "expected a number for a close, found"),
        ({"bars": [9, float("nan")]}, "/bars/1", "expected a number"),
        ({"bars": [9, 10**400]}, "/bars/1", "expected a number for a close, found"),
        (
            {"bars": [["2024-01-02", 1, 1, 1, 1], ["2024-01-01", 1, 1, 1, 1]]},
            "/bars/1",
            "does not open later",
        ),
        ({"bars": [["2024-01-02", 1, 1, 1, 1], [1, 1, 1, 1]]}, "/bars/1", "some have none"),
        ({"bars": [["soon", 1, 1, 1, 1]]}, "/bars/0/0", "expected a time"),
        ({"bars": "open,high\n1,2"}, "/bars/line 1", "lacks low, close"),
        ({"bars": "open,high,low,clsoe\n1,2,3,4"}, "/bars/line 1", "did you mean `close`"),
        ({"bars": "open,high,low,close\n1,1,1,x"}, "/bars/line 2", "expected a number for the close"),
        ({"bars": "open,high,low,close\n1,1,1"}, "/bars/line 2", "3 values under 4"),
        ({"timeframe": "soon"}, "/timeframe", "not a timeframe"),
        ({"timezone": "Mars/Base"}, "/timezone", "not a time zone"),
        ({"timezone": "../../etc/passwd"}, "/timezone", "not a time zone"),
        ({"start": "x"}, "/start", "expected a time"),
        ({"start": "9998-12-31"}, "/start", "beyond the year 9998"),
        ({"timeframe": "99999y"}, "/start", "beyond the year 9998"),
        ({"bars": [["9999-12-31", 1, 1, 1, 1]]}, "/bars", "beyond the year 9998"),
        ({"spread": -1}, "/spread", "at least 0"),
        ({"from": 4}, "/from", "from 0 to 3"),
        ({"settings": [1]}, "/settings", "inputs their values"),
        ({"settings": {"n": float("nan")}}, "/settings", "inputs their values"),
        ({"settings": {"n": None}}, "/settings", "inputs their values"),
        ({"signals": {}}, "/signals", "expected a list"),
        ({"signals": [{"bar": 3, "kind": "long"}]}, "/signals/0/bar", "from 0 to 2"),
        ({"signals": [{"bar": 1, "kind": "lon"}]}, "/signals/0/kind", "did you mean `long`"),
        ({"signals": [{"kind": "long"}]}, "/signals/0", "either bar or time"),
        ({"signals": [{"bar": 1, "kind": "long", "text": "x"}]}, "/signals/0/text", "only an alert"),
        ({"signals": [{"time": "2024-01-09", "kind": "long"}]}, "/signals/0/time", "no bar opens at"),
        ({"series": {"a": [1, 2, 3, 4]}}, "/series/a", "at most 3"),
        ({"series": {"a": ["1"]}}, "/series/a/0", "expected a number"),
        ({"series": {str(i): [] for i in range(51)}}, "/series", "more than the 50"),
        ({"signals": [{"bar": 1, "kind": "alert", "text": "x" * 1001}]}, "/signals/0/text", "at most 1000"),
        ({"tolerance": "much"}, "/tolerance", "at least 0"),
        ({"snapshot": 1}, "/snapshot", "true or false"),
    ],
)
def test_wrong_cases_are_refused_with_their_place(changes, place, words):
    with pytest.raises(CaseError) as caught:
        case_of(**changes)
    assert caught.value.place == place
    assert words in str(caught.value)


def test_lists_of_cases_have_limits():
    one = {"name": "a", "bars": [1], "signals": []}
    assert [case.name for case in read_cases([one, one | {"name": "b"}])] == ["a", "b"]
    with pytest.raises(CaseError, match="two tests are called 'a'"):
        read_cases([one, one])
    with pytest.raises(CaseError, match=f"more than the {MAX_CASES}"):
        read_cases([one] * (MAX_CASES + 1))
    many = [{"name": str(i), "bars": [1] * MAX_BARS, "signals": []} for i in range(11)]
    with pytest.raises(CaseError, match="all tests together") as caught:
        read_cases(many)
    assert caught.value.place == "/10/bars"
    many = [{"name": str(i), "bars": [1], "signals": [], "settings": {"n": i}} for i in range(21)]
    with pytest.raises(CaseError, match="more than 20 different sets"):
        read_cases(many)
    with pytest.raises(CaseError, match="the test has no signals"):
        read_cases([{"name": "a", "bars": [1]}])


def test_snapshot_reads_back_bit_for_bit_and_passes():
    bars = read_case(VECTOR).bars
    bars = Bars(
        bars.time, bars.open / 3, bars.high / 3, bars.low / 3, bars.close / 3, bars.volume, bars.timeframe_ms
    )
    settings = {"key": 1, "atr_period": 3, "ema_period": 1}
    content = json.loads(json.dumps(snapshot(UT_BOT, bars, name="now", settings=settings)))
    case = read_case(content)
    assert case.is_snapshot
    assert case.bars.content_hash() == bars.content_hash()
    assert [(signal.bar, signal.kind) for signal in case.signals] == [(6, "short"), (10, "long")]
    assert run_case(UT_BOT, case).ok
    late = read_case(snapshot(UT_BOT, bars, name="late", settings=settings, first=7))
    assert [signal.bar for signal in late.signals] == [10]
    assert run_case(UT_BOT, late).ok


def test_each_setting_is_compiled_once(monkeypatch):
    compiled = []
    real = cases.compile_formula
    monkeypatch.setattr(cases, "compile_formula", lambda *args: compiled.append(args) or real(*args))
    text = "input n = 3 in 1..5\nlong when close > n"
    given = [case_of(), case_of(name="y"), case_of(settings={"n": 2})]
    assert [result.ok for result in run_cases(text, given)] == [False] * 3
    assert len(compiled) == 2


def test_a_formula_that_costs_too_much_is_not_run(monkeypatch):
    monkeypatch.setattr(cases, "MAX_STEPS", 10)
    result = run_case("long when highest(high, 5) > 3", case_of())
    assert "too many for this many bars" in result.error


@given(
    closes=st.lists(st.floats(0.01, 1e6).map(lambda x: round(x, 4)), min_size=1, max_size=40),
    timeframe=st.sampled_from(["1m", "4h", "1d", "1w"]),
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
    first=st.integers(0, 40),
)
def test_what_was_taken_from_bars_holds_on_them_and_on_nothing_less(closes, timeframe, zone, first):
    text = 'fast = ema(close, 2)\nlong when close > fast\nshort when close < fast\nalert "at {close}" when hour < 12 and rising(close, 1)'
    bars = case_of(bars=closes, timeframe=timeframe, timezone=zone).bars
    first = min(first, len(closes))
    content = json.loads(json.dumps(snapshot(text, bars, name="taken", first=first)))
    case = read_case(content)
    assert case.bars.content_hash() == bars.content_hash()
    assert run_case(text, case).ok
    for i in range(len(content["signals"])):
        less = content["signals"][:i] + content["signals"][i + 1 :]
        assert len(run_case(text, read_case(content | {"signals": less})).extra) == 1


@pytest.mark.parametrize(("bars", "place"), [([100, 101, None], "/bars/2"), ([None, 100, 101], "/bars/0")])
def test_a_close_that_is_none_is_named(bars, place):
    with pytest.raises(CaseError) as caught:
        case_of(bars=bars)
    assert caught.value.place == place
