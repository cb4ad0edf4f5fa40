"""Reads of the trading room."""

from apps.trading.selectors.books import accounts_of, books_of, limits_of, switches_of
from apps.trading.selectors.curves import Curve, equity_curve
from apps.trading.selectors.exchanges import (
    Holding,
    KeyUsed,
    discrepancies_of,
    holdings_of,
    key_uses_of,
    slippage_of_account,
    smallest_units,
    sync_of,
)
from apps.trading.selectors.lots import LotRow, lots_of_workspace
from apps.trading.selectors.orders import OrderChoice, fills_of, orders_of, refused_intents_of
from apps.trading.selectors.portfolio import (
    Chosen,
    Exposure,
    Line,
    PositionRow,
    Summary,
    currencies_of,
    exposure_of,
    positions_of,
    profit_by_book,
    profit_by_day,
    profit_by_instrument,
    summary_of,
)

__all__ = [
    "Chosen",
    "Curve",
    "Exposure",
    "Holding",
    "KeyUsed",
    "Line",
    "LotRow",
    "OrderChoice",
    "PositionRow",
    "Summary",
    "accounts_of",
    "books_of",
    "currencies_of",
    "discrepancies_of",
    "equity_curve",
    "exposure_of",
    "fills_of",
    "holdings_of",
    "key_uses_of",
    "limits_of",
    "lots_of_workspace",
    "orders_of",
    "positions_of",
    "profit_by_book",
    "profit_by_day",
    "profit_by_instrument",
    "refused_intents_of",
    "slippage_of_account",
    "smallest_units",
    "summary_of",
    "switches_of",
    "sync_of",
]
