"""Tables of the trading room, one file per subject."""

from apps.trading.models.accounts import Book, TradingAccount
from apps.trading.models.exchange import AccountSync, Discrepancy, ExchangeMarket, KeyUse
from apps.trading.models.orders import Fill, Intent, Order, OrderEvent
from apps.trading.models.positions import CashEntry, EquityPoint, Mark, Position
from apps.trading.models.risk import KillSwitch, RiskLimits

__all__ = [
    "AccountSync",
    "Book",
    "CashEntry",
    "Discrepancy",
    "EquityPoint",
    "ExchangeMarket",
    "Fill",
    "Intent",
    "KeyUse",
    "KillSwitch",
    "Mark",
    "Order",
    "OrderEvent",
    "Position",
    "RiskLimits",
    "TradingAccount",
]
