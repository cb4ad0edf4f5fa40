"""What a plan may hold, in words, and which of it each right needs. No database here.

A route names its right, and by it its capability; a route of which that is not true names another one (`plan` beside
`rights` of an API view, `plan=` of `@needs`). Reading what a workspace has, and ending it, needs none: a smaller plan
never hides or keeps what was made under a larger one, and never stands between a person and the end of a trade.
"""

from __future__ import annotations

from typing import NamedTuple

from apps.accounts.needs import ALWAYS
from apps.core.manner import written
from apps.core.words import gettext_lazy


class Capability(NamedTuple):
    """`words` begin with a capital letter; `lack` completes "The Free plan does not include …"."""

    words: str
    lack: str
    is_coming: bool = False  # its room is not built yet: kept for plans, shown to nobody


CAPABILITIES: dict[str, Capability] = {
    # in every plan, until staff take it out of one
    "can.write_formulas": Capability(
        gettext_lazy("Write, test and publish formulas"), gettext_lazy("writing formulas")
    ),
    "can.share_formulas": Capability(
        gettext_lazy("Share formulas with people outside"), gettext_lazy("sharing formulas")
    ),
    "can.import_data": Capability(
        gettext_lazy("Import bars and run live feeds"), gettext_lazy("importing data")
    ),
    "can.run_backtests": Capability(
        gettext_lazy("Backtests, sweeps, walk-forwards, portfolios"), gettext_lazy("backtests")
    ),
    "can.run_bots": Capability(gettext_lazy("Bots on paper"), gettext_lazy("bots")),
    "can.receive_signals": Capability(
        gettext_lazy("Alerts, signals and alarms"), gettext_lazy("alerts and alarms")
    ),
    "can.connect_accounts": Capability(
        gettext_lazy("Connect accounts at exchanges"), gettext_lazy("accounts at exchanges")
    ),
    "can.use_api": Capability(gettext_lazy("API keys"), gettext_lazy("API keys")),
    "can.manage_users": Capability(
        gettext_lazy("Invite people and give them roles"), gettext_lazy("inviting people")
    ),
    # what larger plans add
    "can.send_webhooks": Capability(
        gettext_lazy("Signed webhooks to your programs"), gettext_lazy("outgoing webhooks")
    ),
    "can.trade_live": Capability(gettext_lazy("Live trading"), gettext_lazy("live trading")),
    "can.publish_strategy": Capability(
        gettext_lazy("Publish strategies"), "publishing strategies", is_coming=True
    ),
    "can.copy_trade": Capability(gettext_lazy("Copy trades of others"), "copying trades", is_coming=True),
    "can.stream_public": Capability(gettext_lazy("Stream in public"), "public streams", is_coming=True),
    "can.use_sso": Capability(gettext_lazy("Sign-in of your organisation"), "single sign-on", is_coming=True),
}
BASE = tuple(CAPABILITIES)[:9]

CAPABILITY_OF_RIGHT: dict[str, str] = {
    "workspace.view": ALWAYS,
    "workspace.manage": ALWAYS,
    "workspace.own": ALWAYS,
    "members.manage": "can.manage_users",
    "keys.use": "can.use_api",
    "keys.manage": ALWAYS,
    "journal.view": ALWAYS,
    "billing.view": ALWAYS,
    "billing.manage": ALWAYS,
    "markets.view": ALWAYS,
    "markets.edit": "can.import_data",
    "formulas.view": ALWAYS,
    "formulas.edit": "can.write_formulas",
    "formulas.share": "can.share_formulas",
    "backtests.view": ALWAYS,
    "backtests.run": "can.run_backtests",
    "bots.view": ALWAYS,
    "bots.manage": "can.run_bots",
    "signals.view": ALWAYS,
    "signals.manage": "can.receive_signals",
    "trading.view": ALWAYS,
    "trading.manage": ALWAYS,  # limits, kill switches, taking orders back: safety is no matter of the plan
    "trading.accounts": "can.connect_accounts",
    "webhooks.manage": "can.send_webhooks",
}


CREDITS_METER = "credits"  # of a month's spending; given by plans and purchases, capped like a meter


class Meter(NamedTuple):
    """A meter's title, and how its amounts read."""

    words: str
    one: str
    many: str


METERS: dict[str, Meter] = {
    "bots": Meter(gettext_lazy("Bots at once"), gettext_lazy("bot"), gettext_lazy("bots")),
    "backtests": Meter(gettext_lazy("Backtests"), gettext_lazy("backtest"), gettext_lazy("backtests")),
    "seats": Meter(gettext_lazy("Seats"), gettext_lazy("seat"), gettext_lazy("seats")),
    "webhook_destinations": Meter(
        gettext_lazy("Webhook endpoints"), gettext_lazy("webhook endpoint"), gettext_lazy("webhook endpoints")
    ),
    "api_requests": Meter(
        gettext_lazy("API requests"), gettext_lazy("API request"), gettext_lazy("API requests")
    ),
    "credits": Meter(gettext_lazy("Credits"), gettext_lazy("credit"), gettext_lazy("credits")),
    "api_calls": Meter(gettext_lazy("API calls"), gettext_lazy("API call"), gettext_lazy("API calls")),
    "alarms": Meter(gettext_lazy("Alarms fired"), gettext_lazy("alarm"), gettext_lazy("alarms")),
    "notifications": Meter(
        gettext_lazy("Notifications"), gettext_lazy("notification"), gettext_lazy("notifications")
    ),
    "feeds": Meter(gettext_lazy("Feed hours"), gettext_lazy("feed hour"), gettext_lazy("feed hours")),
    "ai_tokens": Meter(gettext_lazy("AI tokens"), gettext_lazy("AI token"), gettext_lazy("AI tokens")),
}


def meter_named(code: str) -> Meter:
    """What a meter is called in words."""
    plain = code.replace("_", " ")
    return METERS.get(code) or Meter(plain.capitalize(), plain.removesuffix("s"), plain)


def amount_of(code: str, amount: int) -> str:
    """An amount in words, as in 1 bot, 50 backtests."""
    meter = meter_named(code)
    return f"{written(amount):,} {meter.one if amount == 1 else meter.many}"


def capability_of(right: str, named: str = "") -> str:
    """The capability a route needs: the one it names itself, else its right's; ALWAYS where none is needed.

    Raises KeyError for a right, LookupError for a capability that is in no table.
    """
    found = named or CAPABILITY_OF_RIGHT[right]
    if found != ALWAYS and found not in CAPABILITIES:
        raise LookupError(f"no such capability: {found}")
    return found
