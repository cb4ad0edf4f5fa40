"""The passphrase in a body: found wherever a sender can write it, and gone from what is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from apps.signals import passphrases
from apps.signals.rules import read_alert
from apps.signals.statements import alert_row
from apps.signals.text_templates import compile_template

WORD = "Open-Sesame!42"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            '{"symbol":"AAPL","passphrase":"%s","action":"buy"}',
            '{"symbol":"AAPL","passphrase":"[cut]","action":"buy"}',
        ),
        ('{ "passphrase" :\n "%s" }', '{ "passphrase" :\n "[cut]" }'),
        ('{"passphrase": "%s", "price": na', '{"passphrase": "[cut]", "price": na'),  # no JSON at all
        ('{"a":{"passphrase":"%s"},"passphrase":"%s"}', '{"a":{"passphrase":"[cut]"},"passphrase":"[cut]"}'),
        ("passphrase=%s buy AAPL", "passphrase=[cut] buy AAPL"),
        ("buy AAPL\npassphrase: %s", "buy AAPL\npassphrase: [cut]"),
        ('buy AAPL passphrase="%s"', 'buy AAPL passphrase="[cut]"'),
    ],
)
def test_it_is_found_and_cut_out(body: str, kept: str):
    sent = body.replace("%s", WORD).encode()
    assert passphrases.is_right(sent, WORD)
    assert not passphrases.is_right(sent, WORD + "x")
    assert not passphrases.is_right(sent, WORD[:-1])
    assert passphrases.cut(sent) == kept.encode()


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"passphrase":null}',
        '{"pass":"%s"}',
        '{"note":"%s"}',
        "%s",
        "",
        "passphrase",
        "nopassphrase=%s",
    ],
)
def test_elsewhere_it_does_not_count(body: str):
    assert not passphrases.is_right(body.replace("%s", WORD).encode(), WORD)


def test_a_wrong_one_with_spaces_and_escapes_is_cut_out_whole():
    body = json.dumps({"passphrase": 'what "is" it\\', "action": "buy", "symbol": "AAPL"}).encode()
    cut = passphrases.cut(body)
    assert json.loads(cut) == {"passphrase": "[cut]", "action": "buy", "symbol": "AAPL"}
    assert passphrases.cut(b'{"passphrase": 12345678}') == b'{"passphrase": "[cut]"}'


def test_what_is_read_does_not_hold_it():
    at = datetime(2024, 1, 15, tzinfo=UTC)
    alert = read_alert(b'{"symbol":"AAPL","action":"buy","passphrase":"[cut]"}', received_at=at)
    assert alert.payload == {"symbol": "AAPL", "action": "buy"}
    lines = compile_template("{{action}} {{symbol}}")
    for text in (b"passphrase=[cut] buy AAPL", b"buy AAPL\npassphrase: [cut]"):
        alert = read_alert(text, received_at=at, template=lines)
        assert alert.payload == {"text": "buy AAPL", "action": "buy", "symbol": "AAPL"}


def test_it_does_not_tell_alerts_apart():
    """A sender that was given another passphrase resends what it sent: it counts once."""
    at = datetime(2024, 1, 15, tzinfo=UTC)
    bodies = [
        b'{"symbol":"AAPL","action":"buy","seq":1,"passphrase":"%s"}' % word for word in (b"first", b"second")
    ]
    rows = [
        alert_row(1, passphrases.cut(body), received_at=at, headers={}, remote_ip=None)[0] for body in bodies
    ]
    assert rows[0].dedupe_key == rows[1].dedupe_key
    assert rows[0].body == rows[1].body


def test_finding_takes_no_long_time_whatever_the_body():
    for part in (b'"passphrase":"', b"passphrase  ", b'"passphrase" :\\"', b"passphrase="):
        body = part * (65_536 // len(part))
        assert not passphrases.is_right(body, WORD)
        passphrases.cut(body)


@pytest.mark.parametrize(
    "text", ["short", "has space inside", 'has"quote"in', "back\\slash1", "ümlaut-here", "x" * 101]
)
def test_one_that_would_look_different_somewhere_is_no_passphrase(text: str):
    assert not passphrases.FORM.fullmatch(text)
    assert passphrases.FORM.fullmatch(WORD)
