"""What people are told by pages that join rooms. Imported by `apps.py`."""

from __future__ import annotations

from apps.core.words import gettext_lazy
from apps.notifications.choices import Mode, Urgency
from apps.notifications.services import Event, register_event

RECEIPT_MADE = register_event(
    Event(
        "pages.receipt.made",
        gettext_lazy("What the month brought your workspace, and what it cost"),
        urgency=Urgency.LOW,
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
        sample={
            "title": gettext_lazy("March 2026: 412 signals, 230 of them useful"),
            "text": gettext_lazy("USD 29.00 for the platform: USD 0.13 for each useful signal."),
            "facts": [
                [gettext_lazy("Realised"), "USD 1,204.50"],
                [gettext_lazy("Trading fees"), "USD 38.12"],
            ],
            "url": "/settings/workspace/receipt/?month=2026-03",
            "url_words": gettext_lazy("See the receipt"),
        },
    )
)
