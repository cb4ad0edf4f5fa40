"""The adapter of every exchange that CCXT speaks with: spot accounts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import ccxt
import structlog
from django.conf import settings
from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.markets.exchanges import load_markets, open_client
from apps.trading.brokers.base import (
    Balance,
    Broker,
    BrokerError,
    Market,
    NoAnswer,
    NotTaken,
    OrderReport,
    Permissions,
    Rejected,
    Ticket,
    TradeReport,
)
from apps.trading.brokers.ccxt_errors import of_read, of_submission
from apps.trading.brokers.exchanges import EXCHANGES
from apps.trading.brokers.permissions import TELLING

log = structlog.get_logger(__name__)

TESTNET = gettext_lazy("A test network does not say what keys may do; nothing there has a value.")
STATUSES = {
    "open": "open",
    "closed": "filled",
    "canceled": "cancelled",
    "rejected": "rejected",
    "expired": "expired",
}
TRADES_A_CALL = 500


class CcxtBroker(Broker):
    """Opened with the keys; every call of it runs in the event loop it was first used in."""

    def __init__(
        self, exchange: str, *, is_testnet: bool, api_key: str, secret: str, password: str = ""
    ) -> None:
        self.exchange = EXCHANGES[exchange]
        self.is_testnet = is_testnet
        self.client = open_client(
            exchange,
            is_testnet=is_testnet,
            api_key=api_key,
            secret=secret,
            password=password,
            timeout_ms=settings.EXCHANGE_TIMEOUT_MS,
        )
        if self.exchange.bounds_requests:
            self.client.options["recvWindow"] = settings.EXCHANGE_RECV_WINDOW_MS
        self.client.options["warnOnFetchOpenOrdersWithoutSymbol"] = False
        self._is_ready = False

    async def get_ready(self) -> None:
        if not self._is_ready:
            await self._read(load_markets, self.client, ready=False)
            await self.set_clock()
            self._is_ready = True

    async def check(self) -> Permissions:
        call, read = TELLING[self.exchange.name]
        if self.is_testnet and not self.exchange.reads_testnet_rights:
            await self._read(self.client.fetch_balance)
            return Permissions(True, True, None, None, (TESTNET,))
        return read(await self._read(getattr(self.client, call)))

    async def balances(self) -> dict[str, Balance]:
        told = await self._read(self.client.fetch_balance)
        found = {}
        for currency, total in (told.get("total") or {}).items():
            if total is not None and Decimal(total):
                found[currency] = Balance(Decimal(told["free"].get(currency) or 0), Decimal(total))
        return found

    async def market(self, symbol: str) -> Market | None:
        await self.get_ready()
        market = self._market(symbol)
        return None if market is None else _as_market(market)

    async def markets(self) -> Sequence[Market]:
        await self.get_ready()
        await self._read(load_markets, self.client, True)
        return [_as_market(market) for market in self.client.markets.values() if market["spot"]]

    async def submit(self, ticket: Ticket) -> OrderReport:
        await self.get_ready()  # may fail as a read does: nothing has been sent
        market = self._market(ticket.symbol)
        if market is None:
            raise Rejected(
                gettext("{label} has no spot market {symbol}.").format(
                    label=self.exchange.label, symbol=ticket.symbol
                )
            )
        params: dict[str, Any] = {"clientOrderId": ticket.client_order_id}
        if self.exchange.bounds_requests:
            signed_at = int(ticket.signed_at.timestamp() * 1000)
            params["timestamp"] = signed_at - int(self.client.options.get("timeDifference") or 0)
        if ticket.trigger is not None:
            params["stopLossPrice"] = f"{ticket.trigger.normalize():f}"
        price = None if ticket.price is None else f"{ticket.price.normalize():f}"
        kind = "limit" if ticket.price is not None else "market"
        self.client.last_status = 0
        try:
            told = await self.client.create_order(
                market["symbol"], kind, ticket.side, f"{ticket.units.normalize():f}", price, params
            )
            return self._order(told)
        except ccxt.BaseError as error:
            raise of_submission(error, self.client) from error
        except Exception as error:  # the request may be out: whatever broke here, its fate is not known
            log.exception("exchange_answer_unreadable", exchange=self.exchange.name)
            raise NoAnswer(gettext("The answer could not be read: {error}").format(error=error)) from error

    async def find(self, symbol: str, client_order_id: str) -> OrderReport | None:
        try:
            told = await self._read(
                self.client.fetch_order, None, self._unified(symbol), {"clientOrderId": client_order_id}
            )
        except Rejected as error:
            if isinstance(error.__cause__, ccxt.OrderNotFound):
                return None
            raise
        return replace(self._order(told), client_order_id=client_order_id)

    async def trades_of(self, report: OrderReport) -> Sequence[TradeReport]:
        told = await self._read(
            self.client.fetch_my_trades,
            self._unified(report.symbol),
            None,
            TRADES_A_CALL,
            {"orderId": report.exchange_order_id},
        )
        return [trade for trade in self._trades(told) if trade.exchange_order_id == report.exchange_order_id]

    async def trades(self, symbol: str, since: datetime) -> Sequence[TradeReport]:
        found: dict[str, TradeReport] = {}
        begin = int(since.timestamp() * 1000)
        while True:
            told = await self._read(self.client.fetch_my_trades, self._unified(symbol), begin, TRADES_A_CALL)
            fresh = [trade for trade in self._trades(told) if trade.trade_id not in found]
            found.update({trade.trade_id: trade for trade in fresh})
            if len(told) < TRADES_A_CALL or not fresh:
                return list(found.values())
            begin = int(fresh[-1].at.timestamp() * 1000)

    async def open_orders(self) -> Sequence[OrderReport]:
        return [self._order(told) for told in await self._read(self.client.fetch_open_orders)]

    async def cancel(self, symbol: str, client_order_id: str) -> None:
        await self._read(
            self.client.cancel_order, None, self._unified(symbol), {"clientOrderId": client_order_id}
        )

    async def price_of(self, currency: str, quote: str) -> Decimal | None:
        await self.get_ready()
        market = self._market(f"{currency}/{quote}")
        if market is None:
            return None
        told = await self._read(self.client.fetch_ticker, market["symbol"])
        return Decimal(told["last"]) if told.get("last") else None

    async def set_clock(self) -> float:
        if self.client.has.get("fetchTime"):
            await self._read(self.client.load_time_difference, ready=False)
        return -float(self.client.options.get("timeDifference") or 0) / 1000

    async def watch(self) -> AsyncIterator[OrderReport]:
        await self.get_ready()
        heard: asyncio.Queue[OrderReport | BrokerError] = asyncio.Queue()
        listening = asyncio.create_task(self._listen(heard))
        try:
            while True:
                news = await heard.get()
                if isinstance(news, BrokerError):
                    raise news
                yield news
        finally:
            listening.cancel()

    async def _listen(self, heard: asyncio.Queue[OrderReport | BrokerError]) -> None:
        """Listen on while what came is looked at: what comes when nobody asks, CCXT keeps until more comes."""
        try:
            while True:
                for told in await self._read(self.client.watch_orders):
                    heard.put_nowait(self._order(told))
        except BrokerError as error:
            heard.put_nowait(error)
        except (ValueError, LookupError, TypeError, ArithmeticError) as error:
            heard.put_nowait(NoAnswer(gettext("The news could not be read: {error}").format(error=error)))

    async def close(self) -> None:
        await self.client.close()

    async def _read(self, call: Callable[..., Awaitable[Any]], *args: Any, ready: bool = True) -> Any:
        """Make a call that changes nothing. Clocks that have drifted apart are set once, and it is made again."""
        if ready:
            await self.get_ready()
        for again in (True, False):
            self.client.last_status = 0
            try:
                return await call(*args)
            except ccxt.BaseError as error:
                meaning = of_read(error, self.client)
                if isinstance(meaning, NotTaken) and meaning.is_clock and again and ready:
                    await self.set_clock()
                    continue
                raise meaning from error
            except asyncio.CancelledError:
                raise
            except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
                raise NoAnswer(
                    gettext("The answer could not be read: {error}").format(error=error)
                ) from error
        raise AssertionError("unreachable")

    def _market(self, symbol: str) -> dict[str, Any] | None:
        if symbol in self.client.markets:
            return self.client.markets[symbol] if self.client.markets[symbol]["spot"] else None
        for market in self.client.markets_by_id.get(symbol, []):
            if market["spot"]:
                return market
        return None

    def _unified(self, symbol: str) -> str:
        market = self._market(symbol) if self._is_ready else None
        return market["symbol"] if market else symbol

    def _symbol(self, told: dict[str, Any]) -> str:
        market = self.client.markets.get(told["symbol"])
        return market["id"] if market else str(told["symbol"])

    def _order(self, told: dict[str, Any]) -> OrderReport:
        info = told.get("info") or {}
        # a cancellation has a name of its own, and the order's besides
        name = info.get("C") or info.get("origClientOrderId") or told.get("clientOrderId") or ""
        at = _when(told.get("lastUpdateTimestamp") or told.get("timestamp"))
        filled = Decimal(told.get("filled") or 0)
        shared = {"order": told["id"], "symbol": told["symbol"], "side": told["side"]}
        trades = []
        for trade in told.get("trades") or []:
            own = {key: value for key, value in trade.items() if value is not None}
            trades.append(self._trade({**shared, **own}, at))
        is_whole = sum((trade.units for trade in trades), Decimal(0)) == filled
        return OrderReport(
            client_order_id=str(name),
            exchange_order_id=str(told["id"]),
            symbol=self._symbol(told),
            side=told["side"],
            status=STATUSES.get(told.get("status") or "", "open"),
            units=Decimal(told.get("amount") or 0),
            filled=filled,
            at=at,
            trades=tuple(trades) if is_whole and all(trade.trade_id for trade in trades) else None,
        )

    def _trades(self, told: list[dict[str, Any]]) -> list[TradeReport]:
        return [self._trade(one, None) for one in sorted(told, key=lambda one: one.get("timestamp") or 0)]

    def _trade(self, told: dict[str, Any], at: datetime | None) -> TradeReport:
        fee = told.get("fee") or {}
        return TradeReport(
            str(told.get("id") or ""),
            str(told.get("order") or ""),
            self._symbol(told),
            told["side"],
            Decimal(told["amount"]),
            Decimal(told["price"]),
            Decimal(fee.get("cost") or 0),
            str(fee.get("currency") or ""),
            _when(told.get("timestamp")) if told.get("timestamp") or at is None else at,
        )


def _as_market(market: dict[str, Any]) -> Market:
    limits, precision = market["limits"], market["precision"]
    return Market(
        market["id"],
        market["symbol"],
        market["base"],
        market["quote"],
        tick_size=Decimal(precision.get("price") or 0),
        lot_size=Decimal(precision.get("amount") or 0),
        min_size=Decimal((limits.get("amount") or {}).get("min") or 0),
        min_notional=Decimal((limits.get("cost") or {}).get("min") or 0),
    )


def _when(milliseconds: Any) -> datetime:
    if not milliseconds:
        raise ValueError("an order or trade without a time")
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
