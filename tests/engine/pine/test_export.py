"""What each statement and expression becomes in Pine, by hand; and what comes of it when it cannot."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.lang import compile_formula
from apps.engine.pine import export_pine
from apps.engine.pine.exporter.messages import slug
from apps.engine.pine.names import formula_name, pine_name
from tests.engine.pine.pine_rules import KEYWORDS

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True) | st.sampled_from(
    [
        "line",
        "line_",
        "line__",
        "x_1",
        "f_ema",
        "long_1",
        "text_2_",
        "seq",
        "color",
        "strategy",
        "stop_loss_by",
    ]
)


def formula_part(text: str, kind: str = "indicator", **settings: object) -> list[str]:
    """The lines between the marks, without those of `long when close > open`, which makes any text a formula."""
    exported = export_pine(text + "\nlong when close > open", kind, "Test", settings)
    assert not exported.problems
    lines = exported.script.split("//- Formula\n")[1].split("\n\n//- ")[0].split("\n")
    assert lines[-1] == "bool long_1 = close > open"
    return lines[:-1]


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("input n = 9 in 2..50", "int n = input.int(9, minval = 2, maxval = 50)"),
        (
            'input n = 9 in 2..50 step 7 "Bars"',
            'int n = input.int(9, "Bars", minval = 2, maxval = 50, step = 7)',
        ),
        (
            "input k = 2.0 in 1..4 step 0.5",
            "float k = input.float(2.0, minval = 1.0, maxval = 4.0, step = 0.5)",
        ),
        (
            "input p = 3% in 0.5%..10%",
            'float p = input.float(3.0, minval = 0.5, maxval = 10.0, tooltip = "In percent") / 100.0',
        ),
        ("input on = false", "bool on = input.bool(false)"),
        ('input m = "a" in "a", "b"', 'string m = input.string("a", options = ["a", "b"])'),
        ('input m = "a \\"b\\" \\\\" "C"', 'string m = input.string("a \\"b\\" \\\\", "C")'),
        ("x = close + 1", "float x = close + 1"),
        ("x = close > 1", "bool x = close > 1"),
        ("x = 2 * 3", "int x = 2 * 3"),
        ("x = 3 / 2", "float x = 3 / 2"),
        ("x = ema(close, 9)", "float x = ta.ema(close, 9)"),
        ("x = rising(close, 2)", "bool x = f_rising(close, 2)"),
        ("x = close * 2%", "float x = close * (2 / 100.0)"),
        ("x = close / open", "float x = f_div(close, open)"),
        ("x = close / 2", "float x = close / 2"),
        ("x = close % open", "float x = f_mod(close, open)"),
        ("x = max(close, open)", "float x = f_max(close, open)"),
        ("x = min(close, open, 3)", "float x = f_min3(close, open, 3)"),
        ("x = - -close", "float x = -(-close)"),
        ("x = close[2]", "float x = close[2]"),
        ("x = close - (open - high)", "float x = close - (open - high)"),
        ("x = (close - open) * 2", "float x = (close - open) * 2"),
        ("x = not (close > open) and true", "bool x = not (close > open) and true"),
        ("x = close > open ? 1 : close < 2 ? 2 : 3", "float x = close > open ? 1 : close < 2 ? 2 : 3"),
        ("x = day_of_week + day_of_month", "float x = dayofweek + dayofmonth"),
        ("x = vwap", "float x = ta.vwap(hlc3)"),
        ("x = obv", "float x = f_obv()"),
        ("x = round(close)", "float x = math.round(close)"),
        ("x = na", "float x = na"),
        ("line = close", "float line_ = close"),
        ("line_ = close", "float line__ = close"),
        ("exit long when close < 3", "bool exit_long_1 = close < 3"),
        ("exit after 4 bars", "int exit_after = 4"),
        ("stop_loss 3%", "float stop_loss_percent = 3 / 100.0"),
        ("take_profit at close + 1", "float take_profit_at = close + 1"),
        ("trailing_stop by 4", "float trailing_stop_by = 4"),
        ("size 50%", "float size_percent = 50 / 100.0"),
        ("size 1000", "float size_cash = 1000"),
        ("size 2 units", "float size_units = 2"),
        ('plot close as "A \\"b\\""', 'plot(close, "A \\"b\\"")'),
    ],
)
def test_a_statement_is_one_line(statement: str, line: str) -> None:
    assert formula_part(statement) == [line]


@pytest.mark.parametrize(
    ("statement", "lines"),
    [
        ("x = 2 * ema(close, 9)", ["float x_1 = ta.ema(close, 9)", "float x = 2 * x_1"]),
        (
            "x = ema(sma(close, 3), 9)",
            ["float x_1 = ta.sma(close, 3)", "float x = ta.ema(x_1, 9)"],
        ),
        (
            "x = rsi(close, 9) > 50 and rsi(close, 9) < 70",
            ["float x_1 = ta.rsi(close, 9)", "bool x = x_1 > 50 and x_1 < 70"],
        ),
        ("x = (close - open)[1]", ["float x_1 = (close - open)", "float x = x_1[1]"]),
        ("x = ema(close, 9)[1]", ["float x_1 = ta.ema(close, 9)", "float x = x_1[1]"]),
        (
            "x = bb(close, 20, 2).lower - bb(close, 20, 2).upper",
            ["[x_1, x_2, x_3] = ta.bb(close, 20, 2)", "float x = x_3 - x_2"],
        ),
        ("x = dmi(14).adx", ["[x_1, x_2, x_3] = ta.dmi(14, 14)", "float x = x_3"]),
        ("x = supertrend(3, 10).direction", ["[x_1, x_2] = f_supertrend(3, 10)", "float x = x_2"]),
        ("x = macd(close, 26, 12, 9).hist", ["[x_1, x_2, x_3] = f_macd(close, 26, 12, 9)", "float x = x_3"]),
        ("x = ema(close, 20 / 2)", ["float x = ta.ema(close, int(20 / 2))"]),
        ("n = nz(n[1], 0) + 1", ["float n = na", "n := nz(n[1], 0) + 1"]),
        (
            "up = nz(down[1], 0) + 1\ndown = up / 2",
            ["float down = na", "float up = nz(down[1], 0) + 1", "down := up / 2"],
        ),
        (
            "flip = nz(close[1], 0) > 1 and not flip[2]",
            ["bool flip = false", "flip := nz(close[1], 0) > 1 and not flip[2]"],
        ),
        (
            "a = b + 1\nb = close",
            ["float b = close", "float a = b + 1", "//- b is computed above, where it is first needed"],
        ),
        ("x = close == na", ["float x_1 = na", "bool x = close == x_1"]),
        ("x = close > 1 ? na : 2", ["float x = close > 1 ? na : 2"]),
        ("# why\n\nx = close # so", ["// why", "float x = close  // so"]),
        ("# @version=4\nx = close", ["// # @version=4", "float x = close"]),
        (
            'alert "{x} at {time}" when x > 1\nx = close',
            [
                "float x = close",
                "bool alert_1 = x > 1",
                'string text_1 = f_text(x) + " at " + f_time()',
                "//- x is computed above, where it is first needed",
            ],
        ),
        (
            'x = tf("4h", close)',
            [
                'bool x_1 = time_close == time_close("240")',
                "float x_2 = close",
                'float x_3 = request.security(syminfo.tickerid, "240", x_2, lookahead = barmerge.lookahead_off)',
                'float x_4 = request.security(syminfo.tickerid, "240", x_2[1], lookahead = barmerge.lookahead_on)',
                "float x_5 = x_1 ? x_3 : x_4",
                "float x = x_5",
            ],
        ),
    ],
)
def test_a_statement_of_several_lines(statement: str, lines: list[str]) -> None:
    assert formula_part(statement) == lines


@pytest.mark.parametrize(
    ("frame", "pine"),
    [("5m", "5"), ("60m", "60"), ("4h", "240"), ("1d", "1D"), ("3d", "3D"), ("1w", "1W"), ("1M", "1M")],
)
def test_timeframes_are_written_as_pine_does(frame: str, pine: str) -> None:
    assert formula_part(f'x = tf("{frame}", close)')[0] == f'bool x_1 = time_close == time_close("{pine}")'


def test_settings_become_the_defaults() -> None:
    lines = formula_part('input n = 9\ninput p = 3%\ninput m = "a" in "a", "b"', n=12, p=0.07, m="b")
    assert lines == [
        "int n = input.int(12)",
        'float p = input.float(7.0, tooltip = "In percent") / 100.0',
        'string m = input.string("b", options = ["a", "b"])',
    ]


@given(NAMES)
def test_names_come_back(name: str) -> None:
    written = pine_name(name)
    assert formula_name(written) == name
    assert written not in KEYWORDS
    assert not re.fullmatch(r"f_\w*[A-Za-z0-9]|x_\d+|(long|short|exit|alert|text)_\d+", written)


@given(NAMES, NAMES)
def test_names_stay_apart(one: str, other: str) -> None:
    assert (pine_name(one) == pine_name(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "kind", "line", "column", "message"),
    [
        ("long when close >", "indicator", 1, 18, "expected a value"),
        ('alert "x" when close > open', "strategy", 1, 1, "a strategy needs a long or a short"),
        (
            'n = nz(n[1], 0) + close\nlong when tf("1d", n) > 1',
            "indicator",
            2,
            11,
            "`n` uses its own past, which Pine cannot compute on another timeframe",
        ),
        ('plot close as "a\tb"\nlong when close > 1', "indicator", 1, 1, "a character that cannot be printed"),
        (
            "\n".join(f'plot close + {i} as "p{i}"' for i in range(65)) + "\nlong when close > 1",
            "indicator",
            1,
            1,
            "the script would have 65 plots; Pine allows 64",
        ),
        (
            "\n".join(f'plot tf("1d", close + {i}) as "p{i}"' for i in range(21)) + "\nlong when close > 1",
            "indicator",
            1,
            1,
            "the script would have 42 requests of other timeframes; Pine allows 40",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_named(text: str, kind: str, line: int, column: int, message: str) -> None:
    exported = export_pine(text, kind, "Test")  # type: ignore[arg-type]
    assert exported.script == ""
    [problem] = exported.problems
    assert (problem.line, problem.column) == (line, column)
    assert message in problem.message
    assert exported.as_dict()["problems"][0]["line"] == line


def test_a_problem_names_its_node() -> None:
    text = 'n = nz(n[1], 0) + close\nlong when tf("1d", n) > 1'
    assert [p.node for p in export_pine(text, "strategy", "Test").problems] == ["/statements/1/when/first"]
    text = 'plot close as "a\tb"\nlong when close > 1'
    assert [p.node for p in export_pine(text, "strategy", "Test").problems] == ["/statements/0"]


def test_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="indicator or strategy"):
        export_pine("long when close > open", "library", "Test")  # type: ignore[arg-type]


def test_a_name_cannot_break_the_script() -> None:
    script = export_pine("long when close > open", "indicator", 'A "b"\nplot(close)\\').script
    assert script.split("\n")[2] == 'indicator("A \\"b\\" plot(close)\\\\", overlay = true)'


def test_a_condition_that_could_speak_early_waits_for_its_lookback() -> None:
    """`not (na > 50)` is true: without the guard the script would act before RSI has a value."""
    script = export_pine("long when not (rsi(close, 14) > 50)", "strategy", "Test").script
    assert "bool asks_long = bar_index >= 14 and long_1" in script
    script = export_pine("long when rsi(close, 14) > 50", "strategy", "Test").script
    assert "bool asks_long = long_1" in script


@pytest.mark.parametrize(
    ("size", "type_", "value"),
    [
        ("size 50%", "percent_of_equity", "50"),
        ("size 1000", "cash", "1000"),
        ("size 2 units", "fixed", "2"),
        ("", "percent_of_equity", "100"),
    ],
)
def test_a_strategy_declares_its_size(size: str, type_: str, value: str) -> None:
    script = export_pine(f"long when close > open\n{size}", "strategy", "Test").script
    assert f"default_qty_type = strategy.{type_}, default_qty_value = {value}, " in script
    assert "initial_capital = 10000, " in script
    assert "commission_value = 0.1, " in script


def test_a_message_is_the_schema_the_intake_reads() -> None:
    """The sum of texts, worked out here, is JSON with the documented fields."""
    script = export_pine(
        'input n = 9\ninput m = "a"\nlong when ema(close, n) > 1', "indicator", 'My "bot"'
    ).script
    digest = compile_formula('input n = 9\ninput m = "a"\nlong when ema(close, n) > 1').formula_hash
    parts = re.findall(r'message := message \+ (".*)', script)
    values = {
        "f_json(syminfo.ticker)": '"BTCUSDT"',
        "f_json(syminfo.prefix)": '"BINANCE"',
        "f_json(f_timeframe())": '"1h"',
        "f_json(message_action)": '"buy"',
        "f_json(message_signal)": '"long"',
        "f_number(close)": "45000.5",
        "f_json(f_moment(time_close))": '"2024-01-15T10:30:00Z"',
        "f_json(f_moment(time))": '"2024-01-15T09:30:00Z"',
        'str.tostring(message_number, "#")': "7",
        "f_number(n)": "9",
        "f_json(m)": '"a"',
    }
    message = '{"v":1'
    for part in parts:
        if part.startswith('",\\"id'):
            assert part.endswith('"|" + str.tostring(time_close, "#") + "|" + message_signal)')
            message += ',"id":"My_bot|BINANCE:BTCUSDT|60|1705314600000|long"'
            continue
        for call, value in values.items():
            part = part.replace(call, json.dumps(value))
        message += "".join(json.loads(text) for text in re.findall(r'"(?:[^"\\]|\\.)*"', part))
    assert json.loads(message + "}") == {
        "v": 1,
        "id": "My_bot|BINANCE:BTCUSDT|60|1705314600000|long",
        "symbol": "BTCUSDT",
        "exchange": "BINANCE",
        "timeframe": "1h",
        "action": "buy",
        "signal": "long",
        "price": 45000.5,
        "timestamp": "2024-01-15T10:30:00Z",
        "bar_time": "2024-01-15T09:30:00Z",
        "seq": 7,
        "strategy": 'My "bot"',
        "formula": digest,
        "parameters": {"n": 9, "m": "a"},
    }


def test_an_id_stays_short() -> None:
    assert slug("My bot, v2") == "My_bot_v2"
    assert slug("…") == "formula"
    assert len(slug("a" * 100)) == 80


def test_a_long_formula_is_exported_without_deep_recursion() -> None:
    count = 300
    lines = [f"a{i} = a{i + 1} + 1" for i in range(count)] + [f"a{count} = close", "long when a0 > 1"]
    assert not export_pine("\n".join(lines), "strategy", "Test").problems
    signs = "-" * 2_000
    assert not export_pine(f"long when {signs}close > 1", "strategy", "Test").problems
    chain = " + ".join(["close"] * 1_500)
    assert not export_pine(f"long when {chain} > 1", "strategy", "Test").problems
    choice = " : ".join(f"close > {i} ? {i}" for i in range(400))
    assert not export_pine(f"x = {choice} : 0\nlong when x > 1", "strategy", "Test").problems


def test_names_of_names_take_no_longer_than_their_number() -> None:
    def seconds(count: int) -> float:
        names = "".join(f"a{i} = a{i + 1}\n" for i in range(count)) + f"a{count} = close\n"
        text = names + f"long when a0 > 0 or a{count} > 1\n"
        started = time.thread_time()
        assert not export_pine(text, "indicator", "Test").problems
        return time.thread_time() - started

    assert any(seconds(800) < 25 * seconds(80) for _ in range(3))
