from __future__ import annotations

import pytest

from apps.markets.errors import UnknownTimeframe
from apps.markets.timeframes import format_timeframe, parse_timeframe


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("1m", 60), ("5", 300), ("60", 3600), ("1h", 3600), ("4H", 14400), ("D", 86400), ("1d", 86400),
     ("1W", 604800), ("1M", 2592000), ("15 min", 900), ("2 hours", 7200), ("1day", 86400)],
)  # fmt: skip
def test_timeframes_are_read(text: str, seconds: int):
    assert parse_timeframe(text) == seconds * 1000


@pytest.mark.parametrize("text", ["", "0m", "-1h", "1x", "h1", "1.5h", "999999m", "1h30m"])
def test_what_is_no_timeframe_is_refused(text: str):
    with pytest.raises(UnknownTimeframe):
        parse_timeframe(text)


@pytest.mark.parametrize("name", ["1s", "1m", "15m", "90m", "1h", "4h", "1d", "3d", "1w", "2w", "1M", "1y"])
def test_names_come_back(name: str):
    assert format_timeframe(parse_timeframe(name)) == name


@pytest.mark.parametrize(("days", "name"), [(28, "1M"), (31, "1M"), (91, "3M"), (366, "1y")])
def test_calendar_lengths_have_names(days: int, name: str):
    assert format_timeframe(days * 86_400_000) == name
