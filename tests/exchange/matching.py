"""Accounts, orders and trades of the loopback exchange: what an order does to balances, without HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

COMMISSION = Decimal("0.001")
OPEN = ("NEW", "PARTIALLY_FILLED")
KINDS = ("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")


class Refused(Exception):
    """What the exchange answers instead: HTTP status, its code and words."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class Symbol:
    name: str
    base: str
    quote: str
    price: Decimal
    tick: Decimal = Decimal("0.01")
    step: Decimal = Decimal("0.00001")
    min_qty: Decimal = Decimal("0.00001")
    min_notional: Decimal = Decimal("5")


@dataclass
class Account:
    key: str
    secret: str
    free: dict[str, Decimal]
    locked: dict[str, Decimal] = field(default_factory=dict)
    permissions: dict[str, bool] = field(default_factory=dict)


@dataclass
class Order:
    number: int
    account: Account
    symbol: Symbol
    client_id: str
    side: str
    kind: str
    qty: Decimal
    price: Decimal
    stop_price: Decimal
    at: int  # ms
    by: str = "api"
    status: str = "NEW"
    filled: Decimal = Decimal(0)
    quote_filled: Decimal = Decimal(0)
    updated_at: int = 0
    triggered: bool = False
    trades: list[Trade] = field(default_factory=list)
    cancel_id: str = ""

    @property
    def left(self) -> Decimal:
        return self.qty - self.filled


@dataclass(frozen=True)
class Trade:
    number: int
    order: Order
    qty: Decimal
    price: Decimal
    commission: Decimal
    commission_asset: str
    at: int
    is_maker: bool


class Matching:
    """One exchange. `on_report(order, kind, trade)` is told of everything that happens to an order."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self.symbols: dict[str, Symbol] = {}
        self.accounts: dict[str, Account] = {}
        self.orders: list[Order] = []
        self.trades: list[Trade] = []
        self.slices = 1  # how many trades a market order is filled in
        self.fee_asset = ""  # the coin that commissions are taken in; empty: what the trade brings
        self.fee_rate: dict[str, Decimal] = {}  # what one of it is worth in the quote currency
        self.on_report: Callable[[Order, str, Trade | None], None] = lambda order, kind, trade: None
        self._order_numbers = itertools.count(1001)
        self._trade_numbers = itertools.count(500001)

    def accept(self, account: Account, wanted: dict[str, str], *, by: str = "api") -> Order:
        """A new order, as POST /order describes it. Raises Refused."""
        symbol = self.symbols.get(wanted.get("symbol", ""))
        if symbol is None:
            raise Refused(-1121, "Invalid symbol.")
        kind, side = wanted.get("type", ""), wanted.get("side", "")
        if kind not in KINDS:
            raise Refused(-1116, "Invalid orderType.")
        if side not in ("BUY", "SELL"):
            raise Refused(-1117, "Invalid side.")
        if not account.permissions.get("enableSpotAndMarginTrading", True):
            raise Refused(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        qty, price = Decimal(wanted.get("quantity", "0")), Decimal(wanted.get("price", "0"))
        stop = Decimal(wanted.get("stopPrice", "0"))
        self._check_filters(symbol, kind, qty, price, stop)
        client_id = wanted.get("newClientOrderId", "")
        if any(o.client_id == client_id and o.status in OPEN and o.account is account for o in self.orders):
            raise Refused(-2010, "Duplicate order sent.")
        order = Order(
            next(self._order_numbers),
            account,
            symbol,
            client_id,
            side,
            kind,
            qty,
            price,
            stop,
            self.now(),
            by,
        )
        self._lock(order)
        self.orders.append(order)
        order.updated_at = order.at
        self.on_report(order, "NEW", None)
        self._match(order)
        return order

    def cancel(self, order: Order, cancel_id: str = "") -> None:
        if order.status not in OPEN:
            raise Refused(-2011, "Unknown order sent.")
        asset, amount = self._reserved(order, order.left)
        self._move(order.account, asset, locked=-amount, free=amount)
        order.status, order.updated_at, order.cancel_id = "CANCELED", self.now(), cancel_id
        self.on_report(order, "CANCELED", None)

    def set_price(self, name: str, price: Decimal) -> None:
        """The market trades at `price`: stops fire, limits it reaches are filled whole."""
        symbol = self.symbols[name]
        symbol.price = price
        for order in [o for o in self.orders if o.symbol is symbol and o.status in OPEN]:
            self._match(order)

    def offer(self, name: str, qty: Decimal, price: Decimal) -> None:
        """Somebody trades `qty` with the resting limit orders that take `price`, oldest first: partial fills."""
        for order in self.orders:
            takes = order.price >= price if order.side == "BUY" else order.price <= price
            if order.symbol.name == name and order.status in OPEN and order.price and takes and qty > 0:
                part = min(qty, order.left)
                qty -= part
                self._fill(order, part, order.price, is_maker=True)

    def _check_filters(self, symbol: Symbol, kind: str, qty: Decimal, price: Decimal, stop: Decimal) -> None:
        if qty < symbol.min_qty or qty % symbol.step:
            raise Refused(-1013, "Filter failure: LOT_SIZE")
        has_price = kind in ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
        if has_price and (price <= 0 or price % symbol.tick):
            raise Refused(-1013, "Filter failure: PRICE_FILTER")
        if kind.startswith(("STOP", "TAKE")) and (stop <= 0 or stop % symbol.tick):
            raise Refused(-1013, "Filter failure: PRICE_FILTER")
        if qty * (price if has_price else symbol.price) < symbol.min_notional:
            raise Refused(-1013, "Filter failure: NOTIONAL")

    def _reserved(self, order: Order, qty: Decimal) -> tuple[str, Decimal]:
        if order.side == "SELL":
            return order.symbol.base, qty
        return order.symbol.quote, qty * (order.price or max(order.symbol.price, order.stop_price))

    def _lock(self, order: Order) -> None:
        asset, amount = self._reserved(order, order.qty)
        if order.account.free.get(asset, Decimal(0)) < amount:
            raise Refused(-2010, "Account has insufficient balance for requested action.")
        self._move(order.account, asset, locked=amount, free=-amount)

    def _move(self, account: Account, asset: str, *, free: Decimal, locked: Decimal = Decimal(0)) -> None:
        account.free[asset] = account.free.get(asset, Decimal(0)) + free
        account.locked[asset] = account.locked.get(asset, Decimal(0)) + locked

    def _match(self, order: Order) -> None:
        market = order.symbol.price
        if order.kind.startswith("STOP") and not order.triggered:
            if not (market <= order.stop_price if order.side == "SELL" else market >= order.stop_price):
                return
            order.triggered = True
        if order.kind in ("MARKET", "STOP_LOSS"):
            parts = self.slices
            for number in range(parts):
                part = (
                    order.left
                    if number == parts - 1
                    else (order.qty / parts) // order.symbol.step * order.symbol.step
                )
                self._fill(order, part, market + number * order.symbol.tick, is_maker=False)
        elif order.price and (market <= order.price if order.side == "BUY" else market >= order.price):
            self._fill(order, order.left, order.price, is_maker=True)

    def _fill(self, order: Order, qty: Decimal, price: Decimal, *, is_maker: bool) -> None:
        if qty <= 0:
            return
        symbol = order.symbol
        asset, reserved = self._reserved(order, qty)
        gained_asset, gained = (symbol.base, qty) if order.side == "BUY" else (symbol.quote, qty * price)
        paid = qty * price if order.side == "BUY" else qty
        fee_asset, commission = gained_asset, gained * COMMISSION
        if self.fee_asset:
            fee_asset, commission = self.fee_asset, qty * price * COMMISSION / self.fee_rate[self.fee_asset]
        self._move(order.account, asset, locked=-reserved, free=reserved - paid)
        self._move(order.account, gained_asset, free=gained)
        self._move(order.account, fee_asset, free=-commission)
        order.filled += qty
        order.quote_filled += qty * price
        order.status = "FILLED" if order.left == 0 else "PARTIALLY_FILLED"
        order.updated_at = self.now()
        trade = Trade(
            next(self._trade_numbers), order, qty, price, commission, fee_asset, self.now(), is_maker
        )
        order.trades.append(trade)
        self.trades.append(trade)
        self.on_report(order, "TRADE", trade)


def text(amount: Decimal) -> str:
    """Eight places, as the exchange writes amounts."""
    return f"{amount:.8f}"


def order_json(order: Order) -> dict[str, Any]:
    return {
        "symbol": order.symbol.name,
        "orderId": order.number,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "price": text(order.price),
        "origQty": text(order.qty),
        "executedQty": text(order.filled),
        "origQuoteOrderQty": text(Decimal(0)),
        "cummulativeQuoteQty": text(order.quote_filled),
        "status": order.status,
        "timeInForce": "GTC",
        "type": order.kind,
        "side": order.side,
        "stopPrice": text(order.stop_price),
        "icebergQty": text(Decimal(0)),
        "time": order.at,
        "updateTime": order.updated_at,
        "isWorking": order.status in OPEN,
        "workingTime": order.at,
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }


def placed_json(order: Order) -> dict[str, Any]:
    """The answer to POST /order with newOrderRespType=FULL."""
    kept = order_json(order)
    for name in ("time", "updateTime", "isWorking", "stopPrice", "icebergQty"):
        kept.pop(name)
    fills = [
        {
            "price": text(trade.price),
            "qty": text(trade.qty),
            "commission": text(trade.commission),
            "commissionAsset": trade.commission_asset,
            "tradeId": trade.number,
        }
        for trade in order.trades
    ]
    return {**kept, "transactTime": order.at, "fills": fills}


def trade_json(trade: Trade) -> dict[str, Any]:
    order = trade.order
    return {
        "symbol": order.symbol.name,
        "id": trade.number,
        "orderId": order.number,
        "orderListId": -1,
        "price": text(trade.price),
        "qty": text(trade.qty),
        "quoteQty": text(trade.qty * trade.price),
        "commission": text(trade.commission),
        "commissionAsset": trade.commission_asset,
        "time": trade.at,
        "isBuyer": order.side == "BUY",
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }


def report_json(order: Order, kind: str, trade: Trade | None, now: int) -> dict[str, Any]:
    """An executionReport of the user data stream."""
    cancelled = kind == "CANCELED"
    return {
        "e": "executionReport",
        "E": now,
        "s": order.symbol.name,
        "c": order.cancel_id if cancelled and order.cancel_id else order.client_id,
        "S": order.side,
        "o": order.kind,
        "f": "GTC",
        "q": text(order.qty),
        "p": text(order.price),
        "P": text(order.stop_price),
        "F": text(Decimal(0)),
        "g": -1,
        "C": order.client_id if cancelled and order.cancel_id else "",
        "x": kind,
        "X": order.status,
        "r": "NONE",
        "i": order.number,
        "l": text(trade.qty if trade else Decimal(0)),
        "z": text(order.filled),
        "L": text(trade.price if trade else Decimal(0)),
        "n": text(trade.commission if trade else Decimal(0)),
        "N": trade.commission_asset if trade else None,
        "T": trade.at if trade else now,
        "t": trade.number if trade else -1,
        "I": order.number * 2,
        "w": order.status in OPEN,
        "m": trade.is_maker if trade else False,
        "M": False,
        "O": order.at,
        "Z": text(order.quote_filled),
        "Y": text(trade.qty * trade.price if trade else Decimal(0)),
        "Q": text(Decimal(0)),
        "W": order.at,
        "V": "EXPIRE_MAKER",
    }


def symbol_json(symbol: Symbol) -> dict[str, Any]:
    """One entry of exchangeInfo."""
    return {
        "symbol": symbol.name,
        "status": "TRADING",
        "baseAsset": symbol.base,
        "baseAssetPrecision": 8,
        "quoteAsset": symbol.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(KINDS),
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": text(symbol.tick),
                "maxPrice": "1000000.00000000",
                "tickSize": text(symbol.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": text(symbol.min_qty),
                "maxQty": "9000.00000000",
                "stepSize": text(symbol.step),
            },
            {"filterType": "NOTIONAL", "minNotional": text(symbol.min_notional), "applyMinToMarket": True},
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_MAKER"],
    }
