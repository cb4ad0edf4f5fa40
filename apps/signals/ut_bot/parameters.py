"""What a UT Bot is set to, and what of it is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext

from apps.signals.errors import UtBotRefused

MOST_SYMBOLS = 40  # of the requests that one script may make on TradingView
EMA_PERIODS = (1, 200)
ATR_PERIODS = (1, 200)
MULTIPLIERS = (Decimal("0.1"), Decimal("50"))
_SYMBOL = re.compile(r"[A-Z0-9_]{1,20}:[A-Z0-9][A-Z0-9._!&/\-]{0,39}")
_TIMEFRAME = re.compile(r"(\d{0,4})\s*([A-Za-z]*)")
# unit: (word in our names, the most TradingView has of it)
_UNITS = {
    **dict.fromkeys(("", "m", "min"), ("m", 1440)),
    **dict.fromkeys(("h", "H", "hour"), ("h", 24)),
    **dict.fromkeys(("d", "D", "day"), ("d", 365)),
    **dict.fromkeys(("w", "W", "week"), ("w", 52)),
    **dict.fromkeys(("M", "mo", "month"), ("M", 12)),
}


@dataclass(frozen=True, slots=True)
class UtBotRule:
    """Checked parameters. `strategy` is the name that its alerts bear, such as UTB-7; symbols are EXCHANGE:TICKER."""

    strategy: str
    symbols: tuple[str, ...]
    timeframe: str
    ema_period: int
    atr_period: int
    multiplier: Decimal

    @property
    def is_watch_list(self) -> bool:
        return len(self.symbols) > 1

    @property
    def settings(self) -> dict[str, float]:
        """Of the formula's inputs."""
        return {
            "key": float(self.multiplier),
            "atr_period": self.atr_period,
            "ema_period": self.ema_period,
        }


def read_symbols(texts: str | Iterable[str]) -> tuple[str, ...]:
    """EXCHANGE:TICKER, in the order given, separated by spaces, commas or lines. Raises `UtBotRefused`."""
    words = re.split(r"[\s,;]+", texts) if isinstance(texts, str) else list(texts)
    symbols = tuple(str(word).strip().upper() for word in words if str(word).strip())
    if not symbols:
        raise UtBotRefused(gettext("Name at least one symbol, such as BINANCE:BTCUSDT."), field="symbols")
    for symbol in symbols:
        if not _SYMBOL.fullmatch(symbol):
            raise UtBotRefused(
                gettext(
                    "“{symbol}” is not a symbol of TradingView; expected exchange and ticker, such as "
                    "BINANCE:BTCUSDT or NASDAQ:AAPL."
                ).format(symbol=symbol[:60]),
                field="symbols",
            )
    twice = next((symbol for symbol in symbols if symbols.count(symbol) > 1), None)
    if twice:
        raise UtBotRefused(gettext("{twice} stands there twice.").format(twice=twice), field="symbols")
    if len(symbols) > MOST_SYMBOLS:
        raise UtBotRefused(
            gettext(
                "These are {symbols} symbols; one script on TradingView can watch {most_symbols}. Make a second "
                "configuration for the others."
            ).format(symbols=len(symbols), most_symbols=MOST_SYMBOLS),
            field="symbols",
        )
    return symbols


def read_timeframe(text: str) -> str:
    """`60` -> `1h`, `D` -> `1d`; of those that charts on TradingView have. Raises `UtBotRefused`."""
    match = _TIMEFRAME.fullmatch(text.strip())
    count = int(match[1] or 1) if match and match[0] else 0
    unit = _UNITS.get(match[2]) if match else None
    if unit is None or not 1 <= count <= unit[1]:
        raise UtBotRefused(
            gettext(
                "“{text}” is not a timeframe of TradingView’s charts; expected 1m to 1440m, 1h to 24h, or days, "
                "weeks or months such as 1D, 1W, 1M."
            ).format(text=text[:20]),
            field="timeframe",
        )
    word = unit[0]
    if word == "m" and count % 60 == 0:
        count, word = count // 60, "h"
    if word == "h" and count == 24:
        count, word = 1, "d"
    return f"{count}{word}"


def pine_timeframe(timeframe: str) -> str:
    """As Pine writes it: `1h` -> `60`, `1d` -> `1D`."""
    count, unit = int(timeframe[:-1]), timeframe[-1]
    if unit in "mh":
        return str(count * (60 if unit == "h" else 1))
    return f"{count}{unit.upper()}"


def read_period(name: str, value: Any, bounds: tuple[int, int]) -> int:
    """A whole number of bars. Raises `UtBotRefused`."""
    words = name.replace("_", " ").replace("ema", "EMA").replace("atr", "ATR")
    if isinstance(value, bool) or not isinstance(value, int) or not bounds[0] <= value <= bounds[1]:
        raise UtBotRefused(
            gettext(
                "The {words} must be a whole number of bars from {bounds} to {bounds_2}, not {value}."
            ).format(words=words, bounds=bounds[0], bounds_2=bounds[1], value=value),
            field=name,
        )
    return value


def read_multiplier(value: Any) -> Decimal:
    """Raises `UtBotRefused`."""
    least, most = MULTIPLIERS
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not least <= number <= most or number != round(number, 2):
        raise UtBotRefused(
            gettext(
                "The multiplier must be a number from {least} to {most} with at most two decimals, not {value}."
            ).format(least=least, most=most, value=value),
            field="multiplier",
        )
    return number
