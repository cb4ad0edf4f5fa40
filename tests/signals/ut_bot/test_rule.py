"""The UT Bot rule as a formula and as Pine: the published vector, plain Python, and the rules of Pine v6."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.pine import import_pine
from apps.formulas.selectors import check_report
from apps.signals.errors import UtBotRefused
from apps.signals.rules import dedupe_key, read_alert
from apps.signals.ut_bot.formula import formula_text, hash_of_text, text_of_rule
from apps.signals.ut_bot.messages import placeholder_message, sample_message
from apps.signals.ut_bot.parameters import (
    UtBotRule,
    pine_timeframe,
    read_multiplier,
    read_period,
    read_symbols,
    read_timeframe,
)
from apps.signals.ut_bot.script import script_of
from tests.engine.pine.pine_rules import check_script, read_lines
from tests.signals.ut_bot.vector import SIGNALS, STOPS, ut_bot, vector_bars

NOW = datetime(2024, 1, 15, 10, 30, 20, tzinfo=UTC)
MANY = tuple(f"BINANCE:COIN{n}USDT" for n in range(1, 41))


def rule(*symbols: str, **changed: object) -> UtBotRule:
    values = {
        "strategy": "UTB-7",
        "timeframe": "1h",
        "ema_period": 9,
        "atr_period": 10,
        "multiplier": Decimal("3.7"),
    }
    return UtBotRule(symbols=symbols or ("BINANCE:BTCUSDT",), **(values | changed))  # type: ignore[arg-type]


def as_bars(rows: list[tuple[float, float, float, float]]) -> Bars:
    columns = np.array(rows, dtype=np.float64).T
    times = np.arange(len(rows), dtype=np.int64) * 3_600_000
    return Bars(times, *(c.copy() for c in columns), np.ones(len(rows)), timeframe_ms=3_600_000)


def test_the_plain_rule_reproduces_the_published_vector():
    stops, signals = ut_bot(vector_bars(), key=1, atr_period=3, ema_period=1)
    assert signals == SIGNALS
    assert stops[:2] == [None, None]
    assert stops[2:] == pytest.approx(STOPS, abs=1e-6)


def test_the_formula_fires_where_the_published_vector_does():
    program = compile_formula(formula_text(multiplier=1, atr_period=3, ema_period=1))
    found = program.evaluate(as_bars(vector_bars()))
    assert {signal.bar: signal.kind for signal in found.signals} == SIGNALS


@pytest.mark.parametrize(
    ("key", "atr_period", "ema_period"), [(1, 3, 1), (1.5, 10, 5), (3.7, 10, 9), (0.6, 14, 2)]
)
def test_formula_and_plain_rule_fire_on_the_same_bars(key: float, atr_period: int, ema_period: int):
    """After the first bars, on which the two averages are seeded differently."""
    random = np.random.default_rng(7)
    closes = 100 * np.exp(np.cumsum(random.normal(0, 0.01, 3_000)))
    opens = np.concatenate([[100.0], closes[:-1]])
    spread = np.abs(random.normal(0, 0.004, (2, 3_000))) * closes
    rows = [(o, max(o, c) + u, min(o, c) - d, c) for o, c, u, d in zip(opens, closes, *spread, strict=True)]
    _, plain = ut_bot(rows, key=key, atr_period=atr_period, ema_period=ema_period)
    program = compile_formula(formula_text(multiplier=key, atr_period=atr_period, ema_period=ema_period))
    ours = {signal.bar: signal.kind for signal in program.evaluate(as_bars(rows)).signals}
    settled = 25 * atr_period
    late = {bar: kind for bar, kind in plain.items() if bar >= settled}
    assert len(late) >= 5
    assert {bar: kind for bar, kind in ours.items() if bar >= settled} == late


def test_the_script_of_one_symbol_is_the_formula_by_the_same_parameters():
    made = rule()
    for kind in ("indicator", "strategy"):
        script = script_of(made, kind)  # type: ignore[arg-type]
        check_script(script)
        imported = import_pine(script)
        assert imported.complete
        assert check_report(imported.text)["hash"] == hash_of_text(text_of_rule(made))
    for line in (
        "float key = input.float(3.7, minval = 0.1, maxval = 50.0, step = 0.01)",
        "int atr_period = input.int(10, minval = 1, maxval = 200)",
        "int ema_period = input.int(9, minval = 1, maxval = 200)",
    ):
        assert line in script_of(made).splitlines()


@pytest.mark.parametrize("count", [2, 15, 40])
def test_the_script_of_many_symbols_keeps_to_what_pine_allows(count: int):
    script = script_of(rule(*MANY[:count]))
    check_script(script)
    lines = read_lines(script)
    requests = [line for line in lines if "request.security" in line.words]
    assert len(requests) == count <= 40
    returned = sum(line.words[: line.words.index("]")].count(",") + 1 for line in requests)
    assert returned <= 127  # elements of tuples that all requests of a script may return together
    assert [line.words.count("alert") for line in lines if "alert" in line.words] == [1]
    assert sum(" = " in line.text for line in lines) <= 1_000
    assert all(f'"{symbol}"' in script for symbol in MANY[:count])


def test_the_script_of_many_symbols_holds_the_very_rule_of_the_script_of_one():
    def rule_lines(script: str) -> list[str]:
        body = re.sub(r"\b(line_|trail)\b", "stop", script)
        body = (
            body.replace("atr_bars", "atr_period")
            .replace("ema_bars", "ema_period")
            .replace("multiple", "key")
        )
        wanted = ("float prior", "stop :=", "float average")
        return [line.strip() for line in body.splitlines() if line.strip().startswith(wanted)]

    one, many = rule_lines(script_of(rule())), rule_lines(script_of(rule(*MANY[:2])))
    assert len(one) == 3
    assert one == many


def test_never_more_than_fourteen_triggers_in_three_minutes():
    """The sending part of the script, line by line in Python, under bursts of forty signals."""
    script = script_of(rule(*MANY))
    lines = [
        "while array.size(sent) > 0 and array.get(sent, 0) <= timenow - 180000",
        "    array.shift(sent)",
        "while array.size(waiting) > 0 and array.size(sent) < 14",
        "    array.push(sent, timenow)",
        "    alert(array.shift(waiting), alert.freq_all)",
    ]
    assert "\n".join(lines) in script
    waiting: list[int] = []
    sent: list[int] = []
    triggers: list[int] = []
    given = 0
    for now in range(0, 3_600_000, 1_000):  # a price every second for an hour
        if now % 900_000 == 0:
            waiting += range(given, given + 40)
            given += 40
        while sent and sent[0] <= now - 180_000:
            sent.pop(0)
        while waiting and len(sent) < 14:
            sent.append(now)
            triggers.append(now)
            waiting.pop(0)
    assert len(triggers) == given
    assert all(later - earlier >= 180_000 for earlier, later in zip(triggers, triggers[14:], strict=False))


def test_messages_have_one_id_for_one_bar_and_are_read_by_the_intake():
    made = rule()
    digest = hash_of_text(text_of_rule(made))
    first = sample_message(made, formula=digest, now=NOW)
    assert first["id"] == "UTB_7|BINANCE:BTCUSDT|60|1705312800000|long"
    assert first == sample_message(made, formula=digest, now=NOW.replace(minute=59))
    assert first["id"] != sample_message(made, formula=digest, now=NOW.replace(hour=11))["id"]
    assert first["id"] != sample_message(made, formula=digest, now=NOW, side="short")["id"]
    assert (first["timestamp"], first["bar_time"]) == ("2024-01-15T10:00:00Z", "2024-01-15T09:00:00Z")
    content = read_alert(json.dumps(first).encode(), received_at=NOW)
    assert (content.exchange, content.symbol, content.timeframe) == ("BINANCE", "BTCUSDT", "1h")
    assert (content.action, content.seq, content.strategy) == ("buy", 1, "UTB-7")
    assert dedupe_key(content, received_at=NOW).key == f"id:{first['id']}"


def test_both_scripts_send_the_fields_of_the_sample():
    fields = list(sample_message(rule(), formula="x", now=NOW))
    for script in (script_of(rule()), script_of(rule(*MANY[:2]))):
        sent = re.findall(
            r'message(?: := message \+)? = ?"\{\\"(\w+)\\"|message := message \+ ",\\"(\w+)\\"', script
        )
        names = [one or other for one, other in sent]
        assert [name for name in names if name in fields] == [name for name in fields if name in names]
        assert set(fields) - {"v"} <= set(names)
        assert '\\"v\\":1' in script
        assert '"UTB_7' in script
        assert f'\\"{hash_of_text(text_of_rule(rule()))}\\"' in script


def test_placeholders_become_an_alert_once_tradingview_filled_them_in():
    text = placeholder_message(rule(), "short")
    filled = (
        text.replace("{{exchange}}", "BINANCE").replace("{{ticker}}", "BTCUSDT").replace("{{interval}}", "60")
        .replace("{{close}}", "45000.5").replace("{{time}}", "2024-01-15T09:00:00Z")
        .replace("{{timenow}}", "2024-01-15T10:00:03Z")
    )  # fmt: skip
    assert "{{" not in filled
    content = read_alert(filled.encode(), received_at=NOW)
    assert (content.action, content.symbol, content.alert_id) == (
        "sell",
        "BTCUSDT",
        "UTB_7|BINANCE:BTCUSDT|60|2024-01-15T09:00:00Z|short",
    )


@pytest.mark.parametrize(
    ("text", "name", "pine"),
    [
        ("60", "1h", "60"),
        ("15m", "15m", "15"),
        ("4H", "4h", "240"),
        ("1440", "1d", "1D"),
        ("D", "1d", "1D"),
        ("1W", "1w", "1W"),
        ("3M", "3M", "3M"),
    ],
)
def test_timeframes(text: str, name: str, pine: str):
    assert read_timeframe(text) == name
    assert pine_timeframe(name) == pine


@pytest.mark.parametrize(
    ("read", "part"),
    [
        (lambda: read_symbols(""), "at least one symbol"),
        (lambda: read_symbols("BTCUSDT"), "exchange and ticker"),
        (lambda: read_symbols('BINANCE:A"); alert('), "exchange and ticker"),
        (lambda: read_symbols("BINANCE:A binance:a"), "stands there twice"),
        (lambda: read_symbols(" ".join([*MANY, "X:Y"])), "These are 41 symbols"),
        (lambda: read_timeframe("5s"), "not a timeframe"),
        (lambda: read_timeframe("2000"), "not a timeframe"),
        (lambda: read_timeframe("25h"), "not a timeframe"),
        (
            lambda: read_period("ema_period", 0, (1, 200)),
            "The EMA period must be a whole number of bars from 1 to 200",
        ),
        (lambda: read_period("atr_period", 201, (1, 200)), "The ATR period must be"),
        (lambda: read_multiplier("0.05"), "from 0.1 to 50"),
        (lambda: read_multiplier("1.234"), "two decimals"),
        (lambda: read_multiplier("NaN"), "not NaN"),
        (lambda: read_multiplier("much"), "not much"),
    ],
)
def test_what_is_refused_says_what_is_right(read, part: str):
    with pytest.raises(UtBotRefused, match=re.escape(part)) as refused:
        read()
    assert refused.value.field in ("symbols", "timeframe", "ema_period", "atr_period", "multiplier")
