"""Reads of the signals room."""

from apps.signals.selectors.alarms import (
    alarms_of,
    alarms_with_firings,
    deleted_alarms_of,
    firings_of,
    firings_of_signal,
    incidents_of,
)
from apps.signals.selectors.feed import (
    SignalFilter,
    signals_of,
)
from apps.signals.selectors.intake import intake_depth, intake_rates, last_day, last_hour, turned_away
from apps.signals.selectors.sources import (
    DeliveryFilter,
    alerts_of,
    deliveries_of,
    posted_sources_of,
    replaced_token_expires_at,
    replays_of,
    security_events_of,
    sources_of,
    sources_with_activity,
)
from apps.signals.selectors.ut_bots import bars_for_ut_bot, ut_bots_of

__all__ = [
    "DeliveryFilter",
    "SignalFilter",
    "alarms_of",
    "alarms_with_firings",
    "alerts_of",
    "bars_for_ut_bot",
    "deleted_alarms_of",
    "deliveries_of",
    "firings_of",
    "firings_of_signal",
    "incidents_of",
    "intake_depth",
    "intake_rates",
    "last_day",
    "last_hour",
    "posted_sources_of",
    "replaced_token_expires_at",
    "replays_of",
    "security_events_of",
    "signals_of",
    "sources_of",
    "sources_with_activity",
    "turned_away",
    "ut_bots_of",
]
