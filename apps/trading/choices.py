"""The words stored in the trading tables."""

from __future__ import annotations

from django.db import models


class AccountKind(models.TextChoices):
    PAPER = "paper", "Paper"
    EXCHANGE = "exchange", "Exchange"


class AccountState(models.TextChoices):
    CONNECTED = "connected", "Connected"
    CHECKING = "checking", "Being checked"
    REFUSED = "refused", "Refused"  # its keys may do more than trade, or too little
    FROZEN = "frozen", "Frozen"  # by a person: no new orders
    FAILED = "failed", "Failing"  # the exchange does not take the keys any more


class Side(models.TextChoices):
    BUY = "buy", "Buy"
    SELL = "sell", "Sell"


class Purpose(models.TextChoices):
    ENTER = "enter", "Enter"
    EXIT = "exit", "Exit"
    PROTECT = "protect", "Protect"
    FLATTEN = "flatten", "Flatten"


class OrderKind(models.TextChoices):
    MARKET = "market", "Market"
    LIMIT = "limit", "Limit"
    STOP = "stop", "Stop"


class OrderStatus(models.TextChoices):
    """Where an order stands; what may follow what is `rules.orders.NEXT`."""

    PENDING = "pending", "Waiting to be sent"
    SUBMITTING = "submitting", "Being sent"
    UNKNOWN = "unknown", "Unknown"  # sent, and no answer came: it is looked up, never sent again blindly
    OPEN = "open", "Open"
    PARTLY_FILLED = "partly_filled", "Partly filled"
    FILLED = "filled", "Filled"
    CANCELLED = "cancelled", "Cancelled"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Expired"


ENDED = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED)
UNDER_WAY = (
    OrderStatus.PENDING,
    OrderStatus.SUBMITTING,
    OrderStatus.UNKNOWN,
    OrderStatus.OPEN,
    OrderStatus.PARTLY_FILLED,
)


class EventKind(models.TextChoices):
    """What happened to an order. Its fills are rows of their own (`Fill`)."""

    PLACED = "placed", "Placed"
    SUBMITTING = "submitting", "Being sent"
    UNKNOWN = "unknown", "No answer"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    CANCEL_ASKED = "cancel_asked", "Cancellation asked"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"
    NOT_FOUND = "not_found", "Not known to the exchange"  # so it may be sent again
    NOTE = "note", "Note"


class EventSource(models.TextChoices):
    US = "us", "Candlewright"
    PERSON = "person", "Person"
    EXCHANGE = "exchange", "Exchange"
    PAPER = "paper", "Paper broker"


class CashKind(models.TextChoices):
    DEPOSIT = "deposit", "Capital given"
    WITHDRAWAL = "withdrawal", "Capital taken"
    TRADE = "trade", "Trade"
    FEE = "fee", "Fee"
    FUNDING = "funding", "Borrow and funding"
    ADJUSTMENT = "adjustment", "Adjustment"


class SwitchScope(models.TextChoices):
    """What a kill switch stops. The wider ones hold for everything below them."""

    BOOK = "book", "One bot"
    SYMBOL = "symbol", "A symbol"
    EXCHANGE = "exchange", "An exchange"
    WORKSPACE = "workspace", "The workspace"
    PLATFORM = "platform", "The whole platform"


class Refusal(models.TextChoices):
    """Why an intent became no order."""

    KILL_SWITCH = "kill_switch", "A kill switch is on"
    ACCOUNT = "account", "The account takes no orders"
    BOOK_CLOSED = "book_closed", "The book is closed"
    EXPIRED = "expired", "Too old"
    SIZE = "size", "Size"
    NOTHING_TO_CLOSE = "nothing_to_close", "Nothing to close"
    SYMBOL = "symbol", "Symbol not allowed"
    RATE = "rate", "Too many orders"
    PRICE_COLLAR = "price_collar", "Price too far off"
    ORDER_NOTIONAL = "order_notional", "Order too large"
    POSITION_NOTIONAL = "position_notional", "Position too large"
    LEVERAGE = "leverage", "Leverage"
    DAILY_LOSS = "daily_loss", "Daily loss reached"
    DRAWDOWN = "drawdown", "Drawdown reached"
    CASH = "cash", "Not enough cash"


class DiscrepancyKind(models.TextChoices):
    """How the exchange and our ledger differ. Nothing of it is ever put right by trading."""

    FOREIGN_ORDER = "foreign_order", "An order that is not ours"
    EXTERNAL_TRADE = "external_trade", "A trade that is not ours"
    MISSED_FILL = "missed_fill", "A fill that came late"
    FEE = "fee", "A fee that cannot be valued"
    BALANCE = "balance", "A balance that nothing explains"
    SHORTFALL = "shortfall", "Less at the exchange than the books hold"
    LOST_ORDER = "lost_order", "An order that the exchange lost"


class KeyPurpose(models.TextChoices):
    """What an account's keys were opened for."""

    CHECK = "check", "What they may do"
    SUBMIT = "submit", "Sending orders"
    LOOK_UP = "look_up", "Looking orders up"
    CANCEL = "cancel", "Cancelling orders"
    COMPARE = "compare", "Comparing with the books"
    STREAM = "stream", "News as it happens"


class LotMethod(models.TextChoices):
    FIFO = "fifo", "First in, first out"
    LIFO = "lifo", "Last in, first out"
    HIFO = "hifo", "Highest price first"
