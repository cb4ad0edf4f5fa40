"""Reads of the signals room."""

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
    "delivery_log",
    "feed_page",
    "replaced_token_expires_at",
    "security_events_of",
    "signals_of",
    "sources_of",
    "sources_with_activity",
]
