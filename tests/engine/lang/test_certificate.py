"""The causality certificate, and that it is true: of every template, every function and of generated formulas."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.engine.bars import COLUMNS, Bars
from apps.engine.lang import Evaluation, FormulaError, check, compile_formula
from apps.engine.lang.certificate import Certificate, Reading, certificate
from apps.engine.lang.functions import FUNCTIONS
from tests.engine.lang.programs import bars_with_holes, formulas
from tests.engine.lang.test_one_code import example_call

CASES = 2_500 if os.environ.get("PROVE") else 40
PATHS = sorted((Path(__file__).parents[3] / "apps" / "formulas" / "library").glob("*.formula"))
LIBRARY = {path.stem: path.read_text(encoding="utf-8") for path in PATHS}
HOUR = 3_600_000
slow = settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))


def bits(column: np.ndarray) -> bytes:
    """The column's bits, all NaN alike and -0 as 0."""
    numbers = column.astype(np.float64) + 0.0
    return np.where(np.isnan(numbers), np.nan, numbers).tobytes()


def outputs(result: Evaluation, bars: int) -> dict[str, bytes]:
    """Everything that an evaluation puts out for its first `bars` bars, as bits."""
    orders = result.orders
    columns = {f"series {name}": column for name, column in result.series.items()}
    columns |= {f"plot {name}": column for name, column in result.plots.items()}
    columns["flags"] = orders.flags
    for name in ("stop", "target", "trail"):
        protection = getattr(orders, name)
        if protection is not None and protection.series is not None:
            columns[name] = protection.series
    told = {name: bits(column[:bars]) for name, column in columns.items()}
    told["signals"] = repr([signal for signal in result.signals if signal.bar < bars]).encode()
    return told


def other_futures(bars: Bars, seen: int, seed: int) -> list[Bars]:
    """The same first `seen` bars, and after them anything else: other prices, none, fewer, more, or later ones."""
    rng = np.random.default_rng(seed)
    later = len(bars) - seen
    changed = {}
    for name in COLUMNS:
        changed[name] = getattr(bars, name).copy()
        changed[name][seen:] = rng.choice([np.nan, 0.0, -5.0, 1e9, *rng.uniform(50, 150, 4)], later)
    futures = [replace(bars, **changed), bars.slice(0, seen)]
    kept = np.concatenate([np.ones(seen, bool), rng.uniform(size=later) < 0.5])
    futures.append(replace(bars, time=bars.time[kept], **{n: getattr(bars, n)[kept] for n in COLUMNS}))
    moved = bars.time.copy()
    moved[seen:] += int(rng.integers(1, 60)) * HOUR
    futures.append(replace(bars, time=moved))
    more = rng.uniform(50, 150, 30)
    time = np.concatenate([bars.time, bars.time[-1] + HOUR * np.arange(1, 31)])
    futures.append(replace(bars, time=time, **{n: np.concatenate([getattr(bars, n), more]) for n in COLUMNS}))
    return futures


def assert_no_look_ahead(text: str, bars: Bars, seen: int, seed: int) -> None:
    program = compile_formula(text)
    before = outputs(program.evaluate(bars), seen)
    for number, future in enumerate(other_futures(bars, seen, seed)):
        after = outputs(program.evaluate(future), seen)
        for name in before:
            assert after[name] == before[name], f"{name} depends on a later bar (future {number}) in\n{text}"


@slow
@given(formulas(), st.integers(0, 1_000), st.integers(1, 99), st.sampled_from(["UTC", "America/New_York"]))
def test_no_later_bar_changes_an_earlier_output(text: str, seed: int, seen: int, zone: str) -> None:
    assert_no_look_ahead(text, bars_with_holes(100, seed, timezone=zone), seen, seed)


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("seen", [1, 57, 400, 599])
def test_no_later_bar_changes_an_earlier_output_of_a_template(name: str, seen: int) -> None:
    assert_no_look_ahead(LIBRARY[name], bars_with_holes(600, seen, holes=0.002), seen, seen)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_later_bar_changes_an_earlier_output_of_a_function(name: str) -> None:
    text = f'x = {example_call(name)}\ny = tf("4h", x)\nlong when close > 0'
    assert_no_look_ahead(text, bars_with_holes(80, 3, holes=0.01), 41, 3)


# what is read


def column_of(result: Evaluation, value: Reading, number: int) -> bytes:
    """The output that the certificate's value number `number` speaks of."""
    if value.kind == "series":
        return bits(result.series[value.name])
    if value.kind == "plot":
        return bits(result.plots[value.name])
    if value.kind in ("stop_loss", "take_profit", "trailing_stop"):
        short = {"stop_loss": "stop", "take_profit": "target", "trailing_stop": "trail"}[value.kind]
        return bits(getattr(result.orders, short).series)
    told = [(s.bar, s.text) for s in result.signals if s.kind == value.kind]
    return repr(told).encode()


def assert_reads_no_more(text: str, bars: Bars, seed: int) -> None:
    """Columns that a value is not said to read may hold anything."""
    told = certificate(text)
    program = compile_formula(text)
    whole = program.evaluate(bars)
    rng = np.random.default_rng(seed)
    for column in COLUMNS:
        changed = replace(
            bars, **{column: rng.choice([np.nan, 0.0, 1e6, *rng.uniform(1, 200, 9)], len(bars))}
        )
        after = program.evaluate(changed)
        for number, value in enumerate(told.values):
            if column not in value.reads and kinds_alone(told, value):
                assert column_of(after, value, number) == column_of(whole, value, number), (
                    value,
                    column,
                    text,
                )
    moved = program.evaluate(replace(bars, time=bars.time + 24 * 100 * HOUR + 7 * HOUR))
    for number, value in enumerate(told.values):
        if (
            not value.timeframes
            and kinds_alone(told, value)
            and not set(value.reads) - {*COLUMNS, "bar_index"}
        ):
            assert column_of(moved, value, number) == column_of(whole, value, number), (value, text)


def kinds_alone(told: Certificate, value: Reading) -> bool:
    """Whether no other statement gives signals of the same kind."""
    return value.kind in ("series", "plot") or sum(other.kind == value.kind for other in told.values) == 1


@slow
@given(formulas(), st.integers(0, 1_000))
def test_what_is_not_said_to_be_read_may_be_anything(text: str, seed: int) -> None:
    assert_reads_no_more(text, bars_with_holes(100, seed), seed)


@pytest.mark.parametrize("name", LIBRARY)
def test_what_a_template_is_not_said_to_read_may_be_anything(name: str) -> None:
    assert_reads_no_more(LIBRARY[name], bars_with_holes(500, 5, holes=0.0), 5)


# as called here: differences of equal averages, the sign of prices, and what stands in for a price that is never na
SPENT = {"macd", "ppo", "adosc", "sign", "nz", "na", "year"}


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in SPENT])
def test_what_a_function_is_said_to_read_matters(name: str) -> None:
    text = f"x = {example_call(name)}\nlong when close > 0"
    [value] = [value for value in certificate(text).values if value.kind == "series"]
    bars = bars_with_holes(400, 4, holes=0.0)
    program = compile_formula(text)
    before = bits(program.evaluate(bars).series["x"])
    rng = np.random.default_rng(2)
    for column in value.reads:
        if column in COLUMNS:
            other = replace(bars, **{column: getattr(bars, column) * rng.uniform(0.5, 1.5, len(bars))})
        elif column == "bar_index":
            continue
        else:
            other = replace(bars, time=bars.time + 31 * 24 * HOUR + 5 * HOUR + 60_000)
        assert bits(program.evaluate(other).series["x"]) != before, column


# how far back


def assert_windows_hold(text: str, bars: Bars, at: int) -> int:
    """A value with a window is the same, to the last digits, on those bars alone. How many such values there were."""
    program = compile_formula(text)
    whole = program.evaluate(bars)
    found = 0
    for value in certificate(text).values:
        if value.kind not in ("series", "plot") or value.memory == "recursive" or value.timeframes:
            continue
        window = int(value.memory.removeprefix("window "))
        if window > at + 1 or "bar_index" in value.reads:
            continue
        alone = program.evaluate(bars.slice(at + 1 - window, at + 1))
        columns = [(r.series if value.kind == "series" else r.plots)[value.name] for r in (alone, whole)]
        scale = np.nanmax(np.abs(np.where(np.isfinite(columns[1]), columns[1], np.nan)), initial=1.0)
        np.testing.assert_allclose(columns[0][-1], columns[1][at], rtol=1e-7, atol=1e-9 * scale, err_msg=text)
        found += 1
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_window_of_every_function(name: str) -> None:
    text = f"x = {example_call(name)}\nlong when close > 0"
    bars = bars_with_holes(120, 8, holes=0.0)
    assert_windows_hold(text, replace(bars, volume=bars.volume + 1.0), 100)


WINDOWS = {  # counted by hand: bars that decide the value
    "close": "window 1",
    "close[4]": "window 5",
    "sma(close, 10)": "window 10",
    "sma(close, 10)[4]": "window 14",
    "sma(sma(close, 10), 5)": "window 14",
    "highest(high, 20)[1]": "window 21",
    "roc(close, 9)": "window 10",
    "tr": "window 2",
    "stoch(14, 3, 5).d": "window 20",
    "percentrank(close, 9)": "window 10",
    "pivothigh(high, 3, 2)": "window 6",
    "crossover(sma(close, 3), open[7])": "window 9",
    "rising(close, 4)": "window 5",
    "aroon(10).up": "window 11",
    "mfi(10)": "window 11",
    "bb(close, 20, 2).upper": "window 20",
    "awesome": "window 34",
    "ema(close, 9)": "recursive",
    "rsi(close, 14)": "recursive",
    "atr(14)": "recursive",
    "obv": "recursive",
    "cum(volume)": "recursive",
    "vwap": "recursive",
    "barssince(close > open)": "recursive",
    "supertrend(3, 10).line": "recursive",
    "valuewhen(close > open, close, 0)": "recursive",
    "fixnan(close)": "recursive",
    "kama(close, 10)": "recursive",
    "nz(x[1], 0) + close": "recursive",
    "ema(close, 9) > 0 ? close : open": "recursive",
}


@pytest.mark.parametrize("expression", WINDOWS)
def test_windows_by_hand(expression: str) -> None:
    told = certificate(f"x = {expression}\nlong when close > 0")
    assert told.values[0].memory == WINDOWS[expression]


@slow
@given(formulas(), st.integers(0, 1_000))
def test_windows_hold_for_generated_formulas(text: str, seed: int) -> None:
    bars = bars_with_holes(150, seed, holes=0.0)
    rng = np.random.default_rng(seed)
    # prices and volumes without ties: a running sum may turn a tie into one side or the other
    noisy = {n: getattr(bars, n) + rng.uniform(0.001, 0.01, len(bars)) for n in COLUMNS}
    assert_windows_hold(text, replace(bars, **noisy), 140)


# warm-up

SPARSE = {
    "pivothigh",
    "pivotlow",
    "barssince",
    "valuewhen",
    "na",
}  # have values only where something happened


@pytest.mark.parametrize(
    "name", [n for n, f in FUNCTIONS.items() if n not in SPARSE and f.result == "number"]
)
def test_the_first_value_of_every_function_is_where_it_is_said(name: str) -> None:
    text = f"x = {example_call(name)}\nlong when close > 0"
    told = certificate(text)
    bars = bars_with_holes(120, 8, holes=0.0)
    values = compile_formula(text).evaluate(replace(bars, volume=bars.volume + 1.0)).series["x"]
    first = int(np.flatnonzero(~np.isnan(values))[0])
    assert told.values[0].first_bar == first == told.warm_up


@slow
@given(formulas(), st.integers(0, 1_000))
def test_nothing_speaks_before_it_is_said_to(text: str, seed: int) -> None:
    told = certificate(text)
    assert told.warm_up == check(text).lookback
    bars = bars_with_holes(100, seed)
    result = compile_formula(text).evaluate(bars)
    for value in told.values:
        if value.kind in ("long", "exit", "alert") and kinds_alone(told, value):
            bars_of = [signal.bar for signal in result.signals if signal.kind == value.kind]
            assert not (bars_of and value.first_bar is None)
            assert all(bar >= (value.first_bar or 0) for bar in bars_of)


def test_a_higher_timeframe_is_waited_for_as_said() -> None:
    """Hourly bars from 06:00: day 1 closes with its bar of 23:00, so the third day closes on bar 65."""
    text = 'x = tf("1d", sma(close, 3))\ny = x[5]\nlong when x > 0\nshort when y > 0'
    count = 200
    time = 6 * HOUR + np.arange(count, dtype=np.int64) * HOUR
    close = np.linspace(100, 120, count)
    bars = Bars(time, close, close, close, close, close, HOUR)
    told = certificate(text)
    result = compile_formula(text).evaluate(bars)
    by_title = {value.title: value for value in told.values}
    [wait] = by_title["long when, line 3"].waits
    assert (wait.timeframe, wait.closed_bars, wait.then) == ("1d", 3, 0)
    assert str(wait) == "once 3 bars of 1d have closed"
    [wait] = by_title["short when, line 4"].waits
    assert (wait.closed_bars, wait.then) == (3, 5)
    third_close = 17 + 24 + 24
    assert int(np.flatnonzero(~np.isnan(result.series["x"]))[0]) == third_close
    assert next(s.bar for s in result.signals if s.kind == "long") == third_close
    assert next(s.bar for s in result.signals if s.kind == "short") == third_close + 5
    [frame] = told.timeframes
    assert (frame.timeframe, frame.first_bar, frame.memory, frame.reads) == ("1d", 2, "window 3", ("close",))


# as a document


def test_the_certificate_of_the_pages_example() -> None:
    told = certificate(LIBRARY["trend-following"], {"slow": 26})
    content = json.loads(json.dumps(told.as_dict()))
    assert content["settings"] == {"fast": 9, "slow": 26}
    assert content["formula_hash"] == check(LIBRARY["trend-following"]).hash
    assert (content["language"], content["warm_up"], content["latest_bar"]) == (1, 26, 0)
    assert content["reads"] == ["close"]
    assert content["timeframes"] == []
    assert content["values"][1] == {
        "kind": "series",
        "name": "slow_ma",
        "line": 6,
        "first_bar": 25,
        "waits": [],
        "memory": "recursive",
        "reads": ["close"],
        "timeframes": [],
    }
    assert [value.title for value in told.values] == [
        "fast_ma",
        "slow_ma",
        "long when, line 8",
        "exit long when, line 9",
        'plot "Fast"',
        "alert when, line 16",
    ]


def test_the_certificate_in_words() -> None:
    text = 'h = tf("1d", ema(close, 5))\nlong when close > h[2] and hour > 9\nstop_loss by atr(3)\nx = x[1]'
    assert certificate(text).as_text().splitlines()[1:] == [
        "No expression reads a later bar: every value on a bar is made of that bar and earlier ones.",
        "Reads high, low, close and hour; looks back at most 2 bars at one step.",
        "Warm-up: 3 bars.",
        "- h: from bar 0 on, once 5 bars of 1d have closed; window 1; reads close and bars of 1d",
        "- long when, line 2: from bar 2 on, once 5 bars of 1d have closed and 2 bars more have passed; window 3; "
        "reads close, hour and bars of 1d",
        "- stop_loss, line 3: from bar 3 on; recursive; reads high, low and close",
        "- x: never has a value; recursive; reads nothing",
        "- tf 1d: the value on the last bar of 1d that has closed by the close of the present bar, bars being those of "
        "the calendar in the instrument's time zone; from its bar 4 on; recursive",
    ]


def test_an_alert_reads_what_it_tells() -> None:
    told = certificate('v = volume\nalert "{v} at {time}" when close > open')
    assert told.values[1].reads == ("open", "close", "volume", "time")


def test_a_wrong_formula_has_no_certificate() -> None:
    with pytest.raises(FormulaError, match="unknown name"):
        certificate("long when foo")
    with pytest.raises(FormulaError, match="lies outside"):
        certificate("input n = 3 in 1..9\nlong when close > n", {"n": 10})
