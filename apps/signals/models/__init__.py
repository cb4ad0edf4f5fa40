"""Where alerts come from, what was received, the signals made of it, and whom they reach."""

from apps.signals.models.alarms import Alarm, Firing
from apps.signals.models.chain import SignalChain, SignalDay, SignalLink
from apps.signals.models.intake import (
    Alert,
    AlertRepeat,
    AlertSource,
    RefusedAlert,
    SecurityEvent,
    Signal,
    SignalStep,
)
from apps.signals.models.outcomes import SignalOutcome
from apps.signals.models.replays import Replay
from apps.signals.models.sequences import SequenceIncident, SequencePosition
from apps.signals.models.ut_bots import UtBot

__all__ = [
    "Alarm",
    "Alert",
    "AlertRepeat",
    "AlertSource",
    "Firing",
    "RefusedAlert",
    "Replay",
    "SecurityEvent",
    "SequenceIncident",
    "SequencePosition",
    "Signal",
    "SignalChain",
    "SignalDay",
    "SignalLink",
    "SignalOutcome",
    "SignalStep",
    "UtBot",
]
