"""What the scripts of a UT Bot send, for people to see and for the test button."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from apps.signals.ut_bot.parameters import UtBotRule, pine_timeframe

Side = Literal["long", "short"]
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_592_000}


def id_prefix(strategy: str) -> str:
    """The strategy as ids bear it: UTB-7 -> UTB_7, as scripts exported from formulas have it too."""
    return re.sub(r"\W+", "_", strategy, flags=re.ASCII).strip("_")


def sample_message(
    rule: UtBotRule, *, formula: str, now: datetime, side: Side = "long", mark: str = ""
) -> dict[str, Any]:
    """As the script sends it when the rule's first symbol turned on the last bar that is closed at `now`.

    The id is made of strategy, symbol, timeframe, the bar's close and side: the same signal has the same id however
    often it is sent. `mark` sets a test apart.
    """
    exchange, _, ticker = rule.symbols[0].partition(":")
    length = int(rule.timeframe[:-1]) * _SECONDS[rule.timeframe[-1]]
    closed = int(now.timestamp()) // length * length
    identity = [
        id_prefix(rule.strategy),
        f"{exchange}:{ticker}",
        pine_timeframe(rule.timeframe),
        str(closed * 1000),
        side,
    ]
    return {
        "v": 1,
        "id": "|".join(identity + ([mark] if mark else [])),
        "symbol": ticker,
        "exchange": exchange,
        "timeframe": rule.timeframe,
        "action": "buy" if side == "long" else "sell",
        "signal": side,
        "price": 45000.5,
        "timestamp": _moment(closed, now),
        "bar_time": _moment(closed - length, now),
        "seq": 1,
        "strategy": rule.strategy,
        "formula": formula,
        "parameters": {name: _plain(value) for name, value in rule.settings.items()},
    }


def placeholder_message(rule: UtBotRule, side: Side) -> str:
    """For an alert on somebody else's UT Bot indicator: TradingView fills in the placeholders.

    Its id names the bar's opening, as text; the scripts made here name its close.
    """
    action = "buy" if side == "long" else "sell"
    identity = (
        f"{id_prefix(rule.strategy)}|{{{{exchange}}}}:{{{{ticker}}}}|{{{{interval}}}}|{{{{time}}}}|{side}"
    )
    parameters = json.dumps({name: _plain(value) for name, value in rule.settings.items()})
    return f"""{{
  "v": 1,
  "id": "{identity}",
  "symbol": "{{{{exchange}}}}:{{{{ticker}}}}",
  "timeframe": "{{{{interval}}}}",
  "action": "{action}",
  "price": {{{{close}}}},
  "bar_time": "{{{{time}}}}",
  "timestamp": "{{{{timenow}}}}",
  "strategy": "{rule.strategy}",
  "parameters": {parameters}
}}"""


def _moment(seconds: int, now: datetime) -> str:
    moment = datetime.fromtimestamp(0, now.tzinfo) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(value: float | Decimal) -> float | int:
    number = float(value)
    return int(number) if number.is_integer() else number
