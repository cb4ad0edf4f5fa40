"""What people are told about signals. Imported by `apps.py`."""

from __future__ import annotations

from apps.notifications.choices import Mode, Urgency
from apps.notifications.services import Event, register_event

ALARM_FIRED = register_event(
    Event(
        "signals.alarm.fired",
        "An alarm of yours fires",
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
        sample={
            "title": "BUY BTCUSDT at 45,000",
            "text": "Your alarm “Bitcoin, hourly” took this signal.",
            "facts": [["Price", "45000"], ["Timeframe", "1h"], ["Strategy", "UT Bot"]],
            "url": "/signals/",
        },
    )
)
ALARM_TESTED = register_event(
    Event("signals.alarm.tested", "A test of an alarm", modes={"inbox": Mode.NOW, "email": Mode.NOW})
)
SEQUENCE_BROKEN = register_event(
    Event(
        "signals.sequence.broken",
        "Alerts of a source are missing",
        urgency=Urgency.HIGH,
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
    )
)
ALERTS_REFUSED = register_event(
    Event(
        "signals.alerts.refused",
        "Alerts of a source cannot be read",
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
    )
)
SYMBOL_UNKNOWN = register_event(
    Event(
        "signals.symbol.unknown",
        "For staff: an alert names an unknown symbol or timeframe",
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
    )
)
