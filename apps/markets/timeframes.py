"""Names of timeframes: `15m`, `1h`, `1d`, `1w`, `1M`, and TradingView's `60`, `D`, `1W`.

`m` is a minute and `M` a month. A month has 28 to 31 days and a year 365 or 366; where one number is
needed it is 30 and 365 days.
"""

from __future__ import annotations

import re

from apps.markets.errors import UnknownTimeframe

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS
MONTH_MS = 30 * DAY_MS
YEAR_MS = 365 * DAY_MS

_UNITS = {
    "s": SECOND_MS,
    "m": MINUTE_MS,
    "h": HOUR_MS,
    "d": DAY_MS,
    "w": WEEK_MS,
    "M": MONTH_MS,
    "y": YEAR_MS,
}
_SPELLINGS = {
    "S": "s",
    "sec": "s",
    "min": "m",
    "H": "h",
    "hour": "h",
    "D": "d",
    "day": "d",
    "W": "w",
    "week": "w",
    "mo": "M",
    "month": "M",
    "Y": "y",
    "year": "y",
}
_PATTERN = re.compile(r"(\d{0,5})\s*([A-Za-z]*)")


def parse_timeframe(text: str) -> int:
    """The length in milliseconds. A bare number counts minutes, as on TradingView.

    Raises `UnknownTimeframe`.
    """
    match = _PATTERN.fullmatch(text.strip())
    if match is None or not match.group(0):
        raise UnknownTimeframe(text)
    count = int(match.group(1) or 1)
    word = match.group(2) or "m"
    unit = word if word in _UNITS else _SPELLINGS.get(word) or _SPELLINGS.get(word.lower().rstrip("s"))
    if unit is None or count < 1:
        raise UnknownTimeframe(text)
    return count * _UNITS[unit]


def format_timeframe(timeframe_ms: int) -> str:
    """The shortest name: 3600000 -> `1h`. Calendar months, quarters and years are recognised by their days."""
    days, rest = divmod(timeframe_ms, DAY_MS)
    if rest == 0:
        if 28 <= days <= 31:
            return "1M"
        if 89 <= days <= 92:
            return "3M"
        if days in (365, 366):
            return "1y"
    for unit in ("w", "d", "h", "m", "s"):
        if timeframe_ms % _UNITS[unit] == 0:
            return f"{timeframe_ms // _UNITS[unit]}{unit}"
    return f"{timeframe_ms}ms"
