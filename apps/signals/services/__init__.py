"""Writes of the signals room."""

from apps.signals.services.alarms import (
    create_alarm,
    delete_alarm,
    mute_alarm,
    restore_alarm,
    try_alarm,
    update_alarm,
)
from apps.signals.services.forecasting import Forecast, forecast
from apps.signals.services.guards import (
    drop_signing_keys,
    new_signing_key,
    set_allowed_networks,
    set_passphrase,
    set_template,
    try_template,
)
from apps.signals.services.matching import match_signals
from apps.signals.services.outcomes import measure_outcomes
from apps.signals.services.own import OwnSignal, emit, own_source
from apps.signals.services.processing import process_alerts
from apps.signals.services.publishing import publish_record
from apps.signals.services.replaying import (
    Outcome,
    replay_alert,
    resume_replays,
    run_replay,
    start_replay,
)
from apps.signals.services.sealing import seal_signals, sign_days
from apps.signals.services.sequences import tell_incidents
from apps.signals.services.settling import end_left_signals, settle_firings
from apps.signals.services.sources import (
    address_of,
    create_source,
    rename_source,
    rotate_token,
    send_test_alert,
    set_rate_limit,
    set_source_active,
    webhook_url,
)
from apps.signals.services.ut_bots import (
    create_ut_bot,
    delete_ut_bot,
    formula_of_ut_bot,
    try_ut_bot,
    update_ut_bot,
)
from apps.signals.services.verifying import ChainFindings, verify_chain
from apps.signals.services.watching import record_refusals, tell_refused

__all__ = [
    "ChainFindings",
    "Forecast",
    "Outcome",
    "OwnSignal",
    "address_of",
    "create_alarm",
    "create_source",
    "create_ut_bot",
    "delete_alarm",
    "delete_ut_bot",
    "drop_signing_keys",
    "emit",
    "end_left_signals",
    "forecast",
    "formula_of_ut_bot",
    "match_signals",
    "measure_outcomes",
    "mute_alarm",
    "new_signing_key",
    "own_source",
    "process_alerts",
    "publish_record",
    "record_refusals",
    "rename_source",
    "replay_alert",
    "restore_alarm",
    "resume_replays",
    "rotate_token",
    "run_replay",
    "seal_signals",
    "send_test_alert",
    "set_allowed_networks",
    "set_passphrase",
    "set_rate_limit",
    "set_source_active",
    "set_template",
    "settle_firings",
    "sign_days",
    "start_replay",
    "tell_incidents",
    "tell_refused",
    "try_alarm",
    "try_template",
    "try_ut_bot",
    "update_alarm",
    "update_ut_bot",
    "verify_chain",
    "webhook_url",
]
