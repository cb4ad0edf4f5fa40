"""What trading does: orders from intents, fills into positions and cash, limits and switches before all of it."""

from apps.trading.rules.amounts import amount_of
from apps.trading.rules.keys import client_order_id, intent_key
from apps.trading.rules.risk import Refused
from apps.trading.services.books import close_book, move_capital, open_book
from apps.trading.services.events import NewEvent, record_events
from apps.trading.services.filling import NewFill, record_fills, record_fills_of
from apps.trading.services.limits import set_limits
from apps.trading.services.manual import cancel_order, place_order
from apps.trading.services.marking import mark_books
from apps.trading.services.paper import (
    PaperBatch,
    PaperEnd,
    PaperFill,
    PaperResult,
    Price,
    record_paper,
    store_prices,
)
from apps.trading.services.paper_accounts import ensure_paper_account
from apps.trading.services.placing import NewIntent, Placed, place, why_no_orders
from apps.trading.services.rebuilding import differences, rebuild
from apps.trading.services.switches import Switches, lift_switch, throw_switch

__all__ = [
    "NewEvent",
    "NewFill",
    "NewIntent",
    "PaperBatch",
    "PaperEnd",
    "PaperFill",
    "PaperResult",
    "Placed",
    "Price",
    "Refused",
    "Switches",
    "amount_of",
    "cancel_order",
    "client_order_id",
    "close_book",
    "differences",
    "ensure_paper_account",
    "intent_key",
    "lift_switch",
    "mark_books",
    "move_capital",
    "open_book",
    "place",
    "place_order",
    "rebuild",
    "record_events",
    "record_fills",
    "record_fills_of",
    "record_paper",
    "set_limits",
    "store_prices",
    "throw_switch",
    "why_no_orders",
]
