"""What imported scripts compute: against the published vector, against plain Python read off the script, and against
formulas written by hand."""

from pathlib import Path

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.pine import import_pine

FOLDER = Path(__file__).parent / "scripts"
HOUR = 3_600_000
UT_CLOSES = [100, 101, 102, 103, 104, 103, 101, 98, 97, 98, 101, 104, 106, 105, 105, 102]
NA = np.nan
UT_LINE = [NA, NA, NA, 100, 101, 101, 104.333333, 101.888889, 100.592593, 100.592593, 97.069959]
UT_LINE += [99.713306, 101.808871, 101.808871, 101.808871, 101.808871]


def imported(name: str) -> str:
    result = import_pine((FOLDER / f"{name}.pine").read_bytes().decode("utf-8"))
    assert result.ok
    return result.text


def bars_of(close: np.ndarray, spread: float = 1.0, step: int = HOUR) -> Bars:
    """Bars that open at the close before, with wicks of `spread`."""
    open_ = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(open_, close) + spread, np.minimum(open_, close) - spread
    time = 1_700_006_400_000 + np.arange(len(close)) * step  # a day's start in UTC
    volume = 1_000 + 100 * np.arange(len(close)) % 700
    return Bars(time, open_, high, low, close, volume.astype(float), step, "UTC", "TEST")


def walk(count: int = 600, seed: int = 5) -> Bars:
    rng = np.random.default_rng(seed)
    return bars_of(np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, count))), 2), 0.4)


@pytest.mark.parametrize(
    ("name", "given", "kinds"),
    [
        ("ut_bot_v4", {"a": 1, "c": 3}, ("alert", "alert")),
        ("ut_bot_v5", {"keyvalue": 1.0, "atrperiod": 3}, ("short", "long")),
    ],
)
def test_the_ut_bot_gives_the_published_line_and_signals(name, given, kinds):
    result = compile_formula(imported(name), given).evaluate(bars_of(np.array(UT_CLOSES, dtype=float)))
    np.testing.assert_allclose(result.series["xATRTrailingStop"], UT_LINE, atol=1e-6)
    found = [(signal.bar, signal.kind, signal.text) for signal in result.signals]
    texts = ("UT Short", "UT Long") if kinds[0] == "alert" else (found[0][2], found[1][2])
    assert found == [(6, kinds[0], texts[0]), (10, kinds[1], texts[1])]


def test_a_state_machine_runs_as_the_script_says():
    bars = walk()
    result = compile_formula(imported("state_v5")).evaluate(bars)
    level, state, armed = NA, 0, False
    for i in range(len(bars)):
        top = bars.high[i - 20 : i].max() if i >= 20 else NA
        if bars.high[i] > top:
            level, state, armed = bars.high[i], 1, True
        elif bars.close[i] < level * 0.95:
            state, armed = -1, False
        else:
            state = 2 if state == 1 else state
        np.testing.assert_equal(result.series["level"][i], level)
        assert (result.series["state"][i], result.series["armed"][i], result.series["count"][i]) == (
            state,
            armed,
            i + 1,
        )
        assert result.series["strength"][i] == {1: 100, 2: 50}.get(state, 0)


def test_a_supertrend_written_by_hand_runs_as_the_script_says():
    bars = walk()
    result = compile_formula(imported("supertrend_v4")).evaluate(bars)
    atr = compile_formula("a = atr(10)\nlong when a > 0").evaluate(bars).series["a"]
    middle = (bars.high + bars.low) / 2
    up, down, trend = NA, NA, 1
    flips = []
    for i in range(len(bars)):
        new_up, new_down = middle[i] - 3 * atr[i], middle[i] + 3 * atr[i]
        up1 = new_up if np.isnan(up) else up
        down1 = new_down if np.isnan(down) else down
        before = bars.close[i - 1] if i else NA
        up = max(new_up, up1) if before > up1 else new_up
        down = min(new_down, down1) if before < down1 else new_down
        old = trend
        trend = (
            1
            if trend == -1 and bars.close[i] > down1
            else -1
            if trend == 1 and bars.close[i] < up1
            else trend
        )
        if i and trend != old:
            flips.append(i)
        np.testing.assert_allclose(result.series["up"][i], up)
        assert result.series["trend"][i] == trend
    assert len(flips) > 3
    assert sorted({s.bar for s in result.signals if "direction" in s.text}) == flips


def test_a_function_that_smooths_keeps_a_past_for_every_call():
    bars = walk(200)
    result = compile_formula(imported("functions_v5")).evaluate(bars)

    def smooth(source, length):
        alpha, out = 2 / (length + 1), NA
        values = []
        for value in source:
            out = value if np.isnan(out) else alpha * value + (1 - alpha) * out
            values.append(out)
        return np.array(values)

    np.testing.assert_allclose(result.series["fast"], smooth(bars.close, 9))
    np.testing.assert_allclose(result.series["slow"], smooth((bars.high + bars.low) / 2, 21))
    np.testing.assert_allclose(result.series["double"], smooth(smooth(bars.close, 3), 5))


def test_a_day_that_looks_no_bar_ahead_is_seen_from_the_next_bar_on():
    bars = walk(24 * 6)
    text = import_pine(
        '//@version=5\nindicator("x")\n'
        'a = request.security(syminfo.tickerid, "D", close[1], lookahead=barmerge.lookahead_on)\n'
        'b = request.security(syminfo.tickerid, "D", close[2], lookahead=barmerge.lookahead_on)\n'
        'alertcondition(a > b, "a")\n'
    ).text
    result = compile_formula(text).evaluate(bars)
    ends = bars.close[23::24]
    for i in range(
        len(bars)
    ):  # Pine: on every bar of a day, the close of the day before (and of the one before that)
        day = i // 24
        np.testing.assert_equal(result.series["a"][i], ends[day - 1] if day >= 1 else NA)
        np.testing.assert_equal(result.series["b"][i], ends[day - 2] if day >= 2 else NA)


def rolling(source, length, function):
    return np.array(
        [function(source[i - length + 1 : i + 1]) if i >= length - 1 else NA for i in range(len(source))]
    )


def test_functions_that_are_written_out_follow_pines_reference_manual():
    bars = walk(150)
    close, high, low = bars.close, bars.high, bars.low
    result = compile_formula(imported("indicators_v5")).evaluate(bars)
    move = np.concatenate([[NA], np.diff(close)])
    ups, downs = np.where(move > 0, move, 0.0), np.where(move < 0, -move, 0.0)
    ups[0] = downs[0] = NA
    total = rolling(ups, 9, np.sum), rolling(downs, 9, np.sum)
    top, bottom = rolling(high, 14, np.max), rolling(low, 14, np.min)
    middle = (high + low) / 2
    before = np.concatenate([[NA], close[:-1]])
    true_range = np.fmax(high - low, np.fmax(np.abs(high - before), np.abs(low - before)))
    shifted = [np.concatenate([np.full(n, NA), close[: len(close) - n]]) for n in range(4)]
    weekday = ((bars.time // 86_400_000 + 4) % 7 + 1).astype(
        int
    )  # 1 is Sunday; 1 January 1970 was a Thursday
    hour = bars.time // HOUR % 24

    def line_end(window, offset):
        slope, start = np.polyfit(np.arange(20), window, 1)
        return start + slope * (19 - offset)

    expected = {
        "a1": 100 * (close - bottom) / (top - bottom),
        "a3": 100 * (middle - bottom) / (top - bottom),
        "a8": 100 * (total[0] - total[1]) / (total[0] + total[1]),
        "a9": true_range,
        "b1": move,
        "b3": rolling(close, 20, lambda w: line_end(w, 0)),
        "b4": rolling(close, 20, lambda w: line_end(w, 2)),
        "b5": rolling(close, 20, lambda w: np.std(w, ddof=1)),
        "f2": rolling(bars.volume, 10, np.sum),
        "f5": shifted[3] / 6 + shifted[2] * 2 / 6 + shifted[1] * 2 / 6 + shifted[0] / 6,
        "f6": (high + low + 2 * close) / 4,
        "f9": rolling(close, 5, np.max) - rolling(close, 5, np.min),
        "g3": np.trunc(close / 3),
        "g5": ((weekday == 2) & (hour >= 9)).astype(float),
        "g9": np.log10(close),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(result.series[name], values, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        (
            "ma_cross_v4",
            "f = sma(close, 9)\ns = sma(close, 21)\nlong when crossover(f, s)\nexit long when crossunder(f, s)",
        ),
        (
            "rsi_v4",
            "r = rsi(close, 14)\nlong when crossover(r, 30) and not na(r)\nshort when crossunder(r, 70) and not na(r)",
        ),
        (
            "supertrend_v5",
            "d = supertrend(3, 10).direction\nlong when d - d[1] > 0\nshort when d - d[1] < 0",
        ),
        (
            "bollinger_v5",
            "b = sma(close, 20)\nlong when crossover(close, b - 2 * stdev(close, 20))\nexit long when close > b",
        ),
        (
            "macd_v5",
            """m = macd(close, 12, 26, 9)
long when crossover(m_line, m_signal) and close > sma(close, 200) and macd(close, 24, 52, 18).signal > 0
exit when crossunder(m_line, m_signal)
m_line = macd(close, 12, 26, 9).macd
m_signal = macd(close, 12, 26, 9).signal
""".split("\n", 1)[1],
        ),
    ],
)
def test_a_strategy_gives_the_orders_of_the_same_formula_written_by_hand(name, own):
    bars = walk(1_500)
    kinds = ("long", "short", "exit", "exit_long", "exit_short")

    def signals(text):
        return [(s.bar, s.kind) for s in compile_formula(text).evaluate(bars).signals if s.kind in kinds]

    found = signals(imported(name))
    assert found == signals(own)
    assert len(found) > 5


def test_a_window_of_dates_holds_between_its_dates():
    bars = walk(200, seed=9)  # hours from 15 November 2023 on
    start = np.datetime64(int(bars.time[0]), "ms")
    script = (
        '//@version=5\nindicator("x")\nfrom = timestamp(2023, 11, 16)\n'
        'w = time >= from and time < timestamp("20 Nov 2023 07:00")\nalertcondition(w, "w")\n'
    )
    result = compile_formula(import_pine(script).text).evaluate(bars)
    moments = start + np.arange(200) * np.timedelta64(1, "h")
    inside = (moments >= np.datetime64("2023-11-16")) & (moments < np.datetime64("2023-11-20T07:00"))
    assert 0 < inside.sum() < 200
    np.testing.assert_array_equal(result.series["w"] == 1, inside)
