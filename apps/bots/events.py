"""What people are told about bots. Imported by `apps.py`."""

from __future__ import annotations

from apps.core.words import gettext_lazy
from apps.notifications.choices import Mode, Urgency
from apps.notifications.services import Event, register_event

NOW = {"inbox": Mode.NOW, "email": Mode.NOW}

BOT_PAUSED = register_event(
    Event(
        "bots.bot.paused",
        gettext_lazy("A bot of yours was paused by itself"),
        urgency=Urgency.HIGH,
        modes=NOW,
    )
)
BOT_STOPPED = register_event(
    Event(
        "bots.bot.stopped",
        gettext_lazy("A bot of yours was stopped by itself"),
        urgency=Urgency.HIGH,
        modes=NOW,
    )
)
BOT_SILENT = register_event(
    Event(
        "bots.bot.silent", gettext_lazy("Nothing is heard of a bot of yours"), urgency=Urgency.HIGH, modes=NOW
    )
)
PARITY_BROKEN = register_event(
    Event(
        "bots.parity.broken",
        gettext_lazy("A bot decided otherwise than its backtest"),
        urgency=Urgency.HIGH,
        modes=NOW,
    )
)
UPGRADE_ENDED = register_event(
    Event(
        "bots.upgrade.ended",
        gettext_lazy("The new version of a bot's formula ran in shadow to its end"),
        modes=NOW,
    )
)
