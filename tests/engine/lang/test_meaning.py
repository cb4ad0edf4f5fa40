"""What formulas mean: the page's examples, statements, look-back, warnings, settings and identity."""

import math

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.lang import (
    EvaluationError,
    FormulaError,
    check,
    compile_formula,
    format_text,
    formula_json,
    parse,
)
from apps.engine.lang.reader import TreeError, read_formula_json
from apps.engine.lang.writer import write
from apps.engine.sim.spec import EXIT, EXIT_LONG, LONG, SHORT, Size
from tests.language_page import TREND, UT_BOT

DAY = 86_400_000
NA = math.nan


def day_bars(closes: list[float], timezone: str = "UTC", step: int = DAY, start: int = 0) -> Bars:
    """Bars that open at the close before; high and low one beyond."""
    close = np.array(closes)
    open_ = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(open_, close) + 1, np.minimum(open_, close) - 1
    time = start + np.arange(len(close)) * step
    return Bars(time, open_, high, low, close, np.ones(len(close)), step, timezone, "BTC")


def test_the_ut_bot_gives_the_pages_line_and_signals() -> None:
    bars = day_bars([100, 101, 102, 103, 104, 103, 101, 98, 97, 98, 101, 104, 106, 105, 105, 102])
    program = compile_formula(UT_BOT, {"key": 1, "atr_period": 3, "ema_period": 1})
    result = program.evaluate(bars)
    expected = [
        NA,
        NA,
        NA,
        100,
        101,
        101,
        104.333333,
        101.888889,
        100.592593,
        100.592593,
        97.069959,
        99.713306,
    ]
    np.testing.assert_allclose(result.series["line"], expected + [101.808871] * 4, atol=5e-7)
    assert [(s.bar, s.kind) for s in result.signals] == [(6, "short"), (10, "long")]
    assert (
        check(UT_BOT).lookback == 11
    )  # the average true range of 10 bars, and one bar more for the crossing


def test_the_trend_example() -> None:
    result = check(TREND)
    assert (result.ok, result.lookback, result.warnings) == (True, 21, [])
    program = compile_formula(TREND)
    closes = [100 - i for i in range(40)] + [60 + 2 * i for i in range(30)] + [120 - 3 * i for i in range(30)]
    evaluation = program.evaluate(day_bars([float(c) for c in closes]))
    assert set(evaluation.series) == {"fast_ma", "slow_ma"}
    np.testing.assert_array_equal(evaluation.plots["Fast"], evaluation.series["fast_ma"])
    assert evaluation.orders.size == Size("percent", 0.5)
    assert evaluation.orders.stop is not None
    assert evaluation.orders.stop.value == pytest.approx(0.03)
    kinds = [(signal.kind, signal.text) for signal in evaluation.signals]
    rise = next(s for s in evaluation.signals if s.kind == "alert")
    assert rise.text == f"Fast over slow on BTC at {closes[rise.bar]}"
    assert ("exit_long", "") in kinds


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("close", 0),
        ("ema(close, 9)", 8),
        ("rsi(close, 14)", 14),
        ("atr(10)", 10),
        ("tr", 1),
        ("adx(14)", 27),
        ("macd(close, 12, 26, 9).macd", 33),
        ("ema(ema(close, 9), 5)", 12),
        ("close[3]", 3),
        ("sma(close[3], 4) + close", 6),
        ("crossover(close, sma(close, 5)) ? 1 : 0", 5),
        ("nz(sma(close, 50), close)", 0),
        ("na(sma(close, 50)) ? 1 : 0", 0),
        ("dema(close, 5)", 8),
        ("hma(close, 9)", 10),
        ("stoch(14, 3, 3).k", 17),
        ("pivothigh(high, 3, 2)", 5),
        ("supertrend(3, 10).line", 10),
        ("trix(close, 5)", 13),
        ("close > open ? sma(close, 5) : close", 4),
    ],
)
def test_lookback_is_the_index_of_the_first_value(expression: str, first: int) -> None:
    assert check(f"x = {expression}\nlong when close > 0").lookback == first


def test_a_latch_is_known_as_soon_as_either_branch_is() -> None:
    text = "x = close > open ? sma(close, 3) : x[1]\nlong when close > x"
    assert check(text).lookback == 2
    assert check(text).warnings == []


def test_a_series_without_a_start_is_doubted() -> None:
    result = check("x = x[1] + 1\nlong when x > 3")
    assert result.ok
    assert [w.message for w in result.warnings] == [
        "`x` never has a value: it starts as na and stays so",
        "this condition can never hold: it waits for a series that never has a value",
    ]


def test_a_condition_is_silent_until_its_lookback_has_passed() -> None:
    bars = day_bars([float(i) for i in range(1, 9)])
    result = compile_formula("long when not (sma(close, 4) > 1000)\nshort when close > 0").evaluate(bars)
    assert [s.bar for s in result.signals if s.kind == "long"] == [3, 4, 5, 6, 7]
    assert [s.bar for s in result.signals if s.kind == "short"] == list(range(8))


def test_a_condition_on_a_higher_timeframe_is_silent_until_that_is_known() -> None:
    bars = day_bars([float(i) for i in range(1, 13)], step=6 * 3_600_000)
    result = compile_formula('long when not (tf("1d", sma(close, 2)) > 1000)').evaluate(bars)
    assert result.signals[0].bar == 7  # the second day closes with the eighth bar of six hours


def test_requests_become_flags() -> None:
    bars = day_bars([1.0, 2.0, 3.0])
    text = (
        "long when close == 1\nshort when close == 2\nexit when close == 2\n"
        "exit long when close == 3\nlong when close == 3"
    )
    flags = compile_formula(text).evaluate(bars).orders.flags
    assert flags.tolist() == [LONG, SHORT | EXIT, EXIT_LONG | LONG]


@pytest.mark.parametrize(
    ("statement", "size"),
    [
        ("size 50%", Size("percent", 0.5)),
        ("size 1000", Size("quote", 1000.0)),
        ("size 2 units", Size("units", 2.0)),
        ("size risk 1%\nstop_loss 2%", Size("risk", 0.01)),
        ("input share = 25% in 5%..50%\nsize share * 2", Size("percent", 0.5)),
        ("input units = 3\nsize units units", Size("units", 3.0)),
        ("risk = 500\nsize risk", Size("quote", 500.0)),
    ],
)
def test_sizes(statement: str, size: Size) -> None:
    assert compile_formula(f"{statement}\nlong when close > open").plan.size == size


def test_protective_orders_follow_their_expressions() -> None:
    bars = day_bars([10.0, 20.0, 30.0])
    text = (
        "long when close > 0\nstop_loss by close * 2%\ntake_profit at close[1]\n"
        "trailing_stop by 2 * 3\nexit after 2 + 1 bars"
    )
    orders = compile_formula(text).evaluate(bars).orders
    assert orders.stop is not None
    assert orders.target is not None
    assert orders.trail is not None
    np.testing.assert_allclose(orders.stop.series, [0.2, 0.4, 0.6])
    np.testing.assert_array_equal(orders.target.series, [NA, 10, 20])
    np.testing.assert_array_equal(orders.trail.series, [6, 6, 6])
    assert orders.exit_after == 3


def test_a_higher_bar_is_seen_once_it_has_closed() -> None:
    bars = day_bars([float(i) for i in range(8)], step=12 * 3_600_000)
    values = compile_formula('x = tf("1d", close)\nlong when close > 0').evaluate(bars).series["x"]
    np.testing.assert_array_equal(values, [NA, 1, 1, 3, 3, 5, 5, 7])


def test_series_that_use_their_past_are_evaluated_anew_on_a_higher_timeframe() -> None:
    closes = [100.0, 101, 102, 103, 104, 103, 101, 98, 97, 98, 101, 104, 106, 105, 105, 102]
    text = UT_BOT + 'higher = tf("1d", line)\n'
    settings = {"key": 1, "atr_period": 3, "ema_period": 1}
    half_days = day_bars([close for close in closes for _ in range(2)], step=DAY // 2)
    days = compile_formula(UT_BOT, settings).evaluate(
        Bars(
            half_days.time[::2],
            half_days.open[::2],
            np.maximum(half_days.high[::2], half_days.high[1::2]),
            np.minimum(half_days.low[::2], half_days.low[1::2]),
            half_days.close[1::2],
            half_days.volume[::2] * 2,
            DAY,
        )
    )
    higher = compile_formula(text, settings).evaluate(half_days).series["higher"]
    np.testing.assert_array_equal(higher[1::2], days.series["line"])
    np.testing.assert_array_equal(higher[2::2], days.series["line"][:-1])


def test_a_day_ends_at_midnight_of_the_instruments_zone() -> None:
    # 2024-03-31 lasts 23 hours in Berlin, whose midnight is 23:00 UTC before the change and 22:00 after it
    start = 1_711_753_200_000  # 2024-03-29T23:00Z
    bars = day_bars([float(i) for i in range(72)], timezone="Europe/Berlin", step=3_600_000, start=start)
    values = compile_formula('x = tf("1d", close)\nh = hour\nlong when close > 0').evaluate(bars).series
    changes = np.flatnonzero(np.diff(np.nan_to_num(values["x"], nan=-1))) + 1
    assert changes.tolist() == [23, 46, 70]
    assert values["h"][[0, 23, 24, 25, 26, 46, 47]].tolist() == [0, 23, 0, 1, 3, 23, 0]


def test_a_week_begins_on_monday_and_sunday_is_day_one() -> None:
    start = 1_704_067_200_000  # Monday 2024-01-01
    bars = day_bars([float(i) for i in range(15)], start=start)
    values = compile_formula(
        'w = tf("1w", close)\nd = day_of_week\nm = tf("1M", close)\nlong when close > 0'
    ).evaluate(bars)
    assert values.series["d"][:8].tolist() == [2, 3, 4, 5, 6, 7, 1, 2]
    np.testing.assert_array_equal(values.series["w"], [NA] * 6 + [6] * 7 + [13] * 2)
    assert np.isnan(values.series["m"]).all()


def test_a_timeframe_that_does_not_fit_is_refused() -> None:
    with pytest.raises(EvaluationError, match="needs bars of a timeframe that divides it; these are 1d long"):
        compile_formula('long when tf("4h", close) > 0').evaluate(day_bars([1.0, 2.0]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fst": 3}, "the formula has no input `fst`"),
        ({"fast": 51}, "setting `fast`: 51 lies outside 2..50"),
        ({"fast": 2.5}, "setting `fast`: expected a whole number, found 2.5"),
        ({"fast": "many"}, "setting `fast`: expected a whole number, found 'many'"),
        ({"fast": True}, "setting `fast`: expected a whole number, found True"),
        ({"fast": NA}, "setting `fast`: expected a whole number, found nan"),
        ({"fast": None}, "setting `fast`: expected a whole number, found None"),
    ],
)
def test_wrong_settings_are_named(given: dict, message: str) -> None:
    with pytest.raises(FormulaError) as caught:
        compile_formula(TREND, given)
    assert [error.message for error in caught.value.errors] == [message]


def test_settings_take_the_inputs_own_kind() -> None:
    text = (
        'input a = 1\ninput b = 0.5\ninput c = 3%\ninput d = true\ninput e = "x" in "x", "y" "Which"\n'
        'long when d and e == "y" and close > a + b + c'
    )
    program = compile_formula(text, {"a": "7", "b": 2, "c": "4%", "d": "false", "e": "y"})
    assert program.inputs == {"a": 7, "b": 2.0, "c": 0.04, "d": False, "e": "y"}


def test_alert_texts_are_filled_in() -> None:
    text = (
        "input n = 3\nup = close > open\nx = close / 3\ny = x / 0\n"
        'alert "{symbol} {time} {x} {up} {n} {y}" when close == 2'
    )
    [signal] = compile_formula(text).evaluate(day_bars([1.0, 2.0])).signals
    assert signal.text == "BTC 1970-01-02T00:00:00Z 0.66666667 true 3 na"


def test_identity_ignores_layout_alone() -> None:
    plain = check("input n = 9 in 2..50\nx = ema(close, n) + 1 * 2\nlong when x > close").hash
    spaced = "# why\n\ninput n=9 in 2..50   # length\nx = (ema( close ,\n  n)) +(1*2)\nlong when ((x)>close)\n# end\n"
    assert check(spaced).hash == plain
    for other in (
        "input n = 9 in 2..51\nx = ema(close, n) + 1 * 2\nlong when x > close",
        "input n = 8 in 2..50\nx = ema(close, n) + 1 * 2\nlong when x > close",
        'input n = 9 in 2..50 "N"\nx = ema(close, n) + 1 * 2\nlong when x > close',
        "input n = 9 in 2..50\ny = ema(close, n) + 1 * 2\nlong when y > close",
        "input n = 9 in 2..50\nx = (ema(close, n) + 1) * 2\nlong when x > close",
        "x = ema(close, n) + 1 * 2\ninput n = 9 in 2..50\nlong when x > close",
    ):
        assert check(other).ok
        assert check(other).hash != plain


@pytest.mark.parametrize(
    "text",
    [
        TREND,
        UT_BOT,
        'x = -(-close) - -(1 - (2 - 3)) # c\n\n\n# d\nalert "a \\"b\\" \\\\" when not (not (x > 1) or true)\n',
    ],
)
def test_text_to_tree_to_text_loses_nothing(text: str) -> None:
    once = format_text(text)
    assert format_text(once) == once
    assert check(once).hash == check(text).hash
    tree = formula_json(parse(text).formula)
    assert write(read_formula_json(tree)) == once
    assert formula_json(parse(once).formula) == tree


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"version": 1},
        {"version": 1, "statements": [{"type": "x"}]},
        {"version": 1, "statements": [{"type": "long", "when": {"type": "chain"}}]},
    ],
)
def test_json_that_is_no_tree_is_refused(content: object) -> None:
    with pytest.raises(TreeError):
        read_formula_json(content)


def test_a_state_of_another_formula_is_refused() -> None:
    one, other = (
        compile_formula("long when ema(close, 3) > 1"),
        compile_formula("long when sma(close, 3) > 1"),
    )
    with pytest.raises(EvaluationError, match="another formula"):
        one.step(other.initial_state(), day_bars([1.0]).bar(0))
    state, _ = one.step(one.initial_state(), day_bars([1.0]).bar(0))
    with pytest.raises(EvaluationError, match="does not open later"):
        one.step(state, day_bars([1.0]).bar(0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input n = 3\nlong when close > open", "the input `n` is never used"),
        ("long when true", "this condition is always true"),
        ("long when 1 > 2", "this condition is never true"),
        ("exit short when close > open\nlong when close < open", "nothing ever opens a short position"),
        ("stop_loss 100%\nlong when close < open", "stop_loss 100% can never be reached by a long position"),
        ("size 150%\nlong when close < open", "size 150% cannot be paid for and is cut to 100%"),
    ],
)
def test_what_is_legal_but_suspicious_is_said(text: str, message: str) -> None:
    result = check(text)
    assert result.ok
    assert [warning.message for warning in result.warnings] == [message]


def test_statements_end_where_the_page_says() -> None:
    text = 'x = (close\n + open\n)\nlong when close > open and\n  x > 1\nstop_loss 3% take_profit 6%\nplot\n x as "X"'
    result = check(text)
    assert not result.ok  # `plot` is no operator: its line ends there
    assert {error.line for error in result.errors} == {7, 8}
    assert check(text.replace("plot\n", "plot")).ok


def test_no_bars_give_no_values() -> None:
    empty = day_bars([1.0]).slice(0, 0)
    result = compile_formula(TREND + 'x = tf("1w", close)\n').evaluate(empty)
    assert len(result.series["fast_ma"]) == 0
    assert result.signals == []
