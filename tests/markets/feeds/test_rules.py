"""Settings of each provider, and when a feed is late and stale."""

from __future__ import annotations

from typing import Any

import pytest

from apps.markets.errors import FeedSettingsInvalid
from apps.markets.rules.feeds import (
    bounds_s,
    check_bounds,
    clean_settings,
    exchange_ids,
    state_by_age,
    waiting_s,
)

BARS = "6f9619ff-8b86-4011-b42d-00c04fc964ff"


def test_what_is_left_out_is_filled_in():
    assert clean_settings("replay", {"bar_set": BARS}) == {
        "bar_set": BARS,
        "start": 0,
        "bars_per_second": 1.0,
        "loop": True,
    }
    assert clean_settings("ccxt", {"exchange": "binance", "symbol": "BTC/USDT", "websocket": False}) == {
        "exchange": "binance",
        "symbol": "BTC/USDT",
        "is_testnet": False,
        "websocket": False,
        "history": 500,
    }
    assert clean_settings("csv_drop", {"folder": "my-bars_2"}) == {"folder": "my-bars_2"}


@pytest.mark.parametrize(
    ("provider", "given", "field"),
    [
        ("replay", {}, "bar_set"),
        ("replay", {"bar_set": "17"}, "bar_set"),
        ("replay", {"bar_set": BARS, "start": -1}, "start"),
        ("replay", {"bar_set": BARS, "start": True}, "start"),
        ("replay", {"bar_set": BARS, "bars_per_second": 0}, "bars_per_second"),
        ("replay", {"bar_set": BARS, "bars_per_second": 10_001}, "bars_per_second"),
        ("replay", {"bar_set": BARS, "bars_per_second": float("nan")}, "bars_per_second"),
        ("replay", {"bar_set": BARS, "loop": "yes"}, "loop"),
        ("replay", {"bar_set": BARS, "speed": 2}, "speed"),
        ("ccxt", {"exchange": "mtgox", "symbol": "BTC/USDT"}, "exchange"),
        ("ccxt", {"exchange": ["binance"], "symbol": "BTC/USDT"}, "exchange"),
        ("ccxt", {"exchange": "binance", "symbol": "BTC USDT"}, "symbol"),
        ("ccxt", {"exchange": "binance"}, "symbol"),
        ("csv_drop", {"folder": "../../etc"}, "folder"),
        ("csv_drop", {"folder": ".hidden"}, "folder"),
        ("csv_drop", {"folder": "Capitals"}, "folder"),
        ("csv_drop", {}, "folder"),
    ],
)
def test_what_cannot_be_is_named(provider: str, given: dict[str, Any], field: str):
    with pytest.raises(FeedSettingsInvalid) as caught:
        clean_settings(provider, given)
    assert caught.value.field == f"settings.{field}"


def test_exchanges_are_those_of_the_library_without_importing_it():
    assert {"binance", "kraken", "okx"} <= exchange_ids()
    assert not {"__init__", "base", ""} & exchange_ids()


@pytest.mark.parametrize(("late", "stale"), [(1, 3), (2, 2), (3, 2), (float("nan"), 3), (2, float("inf"))])
def test_late_comes_after_due_and_stale_after_late(late: float, stale: float):
    with pytest.raises(FeedSettingsInvalid):
        check_bounds(late, stale)
    check_bounds(1.5, 2)


@pytest.mark.parametrize(
    ("speed", "bounds"),
    [
        (None, (120, 180)),
        (1.0, (6, 20)),  # not for a pause of the machine
        (0.1, (20, 30)),
        (5000.0, (6, 20)),
    ],
)
def test_bounds_in_seconds(speed: float | None, bounds: tuple[float, float]):
    assert bounds_s(speed=speed, timeframe_ms=60_000, late_after=2, stale_after=3) == bounds


@pytest.mark.parametrize(
    ("case", "speed", "last_time", "received", "started", "expected"),
    [
        ("since the close of the last bar", None, 880_000, 941, 500, 60),
        ("since the start when that was later", None, 100_000, 161, 900, 100),
        ("of an old bar that came after the start", None, 100_000, 950, 900, 840),
        ("since the start before the first bar", None, None, None, 900, 100),
        ("a replay since its bar came, whatever its time", 1.0, 5_000, 990, 500, 10),
        ("a replay before its first bar", 1.0, None, None, 400, 600),
    ],
)
def test_how_long_a_feed_waits(
    case: str,
    speed: float | None,
    last_time: int | None,
    received: float | None,
    started: float,
    expected: float,
):
    waiting = waiting_s(
        speed=speed,
        timeframe_ms=60_000,
        last_time=last_time,
        last_received_s=received,
        started_s=started,
        now_s=1000,
    )
    assert waiting == expected, case


@pytest.mark.parametrize(
    ("waiting", "has_bars", "state"),
    [
        (0, False, "idle"),
        (0, True, "running"),
        (120, True, "running"),
        (121, False, "late"),
        (180, True, "late"),
        (181, True, "stale"),
    ],
)
def test_states_by_age(waiting: float, has_bars: bool, state: str):
    assert state_by_age(has_bars=has_bars, waiting=waiting, late=120, stale=180) == state
