"""What every broker does, and the three ways in which sending an order can fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol


class BrokerError(Exception):
    """Something went wrong between us and an exchange; `words` are for people."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words[:300]


class NoAnswer(BrokerError):
    """Nobody can tell whether the request was carried out: it is looked up, never sent again."""


class NotTaken(BrokerError):
    """The exchange turned the request away before it looked at it: it was certainly not carried out.

    `wait_s` is how long it wants to be left alone, `is_clock` that our clock is not its own.
    """

    def __init__(self, words: str, *, wait_s: float = 0.0, is_clock: bool = False) -> None:
        super().__init__(words)
        self.wait_s = wait_s
        self.is_clock = is_clock


class Rejected(BrokerError):
    """The exchange looked at the request and said no."""


class KeysRefused(Rejected):
    """The exchange does not take the keys, or not for this."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as it is sent. `symbol` is the exchange's name of the market; `price` of a limit, `trigger` of a stop.

    `signed_at` is the time it is signed with where the exchange bounds requests: later than that plus the window it is
    refused, whatever happens to us or to it on the way.
    """

    client_order_id: str
    symbol: str
    side: str
    kind: str
    units: Decimal
    signed_at: datetime
    price: Decimal | None = None
    trigger: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TradeReport:
    """Units that changed hands, as the exchange reports them. `fee` is in `fee_currency`."""

    trade_id: str
    exchange_order_id: str
    symbol: str
    side: str
    units: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderReport:
    """An order as the exchange has it. `status` is open, filled, cancelled, rejected or expired."""

    client_order_id: str
    exchange_order_id: str
    symbol: str
    side: str
    status: str
    units: Decimal
    filled: Decimal
    at: datetime
    trades: tuple[TradeReport, ...] | None = None  # None: not told; they are asked for


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the keys may do. None: the exchange does not say."""

    can_read: bool | None
    can_trade: bool | None
    can_withdraw: bool | None
    is_ip_bound: bool | None
    notes: tuple[str, ...] = field(default_factory=tuple)  # advice, in sentences


@dataclass(frozen=True, slots=True)
class Balance:
    free: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Market:
    """A market of an exchange. `symbol` is its own name of it, `name` CCXT's ("BTC/USDT"). Steps of 0 are none."""

    symbol: str
    name: str
    base: str
    quote: str
    tick_size: Decimal
    lot_size: Decimal
    min_size: Decimal
    min_notional: Decimal


class Broker(Protocol):
    """One account at one exchange. Methods raise BrokerError; reads raise NoAnswer, NotTaken or KeysRefused."""

    async def get_ready(self) -> None:
        """Know the markets and the exchange's clock, so that an order leaves at once."""
        ...

    async def check(self) -> Permissions:
        """What the keys may do."""
        ...

    async def balances(self) -> dict[str, Balance]:
        """By currency, those that hold something."""
        ...

    async def market(self, symbol: str) -> Market | None:
        """The spot market of that name, None when there is none."""
        ...

    async def markets(self) -> Sequence[Market]:
        """All spot markets, asked for anew."""
        ...

    async def submit(self, ticket: Ticket) -> OrderReport:
        """Send the order, once. Raises NoAnswer, NotTaken, Rejected."""
        ...

    async def find(self, symbol: str, client_order_id: str) -> OrderReport | None:
        """The order of that name; None when the exchange says that it has none."""
        ...

    async def trades_of(self, report: OrderReport) -> Sequence[TradeReport]:
        """What of the order was filled, oldest first."""
        ...

    async def trades(self, symbol: str, since: datetime) -> Sequence[TradeReport]:
        """All trades of the account in a market, oldest first, whoever ordered them."""
        ...

    async def open_orders(self) -> Sequence[OrderReport]:
        """All orders that rest at the exchange, whoever placed them."""
        ...

    async def cancel(self, symbol: str, client_order_id: str) -> None:
        """Raises Rejected when there is nothing to cancel any more."""
        ...

    async def price_of(self, currency: str, quote: str) -> Decimal | None:
        """The last price of a currency in another, None where they are not traded."""
        ...

    async def set_clock(self) -> float:
        """Measure how far the exchange's clock is ahead of ours, in seconds, and sign by it from now on."""
        ...

    def watch(self) -> AsyncIterator[OrderReport]:
        """Orders of the account as they change, whoever placed them. Ends with NoAnswer when the line breaks."""
        ...

    async def close(self) -> None: ...
