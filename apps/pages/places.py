"""The places and the things to do that the command palette offers, each with the right that it needs."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.words import gettext_lazy


@dataclass(frozen=True)
class Place:
    """`words` are others that find it, `more` stands behind the address."""

    name: str
    view: str
    icon: str
    right: str = ""
    words: str = ""
    more: str = ""


ACTIONS = (
    Place(gettext_lazy("New formula"), "formulas:formula-new", "plus", "formulas.edit", "create strategy"),
    Place(
        gettext_lazy("Import a Pine script"), "formulas:pine-import", "code", "formulas.edit", "tradingview"
    ),
    Place(
        gettext_lazy("New bot"), "formulas:formula-list", "plus", "bots.manage", "deploy", "?state=published"
    ),
    Place(
        gettext_lazy("Pause all bots"),
        "bots:bot-list",
        "pause",
        "bots.manage",
        "stop",
        "?state=running#choose-all",
    ),
    Place(gettext_lazy("New portfolio"), "backtests:portfolio-new", "plus", "backtests.run", "create"),
    Place(
        gettext_lazy("New source"),
        "signals:source-new",
        "plus",
        "signals.manage",
        "webhook tradingview alert",
    ),
    Place(gettext_lazy("New alarm"), "signals:alarm-new", "plus", "signals.manage", "notify"),
    Place(gettext_lazy("New UT Bot"), "signals:ut-bot-new", "plus", "signals.manage", "atr trailing"),
    Place(gettext_lazy("Import data"), "markets:bars-import", "upload", "markets.edit", "bars csv parquet"),
    Place(gettext_lazy("New feed"), "feeds:feed-new", "plus", "markets.edit", "live exchange"),
    Place(
        gettext_lazy("Connect an exchange"),
        "trading:account-connect",
        "plug",
        "trading.accounts",
        "account keys",
    ),
    Place(
        gettext_lazy("Kill switches"),
        "trading:switch-list",
        "shield",
        "trading.manage",
        "stop everything emergency",
    ),
    Place(gettext_lazy("New API key"), "accounts:api-key-new", "key-round", "keys.use", "token"),
    Place(gettext_lazy("Invite somebody"), "accounts:members", "user-plus", "members.manage", "member team"),
    Place(gettext_lazy("New team"), "accounts:workspace-new", "users", "", "workspace"),
)

PLACES = (
    Place("Dashboard", "pages:dashboard", "layout-dashboard", "", "home"),
    Place("Formulas", "formulas:formula-list", "square-function", "formulas.view", "strategies"),
    Place(gettext_lazy("Shared with me"), "formulas:shared-list", "share-2", "formulas.view"),
    Place("Library", "formulas:library", "book-open", "formulas.view", "templates examples"),
    Place("Functions", "guides:function-list", "square-function", "", "language reference"),
    Place("Documentation", "guides:index", "book-open", "", "help guides docs manual"),
    Place("Glossary", "guides:glossary", "book-open", "", "terms words"),
    Place("Backtests", "backtests:backtest-list", "flask-conical", "backtests.view", "runs"),
    Place("Sweeps", "backtests:sweep-list", "layers", "backtests.view", "optimise parameters"),
    Place("Walk-forwards", "backtests:walk-forward-list", "arrow-right", "backtests.view"),
    Place("Portfolios", "backtests:portfolio-list", "list", "backtests.view"),
    Place("Bots", "bots:bot-list", "bot", "bots.view"),
    Place("Portfolio", "trading:portfolio", "wallet", "trading.view", "positions equity"),
    Place("Orders", "trading:order-list", "list", "trading.view", "trades"),
    Place(gettext_lazy("Refused orders"), "trading:refused-list", "shield", "trading.view", "risk"),
    Place("Accounts", "trading:account-list", "wallet", "trading.view", "exchange"),
    Place(gettext_lazy("Risk limits"), "trading:limits", "shield", "trading.view"),
    Place("Signals", "signals:feed", "radio", "signals.view", "alerts live feed"),
    Place("Alarms", "signals:alarm-list", "bell", "signals.view"),
    Place("Sources", "signals:source-list", "radio", "signals.view", "webhooks tradingview"),
    Place(gettext_lazy("UT Bot"), "signals:ut-bot-list", "bot", "signals.view"),
    Place(gettext_lazy("Signal performance"), "signals:performance", "chart-line", "signals.view"),
    Place(gettext_lazy("Record of signals"), "signals:record", "hash", "signals.view", "proof chain"),
    Place(
        "Market", "markets:instrument-list", "chart-candlestick", "markets.view", "instruments symbols data"
    ),
    Place(gettext_lazy("Live feeds"), "feeds:feed-list", "activity", "markets.view"),
    Place("Inbox", "notifications:inbox", "inbox", "", "notices messages"),
    Place("Profile", "accounts:profile", "user", "", "settings name"),
    Place("Preferences", "accounts:preferences", "sliders-horizontal", "", "theme language settings"),
    Place("Notifications", "notifications:preferences", "bell", "", "mail telegram settings"),
    Place(gettext_lazy("Second factor"), "accounts:security", "shield", "", "security passkey"),
    Place("Sign-ins", "accounts:devices", "laptop", "", "devices sessions"),
    Place("Members", "accounts:members", "users", "workspace.view", "team roles"),
    Place(
        gettext_lazy("Plan and billing"),
        "money:overview",
        "credit-card",
        "billing.view",
        "subscription upgrade",
    ),
    Place("Invoices", "money:invoices", "receipt", "billing.view"),
    Place("Payments", "money:payments", "credit-card", "billing.view"),
    Place("Credits", "billing:credits", "wallet", "billing.view", "balance"),
    Place("Usage", "usage:usage", "activity", "workspace.view", "quota limits"),
    Place(gettext_lazy("API keys"), "accounts:api-keys", "key-round", "keys.use", "tokens"),
    Place("Webhooks", "notifications:webhooks", "webhook", "webhooks.manage", "outgoing"),
    Place("Journal", "pages:journal", "history", "journal.view", "audit log"),
    Place("Activity", "pages:activity", "history", "workspace.view", "what happened"),
)
