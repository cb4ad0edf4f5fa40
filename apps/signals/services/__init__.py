"""Writes of the signals room."""

from apps.signals.services.processing import process_alerts
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
    "create_source",
    "process_alerts",
    "rename_source",
    "rotate_token",
    "send_test_alert",
    "set_rate_limit",
    "set_source_active",
    "webhook_url",
]
