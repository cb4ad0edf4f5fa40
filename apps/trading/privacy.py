"""What trading holds about people and workspaces."""

from apps.core.privacy import exempt, holds

holds("trading.TradingAccount", "Accounts that bots trade on; without their keys", workspace="workspace_id")
holds("trading.Book", "The capital of each bot, and what it became", workspace="workspace_id")
holds("trading.Intent", "What bots decided to buy and sell", workspace="book__workspace_id")
holds("trading.Order", "Orders", workspace="book__workspace_id")
holds("trading.OrderEvent", "What happened to each order", workspace="order__book__workspace_id")
holds("trading.Fill", "Fills: what was bought and sold, at which price", workspace="book__workspace_id")
holds("trading.CashEntry", "Cash of each bot, entry by entry", workspace="book__workspace_id")
holds("trading.Position", "Positions", workspace="book__workspace_id")
holds("trading.EquityPoint", "What each bot was worth", workspace="book__workspace_id")
holds("trading.RiskLimits", "Risk limits", workspace="workspace_id")
holds(
    "trading.KillSwitch",
    "When trading was stopped, and why",
    workspace="workspace_id",
    mentions=("actor_id", "lifted_by_id"),
)
exempt("trading.Mark", "prices of instruments")
holds(
    "trading.AccountSync",
    "What an exchange held when it was last compared",
    workspace="account__workspace_id",
)
holds(
    "trading.Discrepancy",
    "Where an exchange and the books differed",
    workspace="workspace_id",
    mentions=("resolved_by_id",),
)
exempt("trading.ExchangeMarket", "what exchanges tell everybody of their markets")
holds(
    "trading.KeyUse",
    "Which key of an account was used for what, day by day",
    workspace="account__workspace_id",
)
