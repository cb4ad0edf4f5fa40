"""Every field that names an object from outside the address: in a form, a body, a filter or a query string.

A new field fails in tests/access/test_named.py until it stands here, in `ASKED` with a request that sends it, or in
`NO_OBJECT` with what it names instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.factories import CROSS

ID = "ID"  # in a request: the id that is tried
SWEPT = "input length = 3 in 2..9\nlong when close > ema(close, length)\n"
COSTS = {"cash": "10000", "fee": "0.1", "slippage_bps": "2", "fill": "next_open"}
RANGES = {"mode": "grid", "metric": "sharpe", "from_length": "2", "to_length": "5", "step_length": "3"}
FOLDS = {"mode": "rolling", "metric": "sharpe", "from_length": "2", "folds": "2", "train_share": "75"}
LEG = {"name": "Mix", "rebalance": "none", "legs": "1", "leg-0-weight": "50"}
UT_BOT = {"timeframe": "1h", "ema_period": 9, "atr_period": 10, "multiplier": "3.7"}
WHOLE = {"start": "2020-01-01T00:00:00Z", "end": "2020-03-01T00:00:00Z"}
DAYS = {"start": "2020-01-01", "end": "2020-03-01"}


@dataclass(frozen=True)
class Asked:
    """A request that sends the field: `kind` is what the field names, `{kind}` in it stands for an object of the
    caller's own."""

    field: str
    kind: str
    call: str  # method and address
    content: dict[str, Any] | None = None


ORDER = {"book": "{book}", "instrument": "{instrument}", "side": "buy", "units": "1"}
BOT = {"name": "Mine", "capital": "1000"}
ALARM = {"name": "Any", "urgency": "2", "cool_down_s": "0"}
SPREAD = {"do": "spread", "legs": "0"}
ASKED = [
    # API
    Asked(
        "BacktestRequestSerializer.bar_set",
        "bar_set",
        "POST /api/v1/backtests/",
        {"text": CROSS, "bar_set": ID},
    ),
    Asked(
        "BacktestRequestSerializer.formula",
        "formula",
        "POST /api/v1/backtests/",
        {"formula": ID, "bar_set": "{bar_set}"},
    ),
    Asked(
        "MarketSerializer.bar_set",
        "bar_set",
        "POST /api/v1/sweeps/",
        {"text": SWEPT, "markets": [{"bar_set": ID}], "axes": {"length": "2,5"}},
    ),
    Asked(
        "SweepRequestSerializer.formula",
        "formula",
        "POST /api/v1/sweeps/",
        {"formula": ID, "markets": [{"bar_set": "{bar_set}"}], "axes": {"length": "2,5"}},
    ),
    Asked(
        "WalkForwardRequestSerializer.bar_set",
        "bar_set",
        "POST /api/v1/walk-forwards/",
        {"text": SWEPT, "bar_set": ID, "axes": {"length": "2,5"}},
    ),
    Asked(
        "WalkForwardRequestSerializer.formula",
        "formula",
        "POST /api/v1/walk-forwards/",
        {"formula": ID, "bar_set": "{bar_set}", "axes": {"length": "2,5"}},
    ),
    Asked(
        "LegRequestSerializer.bar_set",
        "bar_set",
        "POST /api/v1/portfolios/",
        {"legs": [{"bar_set": ID, "weight": 0.5}]},
    ),
    Asked(
        "LegRequestSerializer.formula",
        "formula",
        "POST /api/v1/portfolios/",
        {"legs": [{"formula": ID, "bar_set": "{bar_set}", "weight": 0.5}]},
    ),
    Asked("ComparisonRequestSerializer.run", "backtest", f"GET /api/v1/backtests/compare/?run={ID}&run={ID}"),
    Asked("TrialRequestSerializer.formula", "formula", f"GET /api/v1/trials/?formula={ID}"),
    Asked("TrialRequestSerializer.lineage", "lineage", f"GET /api/v1/trials/?lineage={ID}"),
    Asked(
        "NewFeedSerializer.instrument",
        "instrument",
        "POST /api/v1/feeds/",
        {"provider": "csv_drop", "timeframe": "5m", "settings": {"folder": "any"}, "instrument": ID},
    ),
    Asked(
        "ReplayForm.bar_set",
        "bar_set",
        "POST /data/feeds/new/",
        {"bar_set": ID, "bars_per_second": "1", "start": "0"},
    ),
    Asked("AlarmSerializer.source", "source", "POST /api/v1/alarms/", {"name": "Any", "source": ID}),
    Asked("AlarmSerializer.ladder", "ladder", "POST /api/v1/alarms/", {"name": "Any", "ladder": ID}),
    Asked("AlarmFilterSet.source", "source", f"GET /api/v1/alarms/?source={ID}"),
    Asked("AlarmFilterSet.person", "person", f"GET /api/v1/alarms/?person={ID}"),
    Asked("DeliveryFilterSet.notice", "notice", f"GET /api/v1/deliveries/?notice={ID}"),
    Asked("DeliveryFilterSet.contact", "contact", f"GET /api/v1/deliveries/?contact={ID}"),
    Asked(
        "EvaluateRequestSerializer.bar_set",
        "bar_set",
        "POST /api/v1/formulas/evaluate/",
        {"text": CROSS, "bar_set": ID},
    ),
    Asked(
        "PreviewRequestSerializer.bar_set",
        "bar_set",
        "POST /api/v1/formulas/preview/",
        {"text": CROSS, "bar_set": ID},
    ),
    Asked(
        "WhyRequestSerializer.bar_set",
        "bar_set",
        "POST /api/v1/formulas/why/",
        {"text": CROSS, "bar_set": ID, "time": "2020-03-01T00:00:00Z"},
    ),
    Asked(
        "DiffRequestSerializer.bar_set",
        "bar_set",
        "POST /api/v1/formulas/diff/",
        {"old": CROSS, "new": SWEPT, "bar_set": ID},
    ),
    Asked(
        "SnapshotSerializer.bar_set",
        "bar_set",
        "POST /api/v1/formulas/{formula}/cases/snapshot/",
        {"name": "Taken", "bar_set": ID, **WHOLE},
    ),
    Asked("bar_set", "bar_set", f"GET /api/v1/formulas/{{formula}}/compare/?old=draft&bar_set={ID}"),
    Asked("PerformanceQuerySerializer.source", "source", f"GET /api/v1/signals/performance/?source={ID}"),
    Asked(
        "UtBotSerializer.source",
        "source",
        "POST /api/v1/ut-bots/",
        {"name": "Bot", "source": ID, "symbols": ["BINANCE:BTCUSDT"], **UT_BOT},
    ),
    Asked("SignalFilterSet.source", "source", f"GET /api/v1/signals/?source={ID}"),
    Asked("AlertFilterSet.source", "source", f"GET /api/v1/alerts/?source={ID}"),
    Asked("JournalFilterSet.target", "formula", f"GET /api/v1/journal/?target=formulas.formula:{ID}"),
    Asked(
        "TransferSerializer.member", "member", "POST /api/v1/workspaces/{workspace}/transfer/", {"member": ID}
    ),
    Asked("NewOrderSerializer.book", "book", "POST /api/v1/trading/orders/", {**ORDER, "book": ID}),
    Asked(
        "NewOrderSerializer.instrument",
        "instrument",
        "POST /api/v1/trading/orders/",
        {**ORDER, "instrument": ID},
    ),
    Asked("PortfolioQuerySerializer.book", "book", f"GET /api/v1/trading/portfolio/?book={ID}"),
    Asked("PortfolioQuerySerializer.account", "account", f"GET /api/v1/trading/positions/?account={ID}"),
    Asked("LotQuerySerializer.book", "book", f"GET /api/v1/trading/lots/?book={ID}"),
    Asked("LotQuerySerializer.account", "account", f"GET /api/v1/trading/lots/?account={ID}"),
    Asked("OrderFilterSet.book", "book", f"GET /api/v1/trading/orders/?book={ID}"),
    Asked("FillFilterSet.book", "book", f"GET /api/v1/trading/fills/?book={ID}"),
    Asked(
        "BotRequestSerializer.formula",
        "formula",
        "POST /api/v1/bots/",
        {"formula": ID, "feed": "{feed}", "account": "{account}", **BOT},
    ),
    Asked(
        "BotRequestSerializer.feed",
        "feed",
        "POST /api/v1/bots/",
        {"formula": "{published}", "feed": ID, "account": "{account}", **BOT},
    ),
    Asked(
        "BotRequestSerializer.account",
        "account",
        "POST /api/v1/bots/",
        {"formula": "{published}", "feed": "{feed}", "account": ID, **BOT},
    ),
    # pages
    Asked("PortfolioForm.book", "book", f"GET /portfolio/?book={ID}"),
    Asked("PortfolioForm.account", "account", f"GET /portfolio/?account={ID}"),
    Asked("LotsForm.book", "book", f"GET /portfolio/lots/?book={ID}"),
    Asked("LotsForm.account", "account", f"GET /portfolio/lots/?account={ID}"),
    Asked(
        "SwitchForm.book",
        "book",
        "POST /trading/switches/throw/",
        {"scope": "book", "book": ID, "reason": "Any"},
    ),
    Asked("BacktestForm.bar_set", "bar_set", "POST /backtests/new/{formula}/", {"bar_set": ID, **COSTS}),
    Asked(
        "SweepForm.bar_sets",
        "bar_set",
        "POST /backtests/sweeps/new/{swept}/",
        {"bar_sets": ID, **COSTS, **RANGES},
    ),
    Asked(
        "SweepForm.bar_sets",
        "bar_set",
        "POST /backtests/sweeps/new/{swept}/count/",
        {"bar_sets": ID, **COSTS, **RANGES},
    ),
    Asked(
        "WalkForwardForm.bar_set",
        "bar_set",
        "POST /backtests/walk-forwards/new/{swept}/",
        {"bar_set": ID, **COSTS, **FOLDS},
    ),
    Asked(
        "WalkForwardForm.bar_set",
        "bar_set",
        "POST /backtests/walk-forwards/new/{swept}/preview/",
        {"bar_set": ID, **COSTS, **FOLDS},
    ),
    Asked(
        "LegForm.bar_set", "bar_set", "POST /backtests/portfolios/new/", {"leg-0-bar_set": ID, **COSTS, **LEG}
    ),
    Asked(
        "LegForm.formula",
        "formula",
        "POST /backtests/portfolios/new/",
        {"leg-0-formula": ID, "leg-0-bar_set": "{bar_set}", **COSTS, **LEG},
    ),
    Asked(
        "spread_bar_sets",
        "bar_set",
        "POST /backtests/portfolios/new/legs/",
        {"spread_bar_sets": ID, **SPREAD},
    ),
    Asked(
        "spread_formula",
        "formula",
        "POST /backtests/portfolios/new/legs/",
        {"spread_formula": ID, "spread_bar_sets": "{bar_set}", **SPREAD},
    ),
    Asked("formula", "formula", f"GET /backtests/portfolios/new/?formula={ID}"),
    Asked("portfolio", "portfolio", f"GET /backtests/portfolios/new/?portfolio={ID}"),
    Asked("backtest", "backtest", f"GET /backtests/sweeps/new/{{swept}}/?backtest={ID}"),
    Asked("sweep", "sweep", f"GET /backtests/sweeps/new/{{swept}}/?sweep={ID}"),
    Asked("run", "backtest", f"GET /backtests/compare/?run={ID}&run={ID}"),
    Asked("run", "backtest", f"GET /backtests/compare/chart.json?run={ID}&run={ID}"),
    Asked(
        "CompareForm.bar_set",
        "bar_set",
        f"GET /formulas/{{formula}}/history/?old=draft&new=draft&bar_set={ID}",
    ),
    Asked("WhyForm.bar_set", "bar_set", f"GET /formulas/{{formula}}/explain/?bar_set={ID}"),
    Asked("WhyForm.bar_set", "bar_set", f"GET /formulas/{{formula}}/explain/bars/?bar_set={ID}"),
    Asked(
        "SnapshotForm.bar_set",
        "bar_set",
        "POST /formulas/{formula}/tests/snapshot/",
        {"name": "T", "bar_set": ID, **DAYS},
    ),
    Asked(
        "BotForm.feed",
        "feed",
        "POST /bots/new/{published}/",
        {"feed": ID, "account": "{account}", "mode": "paper", "policy": "ask", **BOT},
    ),
    Asked(
        "BotForm.account",
        "account",
        "POST /bots/new/{published}/",
        {"feed": "{feed}", "account": ID, "mode": "paper", "policy": "ask", **BOT},
    ),
    Asked("AlarmForm.source", "source", "POST /signals/alarms/new/", {"source": ID, **ALARM}),
    Asked("AlarmForm.ladder", "ladder", "POST /signals/alarms/new/", {"ladder": ID, **ALARM}),
    Asked("PerformanceForm.source", "source", f"GET /signals/performance/?source={ID}"),
    Asked(
        "UtBotForm.source",
        "source",
        "POST /signals/ut-bot/new/",
        {"name": "Bot", "source": ID, "symbols": "BINANCE:BTCUSDT", **UT_BOT},
    ),
    Asked("JournalFilterForm.person", "person", f"GET /settings/workspace/journal/?person={ID}"),
    Asked(
        "JournalFilterForm.object",
        "formula",
        f"GET /settings/workspace/journal/?object=formulas.formula:{ID}",
    ),
    Asked("TransferForm.member", "member", "POST /settings/workspace/transfer/", {"member": ID}),
]

# Fields and parameters that look as if they named an object, and what they name.
NO_OBJECT = {
    "CheckoutRequestSerializer.pack": "what is sold, the same for everybody",
    "CheckoutRequestSerializer.price": "the same",
    "PackForm.gateway": "ways to pay",
    "PackForm.pack": "what is sold, the same for everybody",
    "PapersForm.status": "how a payment stands",
    "PlanForm.gateway": "ways to pay",
    "ProfileForm.country": "countries of the world",
    "TaxRateForm.country": "the same",
    "PlanForm.price": "what is sold, the same for everybody",
    "SubscriptionChangeSerializer.price": "the same",
    "SubscriptionWishSerializer.price": "the same",
    "WayForm.gateway": "ways to pay",
    "BotFormulasSerializer.formula": "only answered",
    "before": "a step in the journal of the bot in the address, by number",
    "version": "a version of the formula in the address, by number",
    "AlarmForm.channels": "channels of the installation",
    "ApiKeyForm.scopes": "rights",
    "CaseResultSerializer.uuid": "only answered",
    "CompareForm.new": "a version of the formula in the address, by number",
    "TryVersionForm.version": "a version of the formula of the bot in the address, by number",
    "CompareForm.old": "the same",
    "ComparedRunSerializer.uuid": "only answered",
    "JournalFilterForm.group": "a part of the site",
    "OnBarsSerializer.bar_set": "the base of two that stand above",
    "RelativeSerializer.uuid": "only answered",
    "TestAlertSerializer.id": "only answered",
    "SourceForm.kind": "kinds of sources",
    "ChainSerializer.chain": "only answered",
    "UtBotAdminForm.source": "the admin's: staff choose among all sources",
    "UtBotFormulaSerializer.formula": "only answered",
    "UserEditForm.groups": "the admin's: groups are the site's",
    "UserEditForm.user_permissions": "the admin's: permissions are the site's",
}
