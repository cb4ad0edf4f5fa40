"""What people are told about signals. Imported by `apps.py`."""

from __future__ import annotations

from apps.notifications.choices import Mode, Urgency
from apps.notifications.services import Event, register_event

ALARM_FIRED = register_event(
    Event(
        "signals.alarm.fired",
        "An alarm of yours fires",
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
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
