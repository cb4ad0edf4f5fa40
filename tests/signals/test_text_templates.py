"""Templates of plain text: what each form reads, what it refuses, and that no text takes long."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.signals.errors import AlertRefused, SourceRefused
from apps.signals.rules import dedupe_key, read_alert
from apps.signals.text_templates import compile_template, match_text

NOW = datetime(2024, 1, 15, 12, tzinfo=UTC)
USUAL = "{{action}} {{symbol}} @ {{price}} on {{timeframe}}"


@pytest.mark.parametrize(
    ("template", "text", "fields"),
    [
        (
            USUAL,
            "buy BTCUSDT @ 45000.5 on 1h",
            {"action": "buy", "symbol": "BTCUSDT", "price": "45000.5", "timeframe": "1h"},
        ),
        # spaces and line breaks count as one space, in both
        ("{{action}}   {{symbol}}", "\n sell\r\n\tAAPL \n", {"action": "sell", "symbol": "AAPL"}),
        # a field reaches up to the next place of the words after it
        (
            "{{strategy}}: {{action}} {{symbol}}",
            "UT Bot v2: buy AAPL",
            {"strategy": "UT Bot v2", "action": "buy", "symbol": "AAPL"},
        ),
        (
            "{{ticker}} crossing up{{action=buy}}",
            "BTCUSDT crossing up",
            {"ticker": "BTCUSDT", "action": "buy"},
        ),
        (
            "Alert: {{symbol}} ({{_}}){{action=info}}",
            "Alert: AAPL (look (twice))",
            {"symbol": "AAPL", "action": "info"},
        ),
        ("({{symbol}}) {{action}}.", "(AAPL) buy.", {"symbol": "AAPL", "action": "buy"}),
        # the first line that fits
        (
            "buy {{symbol}}{{action=buy}}\nsell {{symbol}}{{action=sell}}",
            "sell AAPL",
            {"symbol": "AAPL", "action": "sell"},
        ),
        ("{{symbol=AAPL}}{{action=exit}}all out", "all out", {"symbol": "AAPL", "action": "exit"}),
    ],
)
def test_fields_are_read(template: str, text: str, fields: dict[str, str]):
    assert match_text(compile_template(template), text) == {"text": " ".join(text.split()), **fields}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("buy BTCUSDT at 45000 on 1h", "expected “ @ ” after symbol"),
        ("buy BTCUSDT @ 45000", "expected “ on ” after price"),
        ("buy", "expected “ ” after action"),
        (" @ 1 on 1h", "expected “ @ ” after symbol"),
        ("", "expected “ ” after action"),
    ],
)
def test_a_text_that_does_not_fit_is_told_where(text: str, why: str):
    with pytest.raises(AlertRefused) as caught:
        match_text(compile_template(USUAL), text)
    assert caught.value.code == "no_template_fits"
    assert [(problem.field, problem.message) for problem in caught.value.problems] == [
        ("template line 1", why)
    ]


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{action}}{{symbol}}", "fixed text must stand between action and symbol"),
        ("{{action}} only", "needs {{symbol}}"),
        ("{{symbol}} only", "needs {{action}}"),
        ("{{action}} {{symbol}} {{action}}", "action is there twice"),
        ("{{action}} {{symbol}} {{action=buy}}", "action is there twice"),
        ("{{action}} {{sym bol}}", "a field is written"),
        ("{{action}} {{symbol", "a field is written"),
        ("{{action=}} {{symbol}}", "needs a name and a value"),
        ("\n".join(["{{action}} {{symbol}}"] * 11), "more than 10 lines"),
        ("{{action}} {{symbol}} " + "x" * 2000, "more than 2000 characters"),
    ],
)
def test_a_template_that_cannot_be_read_by_is_refused(template: str, why: str):
    with pytest.raises(SourceRefused, match=r".") as caught:
        compile_template(template)
    assert why in caught.value.message
    assert caught.value.field == "template"


@given(
    values=st.lists(st.text("abcXYZ019.", min_size=1, max_size=12), min_size=4, max_size=4),
    words=st.lists(st.sampled_from([" ", " @ ", " | ", " - on - ", ", "]), min_size=3, max_size=3),
)
def test_what_was_filled_in_is_read_back(values: list[str], words: list[str]):
    """No value holds the fixed text after it here, so there is one reading, and it is that one."""
    names = ["action", "symbol", "price", "note"]
    template = "".join(f"{{{{{name}}}}}{after}" for name, after in zip(names, [*words, ""], strict=True))
    text = "".join(f"{value}{after}" for value, after in zip(values, [*words, ""], strict=True))
    read = match_text(compile_template(template), text)
    assert [read[name] for name in names] == values


@pytest.mark.parametrize(
    "text", ["a " * 32_000, "@" * 64_000, " @ " * 21_000, "a" * 64_000, "a @ a on " * 7_000 + "!"]
)
def test_no_text_takes_long(text: str):
    """Twenty fields, ten lines, 64 KiB: a matcher that tries again would need years."""
    fields = " @ ".join(f"{{{{f{number}}}}}" for number in range(18))
    line = f"{{{{action}}}} {{{{symbol}}}} {fields} end"
    lines = compile_template("\n".join([line] * 10)[:2000].rsplit("\n", 1)[0])
    began = time.thread_time()
    with pytest.raises(AlertRefused):
        match_text(lines, text)
    assert time.thread_time() - began < 0.1


def test_text_is_read_like_json_is():
    lines = compile_template(USUAL)
    alert = read_alert(b"BUY binance:btcusdt @ 45000.50 on 60", received_at=NOW, template=lines)
    assert (alert.action, alert.exchange, alert.symbol, alert.timeframe) == (
        "buy",
        "BINANCE",
        "BTCUSDT",
        "1h",
    )
    assert alert.price == Decimal("45000.5")
    assert alert.payload["text"] == "BUY binance:btcusdt @ 45000.50 on 60"
    json_alert = read_alert(b' {"symbol":"AAPL","action":"sell"}', received_at=NOW, template=lines)
    assert (json_alert.symbol, json_alert.payload) == ("AAPL", {"symbol": "AAPL", "action": "sell"})
    with pytest.raises(AlertRefused) as caught:
        read_alert(b"buy ??? @ 1 on 1h", received_at=NOW, template=lines)
    assert (caught.value.status, caught.value.code) == (422, "unknown_symbol")
    with pytest.raises(AlertRefused, match="NUL"):
        read_alert(b"buy A\0PL @ 1 on 1h", received_at=NOW, template=lines)
    with pytest.raises(AlertRefused, match="not UTF-8"):
        read_alert(b"buy \xff @ 1 on 1h", received_at=NOW, template=lines)
    with pytest.raises(AlertRefused, match="not valid JSON"):  # without a template nothing changes
        read_alert(b"buy AAPL @ 1 on 1h", received_at=NOW)


def test_texts_that_differ_in_what_is_left_out_are_two_alerts():
    lines = compile_template("{{action}} {{symbol}} {{_}}")

    def key(text: str) -> str:
        return dedupe_key(read_alert(text.encode(), received_at=NOW, template=lines), received_at=NOW).key

    assert key("buy AAPL at ten") != key("buy AAPL at eleven")
    assert key("buy AAPL at ten") == key("buy  AAPL at ten\n")
