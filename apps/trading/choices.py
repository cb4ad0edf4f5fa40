"""The words stored in the trading tables."""

from __future__ import annotations

from django.db import models
from django.utils.translation import pgettext_lazy

from apps.core.words import gettext_lazy


class AccountKind(models.TextChoices):
    PAPER = "paper", gettext_lazy("Paper")
    EXCHANGE = "exchange", gettext_lazy("Exchange")


class AccountState(models.TextChoices):
    CONNECTED = "connected", gettext_lazy("Connected")
    CHECKING = "checking", gettext_lazy("Being checked")
    REFUSED = "refused", gettext_lazy("Refused")  # its keys may do more than trade, or too little
    FROZEN = "frozen", gettext_lazy("Frozen")  # by a person: no new orders
    FAILED = "failed", gettext_lazy("Failing")  # the exchange does not take the keys any more


class Side(models.TextChoices):
    BUY = "buy", gettext_lazy("Buy")
    SELL = "sell", gettext_lazy("Sell")


class Purpose(models.TextChoices):
    ENTER = "enter", gettext_lazy("Enter")
    EXIT = "exit", gettext_lazy("Exit")
    PROTECT = "protect", gettext_lazy("Protect")
    FLATTEN = "flatten", gettext_lazy("Flatten")


class OrderKind(models.TextChoices):
    MARKET = "market", gettext_lazy("Market")
    LIMIT = "limit", gettext_lazy("Limit")
    STOP = "stop", pgettext_lazy("kind of order", "Stop")


class OrderStatus(models.TextChoices):
    """Where an order stands; what may follow what is `rules.orders.NEXT`."""

    PENDING = "pending", gettext_lazy("Waiting to be sent")
    SUBMITTING = "submitting", gettext_lazy("Being sent")
    UNKNOWN = (
        "unknown",
        gettext_lazy("Unknown"),
    )  # sent, and no answer came: it is looked up, never sent again blindly
    OPEN = "open", gettext_lazy("Open")
    PARTLY_FILLED = "partly_filled", gettext_lazy("Partly filled")
    FILLED = "filled", gettext_lazy("Filled")
    CANCELLED = "cancelled", gettext_lazy("Cancelled")
    REJECTED = "rejected", gettext_lazy("Rejected")
    EXPIRED = "expired", gettext_lazy("Expired")


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

    PLACED = "placed", gettext_lazy("Placed")
    SUBMITTING = "submitting", gettext_lazy("Being sent")
    UNKNOWN = "unknown", gettext_lazy("No answer")
    ACCEPTED = "accepted", gettext_lazy("Accepted")
    REJECTED = "rejected", gettext_lazy("Rejected")
    CANCEL_ASKED = "cancel_asked", gettext_lazy("Cancellation asked")
    CANCELLED = "cancelled", gettext_lazy("Cancelled")
    EXPIRED = "expired", gettext_lazy("Expired")
    NOT_FOUND = "not_found", gettext_lazy("Not known to the exchange")  # so it may be sent again
    NOTE = "note", gettext_lazy("Note")


class EventSource(models.TextChoices):
    US = "us", gettext_lazy("Candlewright")
    PERSON = "person", gettext_lazy("Person")
    EXCHANGE = "exchange", gettext_lazy("Exchange")
    PAPER = "paper", gettext_lazy("Paper broker")


class CashKind(models.TextChoices):
    DEPOSIT = "deposit", gettext_lazy("Capital given")
    WITHDRAWAL = "withdrawal", gettext_lazy("Capital taken")
    TRADE = "trade", gettext_lazy("Trade")
    FEE = "fee", gettext_lazy("Fee")
    FUNDING = "funding", gettext_lazy("Borrow and funding")
    ADJUSTMENT = "adjustment", gettext_lazy("Adjustment")


class SwitchScope(models.TextChoices):
    """What a kill switch stops. The wider ones hold for everything below them."""

    BOOK = "book", gettext_lazy("One bot")
    SYMBOL = "symbol", gettext_lazy("A symbol")
    EXCHANGE = "exchange", gettext_lazy("An exchange")
    WORKSPACE = "workspace", gettext_lazy("The workspace")
    PLATFORM = "platform", gettext_lazy("The whole platform")


class Refusal(models.TextChoices):
    """Why an intent became no order."""

    KILL_SWITCH = "kill_switch", gettext_lazy("A kill switch is on")
    ACCOUNT = "account", gettext_lazy("The account takes no orders")
    BOOK_CLOSED = "book_closed", gettext_lazy("The book is closed")
    EXPIRED = "expired", gettext_lazy("Too old")
    SIZE = "size", gettext_lazy("Size")
    NOTHING_TO_CLOSE = "nothing_to_close", gettext_lazy("Nothing to close")
    SYMBOL = "symbol", gettext_lazy("Symbol not allowed")
    RATE = "rate", gettext_lazy("Too many orders")
    PRICE_COLLAR = "price_collar", gettext_lazy("Price too far off")
    ORDER_NOTIONAL = "order_notional", gettext_lazy("Order too large")
    POSITION_NOTIONAL = "position_notional", gettext_lazy("Position too large")
    LEVERAGE = "leverage", gettext_lazy("Leverage")
    DAILY_LOSS = "daily_loss", gettext_lazy("Daily loss reached")
    DRAWDOWN = "drawdown", gettext_lazy("Drawdown reached")
    CASH = "cash", gettext_lazy("Not enough cash")


class DiscrepancyKind(models.TextChoices):
    """How the exchange and our ledger differ. Nothing of it is ever put right by trading."""

    FOREIGN_ORDER = "foreign_order", gettext_lazy("An order that is not ours")
    EXTERNAL_TRADE = "external_trade", gettext_lazy("A trade that is not ours")
    MISSED_FILL = "missed_fill", gettext_lazy("A fill that came late")
    FEE = "fee", gettext_lazy("A fee that cannot be valued")
    BALANCE = "balance", gettext_lazy("A balance that nothing explains")
    SHORTFALL = "shortfall", gettext_lazy("Less at the exchange than the books hold")
    LOST_ORDER = "lost_order", gettext_lazy("An order that the exchange lost")


class KeyPurpose(models.TextChoices):
    """What an account's keys were opened for."""

    CHECK = "check", gettext_lazy("What they may do")
    SUBMIT = "submit", gettext_lazy("Sending orders")
    LOOK_UP = "look_up", gettext_lazy("Looking orders up")
    CANCEL = "cancel", gettext_lazy("Cancelling orders")
    COMPARE = "compare", gettext_lazy("Comparing with the books")
    STREAM = "stream", gettext_lazy("News as it happens")


class LotMethod(models.TextChoices):
    FIFO = "fifo", gettext_lazy("First in, first out")
    LIFO = "lifo", gettext_lazy("Last in, first out")
    HIFO = "hifo", gettext_lazy("Highest price first")
