"""Reads of the signals room."""

from apps.signals.selectors.alarms import (
    alarms_of,
    alarms_with_firings,
    firings_of,
    firings_of_signal,
    incidents_of,
)
from apps.signals.selectors.feed import (
    FeedPage,
    SignalFilter,
    delivery_log,
    feed_page,
    replaced_token_expires_at,
    security_events_of,
    signals_of,
    sources_of,
    sources_with_activity,
)

__all__ = [
    "FeedPage",
    "SignalFilter",
    "alarms_of",
    "alarms_with_firings",
    "delivery_log",
    "feed_page",
    "firings_of",
    "firings_of_signal",
    "incidents_of",
    "replaced_token_expires_at",
    "security_events_of",
    "signals_of",
    "sources_of",
    "sources_with_activity",
]
