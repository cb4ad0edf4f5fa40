"""What people are told about market data. Imported by `apps.py`."""

from __future__ import annotations

from apps.core.words import gettext_lazy
from apps.notifications.choices import Mode, Urgency
from apps.notifications.services import Event, register_event

FEED_STALE = register_event(
    Event(
        "markets.feed.stale",
        gettext_lazy("A feed of yours gets no bars"),
        urgency=Urgency.HIGH,
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
        sample={
            "title": gettext_lazy("No bars of BTC/USDT 1m"),
            "text": gettext_lazy("The feed is stale: its source sends nothing. Bots on it do not trade."),
            "facts": [
                [gettext_lazy("Source"), gettext_lazy("Exchange (CCXT)")],
                [gettext_lazy("Last bar"), "2026-01-05 10:31 UTC"],
            ],
            "url": "/data/feeds/",
            "url_words": gettext_lazy("Open the feed"),
        },
    )
)
