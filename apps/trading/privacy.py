"""What trading holds about people and workspaces."""

from apps.core.privacy import exempt, holds
from apps.core.words import gettext_noop

holds(
    "trading.TradingAccount",
    gettext_noop("Accounts that bots trade on; without their keys"),
    workspace="workspace_id",
)
holds("trading.Book", gettext_noop("The capital of each bot, and what it became"), workspace="workspace_id")
holds("trading.Intent", gettext_noop("What bots decided to buy and sell"), workspace="book__workspace_id")
holds("trading.Order", gettext_noop("Orders"), workspace="book__workspace_id")
holds(
    "trading.OrderEvent", gettext_noop("What happened to each order"), workspace="order__book__workspace_id"
)
holds(
    "trading.Fill",
    gettext_noop("Fills: what was bought and sold, at which price"),
    workspace="book__workspace_id",
)
holds("trading.CashEntry", gettext_noop("Cash of each bot, entry by entry"), workspace="book__workspace_id")
holds("trading.Position", gettext_noop("Positions"), workspace="book__workspace_id")
holds("trading.EquityPoint", gettext_noop("What each bot was worth"), workspace="book__workspace_id")
holds("trading.RiskLimits", gettext_noop("Risk limits"), workspace="workspace_id")
holds(
    "trading.KillSwitch",
    gettext_noop("When trading was stopped, and why"),
    workspace="workspace_id",
    mentions=("actor_id", "lifted_by_id"),
)
exempt("trading.Mark", "prices of instruments")
holds(
    "trading.AccountSync",
    gettext_noop("What an exchange held when it was last compared"),
    workspace="account__workspace_id",
)
holds(
    "trading.Discrepancy",
    gettext_noop("Where an exchange and the books differed"),
    workspace="workspace_id",
    mentions=("resolved_by_id",),
)
exempt("trading.ExchangeMarket", "what exchanges tell everybody of their markets")
holds(
    "trading.KeyUse",
    gettext_noop("Which key of an account was used for what, day by day"),
    workspace="account__workspace_id",
)
