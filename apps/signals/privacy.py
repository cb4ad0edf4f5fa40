"""What signal intake holds about people and workspaces, and for how long."""

from apps.core.privacy import holds
from apps.core.retention import keep
from apps.core.words import gettext_noop
from apps.signals.retention import alerts_beyond_plan, firings_beyond_plan, note_dropped, signals_beyond_plan

holds(
    "signals.AlertSource",
    gettext_noop("Addresses that alerts are posted to"),
    workspace="workspace_id",
    without=("token_hash", "previous_token_hash", "passphrase", "signing_keys"),
)
holds("signals.Alert", gettext_noop("Alerts as they were received"), workspace="source__workspace_id")
holds("signals.AlertRepeat", gettext_noop("Repeats of alerts"), workspace="alert__source__workspace_id")
holds("signals.Signal", gettext_noop("Signals"), workspace="workspace_id")
holds(
    "signals.SignalStep",
    gettext_noop("The states each signal went through"),
    workspace="signal__workspace_id",
)
holds(
    "signals.Alarm",
    gettext_noop("Your alarms: which signals you want to hear of, and how"),
    person="person_id",
    workspace="workspace_id",
    without=("condition_hash",),
)
holds(
    "signals.Firing",
    gettext_noop("When your alarms fired, and what came of it"),
    person="alarm__person_id",
    workspace="alarm__workspace_id",
)
holds(
    "signals.SequencePosition",
    gettext_noop("The last number of each sender's sequence"),
    workspace="source__workspace_id",
)
holds(
    "signals.SequenceIncident", gettext_noop("Gaps in senders' sequences"), workspace="source__workspace_id"
)
holds(
    "signals.Replay",
    gettext_noop("When refused alerts were read anew"),
    workspace="source__workspace_id",
    mentions=("actor_id",),
)
holds("signals.UtBot", gettext_noop("UT Bots: their parameters"), workspace="workspace_id")
holds(
    "signals.SignalOutcome",
    gettext_noop("What the market did after each signal"),
    workspace="signal__workspace_id",
)
holds(
    "signals.SignalChain",
    gettext_noop("The record of signals: its public key and page"),
    workspace="workspace_id",
    without=("seed", "salt"),
)
holds(
    "signals.SignalLink", gettext_noop("The hash of each signal, in order"), workspace="chain__workspace_id"
)
holds(
    "signals.SignalDay", gettext_noop("The signed root of each day's hashes"), workspace="chain__workspace_id"
)
holds(
    "signals.SecurityEvent",
    gettext_noop("Requests that intake turned away"),
    workspace="source__workspace_id",
)

keep(
    "signals.alerts",
    gettext_noop("The raw text, headers and sender's address of alerts; their signals stay"),
    label="signals.Alert",
    moment="received_at",
    days=90,
    least=7,
    clear={"body": b"", "headers": {}, "remote_ip": None},
    sooner=alerts_beyond_plan,
)
keep(
    "signals.signals",
    gettext_noop("Signals with their firings and outcomes, by the workspace's plan; their hashes stay"),
    label="signals.Signal",
    moment="received_at",
    days=3650,
    least=30,
    sooner=signals_beyond_plan,
    taking=note_dropped,
)
keep(
    "signals.repeats",
    gettext_noop("Repeats of alerts"),
    label="signals.AlertRepeat",
    moment="received_at",
    days=90,
    least=7,
)
keep(
    "signals.refusals",
    gettext_noop("Requests that intake turned away, with their address"),
    label="signals.SecurityEvent",
    moment="minute",
    days=90,
    least=7,
)

keep(
    "signals.firings",
    gettext_noop("When alarms fired, and what came of it"),
    label="signals.Firing",
    moment="fired_at",
    days=365,
    least=30,
    sooner=firings_beyond_plan,
)
keep(
    "signals.deleted_alarms",
    gettext_noop("Deleted alarms, with when they fired"),
    label="signals.Alarm",
    moment="deleted_at",
    days=7,
    least=1,
)
keep(
    "signals.incidents",
    gettext_noop("Gaps in senders' sequences"),
    label="signals.SequenceIncident",
    moment="seen_at",
    days=365,
    least=30,
)

keep(
    "signals.replays",
    gettext_noop("When refused alerts were read anew"),
    label="signals.Replay",
    moment="created_at",
    days=365,
    least=30,
)
