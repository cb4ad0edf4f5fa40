"""What an alert says: fields, times and numbers as TradingView and people send them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.signals.errors import AlertRefused
from apps.signals.messages import INDICATOR_MESSAGE, STRATEGY_MESSAGE
from apps.signals.rules import AlertContent, dedupe_key, read_alert, rejected_key

NOW = datetime(2024, 1, 15, 10, 30, 5, tzinfo=UTC)

# the payload of the signal platform's own document
DOCUMENTED = {
    "symbol": "BTCUSDT",
    "timeframe": "1h",
    "action": "buy",
    "price": 45000.50,
    "timestamp": "2024-01-15T10:30:00Z",
    "strategy": "UT_Bot",
    "parameters": {"ema_period": 9, "atr_period": 10, "multiplier": 3.7},
}


def read(**fields: object) -> AlertContent:
    return read_alert(json.dumps(fields).encode(), received_at=NOW)


def refusal(**fields: object) -> AlertRefused:
    with pytest.raises(AlertRefused) as caught:
        read(**fields)
    return caught.value


def test_documented_payload_is_read_whole():
    alert = read_alert(json.dumps(DOCUMENTED).encode(), received_at=NOW)
    assert (alert.symbol, alert.timeframe, alert.action) == ("BTCUSDT", "1h", "buy")
    assert alert.price == Decimal("45000.5")
    assert alert.emitted_at == datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
    assert alert.strategy == "UT_Bot"
    assert alert.parameters == {"ema_period": 9, "atr_period": 10, "multiplier": 3.7}


def test_unknown_fields_are_kept():
    alert = read(symbol="AAPL", action="sell", volume="1.5", note={"deep": [1, None]})
    assert alert.payload["volume"] == "1.5"
    assert alert.payload["note"] == {"deep": [1, None]}


@pytest.mark.parametrize(
    ("sent", "action"),
    [
        ("buy", "buy"),
        ("LONG", "buy"),
        ("Sell", "sell"),
        ("short", "sell"),
        ("exit", "exit"),
        ("close", "exit"),
        (" flat ", "exit"),
        ("info", "info"),
    ],
)
def test_action_words(sent, action):
    assert read(symbol="AAPL", action=sent).action == action


@pytest.mark.parametrize(
    ("sent", "exchange", "symbol"),
    [
        ("btcusdt", "", "BTCUSDT"),
        ("BINANCE:BTCUSDT.P", "BINANCE", "BTCUSDT.P"),
        ("NSE:M&M", "NSE", "M&M"),
        ("CME_MINI:ES1!", "CME_MINI", "ES1!"),
        ("BRK.B", "", "BRK.B"),
        ("BTC/USDT", "", "BTC/USDT"),
        (600519, "", "600519"),
    ],
)
def test_symbols(sent, exchange, symbol):
    alert = read(symbol=sent, action="buy")
    assert (alert.exchange, alert.symbol) == (exchange, symbol)


@pytest.mark.parametrize(
    ("sent", "timeframe"),
    [
        ("1", "1m"),
        (60, "1h"),
        ("240", "4h"),
        ("90", "90m"),
        ("1440", "1d"),
        ("D", "1d"),
        ("1D", "1d"),
        ("4H", "4h"),
        ("15m", "15m"),
        ("60m", "1h"),
        ("W", "1w"),
        ("1M", "1M"),
        ("30S", "30s"),
    ],
)
def test_timeframes(sent, timeframe):
    assert read(symbol="AAPL", action="buy", timeframe=sent).timeframe == timeframe


@pytest.mark.parametrize(
    ("sent", "price"),
    [
        (45000.5, "45000.5"),
        ("45000.50", "45000.5"),
        (45000, "45000"),
        ("0.00001234", "0.00001234"),
        (1e-5, "0.00001"),
        ("123456789012345.123456789012", None),
        ("999999999999999", "999999999999999"),
    ],
)
def test_prices_are_exact_decimals(sent, price):
    if price is None:
        price = sent
    assert read(symbol="AAPL", action="buy", price=sent).price == Decimal(price)


@pytest.mark.parametrize(
    "sent",
    [
        "2024-01-15T10:30:00Z",
        "2024-01-15T13:30:00+03:00",
        1705314600,
        "1705314600",
        1705314600000,
        "1705314600000",
    ],
)
def test_times_in_every_form(sent):
    assert read(symbol="AAPL", action="buy", bar_time=sent).bar_time == datetime(
        2024, 1, 15, 10, 30, tzinfo=UTC
    )


def test_tradingview_names_are_understood():
    alert = read(ticker="AAPL", interval="60", time="2024-01-15T10:30:00Z", action="buy")
    assert (alert.symbol, alert.timeframe) == ("AAPL", "1h")
    assert alert.bar_time == datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "hold"),
        ("action", 1),
        ("price", "abc"),
        ("price", -5),
        ("price", 0),
        ("price", "NaN"),
        ("price", True),
        ("price", "45,000.5"),
        ("price", "1_000"),
        ("price", [1]),
        ("timestamp", "yesterday"),
        ("timestamp", "1989-12-31T00:00:00Z"),
        ("timestamp", "2024-02-15T00:00:00Z"),
        ("bar_time", "2025-01-15T00:00:00Z"),
        ("timestamp", True),
        ("id", {"a": 1}),
        ("id", "x" * 201),
        ("seq", -1),
        ("seq", 1.5),
        ("strategy", ["UT_Bot"]),
        ("parameters", "ema=9"),
    ],
)
def test_wrong_value_names_its_field(field, value):
    error = refusal(**({"symbol": "AAPL", "action": "buy"} | {field: value}))
    assert error.status == 400
    assert [problem.field for problem in error.problems] == [field]


def test_all_problems_are_named_at_once():
    error = refusal(price="cheap", action="hold")
    assert [problem.field for problem in error.problems] == ["action", "price", "symbol"]
    assert "buy, long, sell, short, exit, close, flat, info" in error.message


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"symbol": "BTC USDT;DROP", "action": "buy"}, "unknown_symbol"),
        ({"symbol": "x" * 41, "action": "buy"}, "unknown_symbol"),
        ({"symbol": ["AAPL"], "action": "buy"}, "unknown_symbol"),
        ({"symbol": "AAPL", "action": "buy", "timeframe": "7 parsecs"}, "unknown_timeframe"),
        ({"symbol": "AAPL", "action": "buy", "timeframe": 0}, "unknown_timeframe"),
    ],
)
def test_unknown_symbol_or_timeframe_is_unprocessable(fields, code):
    error = refusal(**fields)
    assert (error.status, error.code) == (422, code)


def test_unfilled_placeholder_is_called_by_its_name():
    error = refusal(symbol="{{ticker}}", action="buy")
    assert error.status == 400
    assert "placeholder" in error.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not valid JSON"),
        (b"BTCUSDT buy", "line 1, column 1"),
        (b'{"symbol": "BTCUSDT", "action": "buy",}', "line 1, column"),
        (b'{"symbol": "A", "action": "buy", "price": NaN}', "NaN is not a JSON number"),
        (b'{"price": 1e999}', "too large"),
        (b"[1, 2]", "one JSON object"),
        (b'"buy"', "one JSON object"),
        (b"\xff\xfe{", "not UTF-8"),
        (b"[" * 60_000, "nested too deeply"),
        (b'{"a":' * 51 + b"1" + b"}" * 51, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"symbol": "A\\u0000", "action": "buy"}', "NUL"),
        (b'{"symbol": "A", "action": "buy", "x": "\\ud800"}', "surrogate"),
    ],
)
def test_unreadable_body_says_why(body, words):
    with pytest.raises(AlertRefused) as caught:
        read_alert(body, received_at=NOW)
    assert caught.value.status == 400
    assert words in caught.value.message


def test_byte_order_mark_is_no_obstacle():
    assert read_alert(b'\xef\xbb\xbf{"symbol":"AAPL","action":"buy"}', received_at=NOW).symbol == "AAPL"


def key(body: str, at: datetime = NOW) -> str:
    return dedupe_key(read_alert(body.encode(), received_at=at), received_at=at).key


def test_explicit_id_decides_alone():
    assert key('{"id":"7","symbol":"A","action":"buy"}') == key(
        '{"id":7,"symbol":"A","action":"buy","price":2}'
    )


def test_same_content_in_other_order_and_spacing_is_the_same_alert():
    one = '{"symbol":"A","action":"buy","price":1.5,"time":"2024-01-15T10:00:00Z"}'
    other = '{ "time": "2024-01-15T10:00:00Z", "price": 1.50, "action": "buy", "symbol": "A" }'
    assert key(one) == key(other)


def test_another_bar_is_another_alert():
    one = '{"symbol":"A","action":"buy","bar_time":"2024-01-15T09:00:00Z"}'
    assert key(one) != key(one.replace("09:00", "10:00"))


def test_two_real_alerts_of_one_second_differ_by_content():
    one = '{"symbol":"A","action":"buy","timestamp":"2024-01-15T10:30:00Z"}'
    assert key(one) != key(one.replace("buy", "sell"))


def test_undated_alert_repeats_within_a_minute_only():
    body = '{"symbol":"A","action":"buy"}'
    assert key(body) == key(body, NOW + timedelta(seconds=20))
    assert key(body) != key(body, NOW + timedelta(days=1))
    across = NOW.replace(minute=31, second=2)
    later = dedupe_key(read_alert(body.encode(), received_at=across), received_at=across)
    assert later.previous == key(body)


def test_an_unreadable_alert_does_not_take_the_id_of_its_mended_successor():
    broken = b'{"id":"7","symbol":"A","action":"hold"}'
    assert rejected_key(broken).key != key('{"id":"7","symbol":"A","action":"buy"}')


@pytest.mark.parametrize("message", [INDICATOR_MESSAGE, STRATEGY_MESSAGE])
def test_messages_to_paste_are_read_once_tradingview_has_filled_them(message):
    """The values are those of TradingView's own description of its placeholders."""
    filled = {
        "exchange": "NASDAQ",
        "ticker": "AAPL",
        "interval": "60",
        "close": "187.25",
        "time": "2024-01-15T10:00:00Z",
        "timenow": "2024-01-15T10:30:03Z",
        "strategy.order.id": "Long",
        "strategy.order.action": "buy",
        "strategy.order.price": "187.25",
        "strategy.position_size": "10",
    }
    for name, value in filled.items():
        message = message.replace("{{" + name + "}}", value)
    assert "{{" not in message
    alert = read_alert(message.encode(), received_at=NOW)
    assert (alert.exchange, alert.symbol, alert.timeframe, alert.action) == ("NASDAQ", "AAPL", "1h", "buy")
    assert alert.price == Decimal("187.25")
    assert alert.bar_time == datetime(2024, 1, 15, 10, tzinfo=UTC)
