"""What of signals is counted as use."""

from __future__ import annotations

from apps.billing.services.usage import UsageSource, meter_from
from apps.core.words import gettext_lazy

# An alarm held back by its own rules (cool-down, hours, mute) has not fired.
ALARMS = """
SELECT alarm.workspace_id, (firing.fired_at AT TIME ZONE 'UTC')::date, count(*)
FROM signals_firing firing
JOIN signals_alarm alarm ON alarm.id = firing.alarm_id
JOIN signals_signal signal ON signal.id = firing.signal_id
WHERE firing.fired_at >= %(since)s AND firing.fired_at < %(until)s
  AND firing.state NOT IN ('cooling', 'off_hours', 'muted') AND NOT signal.is_test
GROUP BY 1, 2
"""


def count_alarms() -> None:
    """Let billing count those that fired."""
    meter_from(UsageSource("alarms", gettext_lazy("alarms fired"), ALARMS))
