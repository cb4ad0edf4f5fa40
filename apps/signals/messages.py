"""Texts a person copies into TradingView, and the payload of the test button."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from django.utils.translation import gettext

from apps.signals.models import AlertSource

# The position after the order tells apart two orders of one name in one second; a resent alert keeps its time.
# {{close}} and the like stand without quotes: TradingView puts numbers there.
INDICATOR_MESSAGE = """{
  "symbol": "{{exchange}}:{{ticker}}",
  "timeframe": "{{interval}}",
  "action": "buy",
  "price": {{close}},
  "bar_time": "{{time}}",
  "timestamp": "{{timenow}}",
  "strategy": "My indicator"
}"""

STRATEGY_MESSAGE = """{
  "id": "{{strategy.order.id}}|{{strategy.position_size}}|{{ticker}}|{{interval}}|{{timenow}}",
  "symbol": "{{exchange}}:{{ticker}}",
  "timeframe": "{{interval}}",
  "action": "{{strategy.order.action}}",
  "price": {{strategy.order.price}},
  "bar_time": "{{time}}",
  "timestamp": "{{timenow}}",
  "strategy": "My strategy"
}"""


def sample_alert(source: AlertSource, *, now: datetime) -> bytes:
    """An alert as TradingView would send it, with an id of its own so that each press is a new one."""
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    payload = {
        "id": f"test-{uuid.uuid4()}",
        "symbol": "BINANCE:BTCUSDT",
        "timeframe": "60",
        "action": "buy",
        "price": 45000.5,
        "bar_time": moment,
        "timestamp": moment,
        "strategy": gettext("Test of {name}").format(name=source.name)[:200],
    }
    return json.dumps(payload, ensure_ascii=False).encode()
