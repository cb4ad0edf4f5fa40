"""Writes of the signals room."""

from apps.signals.services.alarms import create_alarm, delete_alarm, mute_alarm, try_alarm, update_alarm
from apps.signals.services.forecasting import Forecast, forecast
from apps.signals.services.matching import match_signals
from apps.signals.services.processing import process_alerts
from apps.signals.services.sequences import tell_incidents
from apps.signals.services.settling import settle_firings
from apps.signals.services.sources import (
    create_source,
    rename_source,
    rotate_token,
    send_test_alert,
    set_rate_limit,
    set_source_active,
    webhook_url,
)

__all__ = [
    "Forecast",
    "create_alarm",
    "create_source",
    "delete_alarm",
    "forecast",
    "match_signals",
    "mute_alarm",
    "process_alerts",
    "rename_source",
    "rotate_token",
    "send_test_alert",
    "set_rate_limit",
    "set_source_active",
    "settle_firings",
    "tell_incidents",
    "try_alarm",
    "update_alarm",
    "webhook_url",
]
