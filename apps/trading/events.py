"""What people are told about accounts at exchanges. Imported by `apps.py`."""

from __future__ import annotations

from apps.core.words import gettext_lazy
from apps.notifications.choices import Mode, Urgency
from apps.notifications.services import Event, register_event

FOREIGN_ORDER = register_event(
    Event(
        "trading.order.foreign",
        gettext_lazy("An order appears that is not ours"),
        urgency=Urgency.HIGH,
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
        required=True,
        sample={
            "title": gettext_lazy("An order that is not ours: Binance"),
            "text": gettext_lazy("Somebody placed an order to sell 0.5 BTCUSDT with your keys."),
            "url": "/trading/accounts/",
        },
    )
)
ACCOUNT_DIFFERS = register_event(
    Event(
        "trading.account.differs",
        gettext_lazy("An exchange and your books differ"),
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
    )
)
ACCOUNT_FAILED = register_event(
    Event(
        "trading.account.failed",
        gettext_lazy("An exchange does not take your keys any more"),
        urgency=Urgency.HIGH,
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
    )
)
