"""The loopback exchange's wire: HTTP with signatures, WebSocket streams, and the faults asked for.

Addresses begin with the host that is played, as through EXCHANGE_GATEWAYS: /api.binance.com/api/v3/order.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections import Counter
from decimal import Decimal
from threading import Event, RLock, Thread
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import WSMsgType, web

from tests.exchange import matching as m
from tests.exchange.faults import Fault

INTERVALS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": 86_400_000}
SIGNED = ("order", "openOrders", "allOrders", "account", "myTrades", "apiRestrictions")


class LoopbackExchange:
    """A context. `url` is its address, `matching` its accounts and orders, `requests` how often each route was asked.

    `market` is the candles by symbol and interval: [open time ms, open, high, low, close, volume] as numbers.
    """

    def __init__(self, *, port: int = 0) -> None:
        self.lock = RLock()
        self.skew_ms = 0  # how far the exchange's clock is ahead of ours
        self.matching = m.Matching(self.now)
        self.matching.on_report = self._report
        self.market: dict[tuple[str, str], list[list[float]]] = {}
        self.requests: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.is_silent = False  # user data streams are open and tell nothing
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._user_streams: list[tuple[web.WebSocketResponse, str, int]] = []
        self._market_streams: list[tuple[web.WebSocketResponse, set[str]]] = []
        self._stopped = Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    # What a test does

    def reset(self) -> None:
        """As if it had just been started: no account, no order, no fault, no stream, nothing under way."""
        self.drop_streams()

        async def forget() -> None:
            for task in list(self._tasks):
                task.cancel()

        asyncio.run_coroutine_threadsafe(forget(), self._loop).result(30)
        with self.lock:
            self.matching = m.Matching(self.now)
            self.matching.on_report = self._report
            self.skew_ms, self.is_silent = 0, False
            self.market.clear()
            self.requests.clear()
            self.faults.clear()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def now(self) -> int:
        """The exchange's clock, ms."""
        return int(time.time() * 1000) + self.skew_ms

    def open_account(self, key: str = "key", secret: str = "secret", **permissions: bool) -> m.Account:
        """An account with 100,000 USDT and 10 BTC whose key may read and trade, not withdraw."""
        granted = {
            "enableReading": True,
            "enableSpotAndMarginTrading": True,
            "enableWithdrawals": False,
            "enableInternalTransfer": False,
            "permitsUniversalTransfer": False,
            "ipRestrict": False,
            **permissions,
        }
        account = m.Account(key, secret, {"USDT": Decimal(100_000), "BTC": Decimal(10)}, {}, granted)
        with self.lock:
            self.matching.accounts[key] = account
        return account

    def list_symbol(self, name: str = "BTCUSDT", price: str = "30000", **rules: Any) -> m.Symbol:
        quote = rules.pop("quote", "USDT")
        symbol = m.Symbol(name, name.removesuffix(quote), quote, Decimal(price), **rules)
        with self.lock:
            self.matching.symbols[name] = symbol
        return symbol

    def fault(self, *faults: Fault) -> None:
        with self.lock:
            self.faults.extend(faults)

    def set_price(self, name: str, price: str) -> None:
        with self.lock:
            self.matching.set_price(name, Decimal(price))

    def offer(self, name: str, qty: str, price: str) -> None:
        with self.lock:
            self.matching.offer(name, Decimal(qty), Decimal(price))

    def place_by_hand(self, key: str, **wanted: str) -> m.Order:
        """An order that somebody else placed with the account: on the exchange's own page, or a thief."""
        with self.lock:
            return self.matching.accept(self.matching.accounts[key], wanted, by="hand")

    def add_bar(self, symbol: str, interval: str, bar: list[float], *, is_closed: bool = True) -> None:
        """A candle: kept for GET /klines when closed, told to the streams either way."""
        with self.lock:
            if is_closed:
                self.market.setdefault((symbol, interval), []).append(bar)
            self._tell_market(symbol, interval, bar, is_closed)

    def drop_streams(self) -> None:
        """Every WebSocket is cut without a word."""
        with self.lock:
            streams = [ws for ws, *_ in self._user_streams] + [ws for ws, *_ in self._market_streams]
            self._user_streams.clear()
            self._market_streams.clear()

        async def cut() -> None:
            for ws in streams:
                if ws._writer is not None:
                    ws._writer.transport.abort()

        asyncio.run_coroutine_threadsafe(cut(), self._loop).result(30)

    # The server

    def __enter__(self) -> LoopbackExchange:
        started = Event()

        async def serve() -> None:
            app = web.Application()
            app.router.add_route("*", "/{host}/{path:.*}", self._answer)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", self.port)
            await site.start()
            self.port = runner.addresses[0][1]
            started.set()
            while not self._stopped.is_set():
                await asyncio.sleep(0.02)
            await runner.cleanup()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.run_until_complete(serve())
            self._loop.close()

        self._thread = Thread(target=run, daemon=True)
        self._thread.start()
        assert started.wait(30)
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._thread.join(30)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._stream(request, path)
        route = f"{request.method} {path}"
        body = (await request.read()).decode()
        fault = self._take_fault(route)
        if fault and fault.delay_s:  # looked at after its caller has gone
            task = asyncio.create_task(self._later(fault, request, path, body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return await self._hang_up(request, b"")
        status, answer, headers = 200, b"", {}
        if fault is None or fault.carried_out:
            status, answer = self._carry_out(request, path, body)
        if fault is None:
            return web.Response(status=status, body=answer, content_type="application/json")
        if fault.status is not None:
            status, headers = fault.status, fault.headers
            answer = json.dumps(fault.body).encode() if isinstance(fault.body, dict) else fault.body.encode()
        if fault.stall_s:
            await asyncio.sleep(fault.stall_s)
        if fault.bytes_sent is not None:
            head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
            return await self._hang_up(request, (head.encode() + answer)[: fault.bytes_sent])
        return web.Response(status=status, body=answer, content_type="application/json", headers=headers)

    async def _later(self, fault: Fault, request: web.Request, path: str, body: str) -> None:
        await asyncio.sleep(fault.delay_s)
        if fault.carried_out:
            self._carry_out(request, path, body)

    async def _hang_up(self, request: web.Request, first: bytes) -> web.StreamResponse:
        transport = request.transport
        if transport is not None:
            if first:
                transport.write(first)
            transport.close()
        raise ConnectionResetError

    def _take_fault(self, route: str) -> Fault | None:
        with self.lock:
            self.requests[route] += 1
            for fault in self.faults:
                if fault.route in (route, "*"):
                    fault.times -= 1
                    if fault.times <= 0:
                        self.faults.remove(fault)
                    return fault
        return None

    def _carry_out(self, request: web.Request, path: str, body: str) -> tuple[int, bytes]:
        with self.lock:
            try:
                query = body if request.method in ("POST", "PUT") else request.rel_url.raw_query_string
                given = dict(parse_qsl(query))
                name = path.rpartition("/")[2]
                account = None
                if name in SIGNED or "/sapi/" in path:
                    account = self._signed_by(request.headers.get("X-MBX-APIKEY", ""), query, given)
                handler = getattr(self, f"_{request.method.lower()}_{name}", None)
                if handler is None:
                    return 404, b"<html>not found</html>"
                return 200, json.dumps(handler(account, given)).encode()
            except m.Refused as refusal:
                return refusal.status, json.dumps({"code": refusal.code, "msg": refusal.message}).encode()

    def _signed_by(self, key: str, query: str, given: dict[str, str]) -> m.Account:
        account = self.matching.accounts.get(key)
        if account is None:
            raise m.Refused(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        signed, _, signature = query.rpartition("&signature=")
        expected = hmac.new(account.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature):
            raise m.Refused(-1022, "Signature for this request is not valid.")
        age = self.now() - int(given["timestamp"])
        if age > int(given.get("recvWindow", 5000)) or age < -1000:
            raise m.Refused(-1021, "Timestamp for this request is outside of the recvWindow.")
        return account

    # Routes

    def _get_ping(self, account: None, given: dict[str, str]) -> Any:
        return {}

    def _get_time(self, account: None, given: dict[str, str]) -> Any:
        return {"serverTime": self.now()}

    def _get_exchangeInfo(self, account: None, given: dict[str, str]) -> Any:  # noqa: N802  the route's name
        symbols = [m.symbol_json(symbol) for symbol in self.matching.symbols.values()]
        return {
            "timezone": "UTC",
            "serverTime": self.now(),
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": symbols,
        }

    def _get_24hr(self, account: None, given: dict[str, str]) -> Any:
        symbol = self.matching.symbols.get(given.get("symbol", ""))
        if symbol is None:
            raise m.Refused(-1121, "Invalid symbol.")
        price = m.text(symbol.price)
        return {
            "symbol": symbol.name,
            "lastPrice": price,
            "bidPrice": price,
            "askPrice": price,
            "closeTime": self.now(),
        }

    def _get_klines(self, account: None, given: dict[str, str]) -> Any:
        rows = self.market.get((given.get("symbol", ""), given.get("interval", "")))
        if rows is None:
            raise m.Refused(-1121, "Invalid symbol.")
        begin, end = int(given.get("startTime", 0)), int(given.get("endTime", 1 << 60))
        chosen = [row for row in rows if begin <= row[0] <= end]
        limit = min(int(given.get("limit", 500)), 1000)
        chosen = chosen[:limit] if "startTime" in given else chosen[-limit:]
        length = INTERVALS[given["interval"]]
        return [
            [int(t), *map(str, prices), int(t) + length - 1, "0", 1, "0", "0", "0"] for t, *prices in chosen
        ]

    def _get_apiRestrictions(self, account: m.Account, given: dict[str, str]) -> Any:  # noqa: N802
        return {**account.permissions, "createTime": 1_600_000_000_000, "enableMargin": False}

    def _get_account(self, account: m.Account, given: dict[str, str]) -> Any:
        assets = sorted({*account.free, *account.locked})
        balances = [
            {
                "asset": asset,
                "free": m.text(account.free.get(asset, Decimal(0))),
                "locked": m.text(account.locked.get(asset, Decimal(0))),
            }
            for asset in assets
        ]
        return {
            "makerCommission": 10,
            "takerCommission": 10,
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "updateTime": self.now(),
            "accountType": "SPOT",
            "uid": 1,
            "balances": balances,
            "permissions": ["SPOT"],
        }

    def _post_order(self, account: m.Account, given: dict[str, str]) -> Any:
        return m.placed_json(self.matching.accept(account, given))

    def _get_order(self, account: m.Account, given: dict[str, str]) -> Any:
        return m.order_json(self._wanted(account, given, -2013, "Order does not exist."))

    def _delete_order(self, account: m.Account, given: dict[str, str]) -> Any:
        order = self._wanted(account, given, -2011, "Unknown order sent.")
        self.matching.cancel(order, "cancelled-" + str(order.number))
        return {**m.order_json(order), "origClientOrderId": order.client_id}

    def _get_openOrders(self, account: m.Account, given: dict[str, str]) -> Any:  # noqa: N802
        return [m.order_json(o) for o in self._of(account, given) if o.status in m.OPEN]

    def _get_allOrders(self, account: m.Account, given: dict[str, str]) -> Any:  # noqa: N802
        begin = int(given.get("startTime", 0))
        return [m.order_json(o) for o in self._of(account, given) if o.at >= begin]

    def _get_myTrades(self, account: m.Account, given: dict[str, str]) -> Any:  # noqa: N802
        begin, first = int(given.get("startTime", 0)), int(given.get("fromId", 0))
        rows = [
            t
            for t in self.matching.trades
            if t.order.account is account
            and t.order.symbol.name == given["symbol"]
            and t.at >= begin
            and t.number >= first
            and int(given.get("orderId", t.order.number)) == t.order.number
        ]
        return [m.trade_json(trade) for trade in rows[: int(given.get("limit", 500))]]

    def _of(self, account: m.Account, given: dict[str, str]) -> list[m.Order]:
        symbol = given.get("symbol")
        return [o for o in self.matching.orders if o.account is account and symbol in (None, o.symbol.name)]

    def _wanted(self, account: m.Account, given: dict[str, str], code: int, words: str) -> m.Order:
        for order in reversed(self._of(account, given)):
            if given.get("origClientOrderId") == order.client_id or given.get("orderId") == str(order.number):
                return order
        raise m.Refused(code, words)

    # Streams

    async def _stream(self, request: web.Request, path: str) -> web.StreamResponse:
        ws = web.WebSocketResponse(heartbeat=30)
        await ws.prepare(request)
        wanted: set[str] = set()
        if not path.startswith("/ws-api/"):
            with self.lock:
                self._market_streams.append((ws, wanted))
        try:
            async for message in ws:
                if message.type == WSMsgType.TEXT:
                    await self._asked(ws, json.loads(message.data), wanted)
        finally:
            with self.lock:
                self._user_streams = [entry for entry in self._user_streams if entry[0] is not ws]
                self._market_streams = [entry for entry in self._market_streams if entry[0] is not ws]
        return ws

    async def _asked(self, ws: web.WebSocketResponse, asked: dict[str, Any], wanted: set[str]) -> None:
        method, params = asked["method"], asked.get("params") or {}
        answer: dict[str, Any] = {"id": asked["id"], "result": None}
        if method == "SUBSCRIBE":
            with self.lock:
                wanted.update(params)
        elif method == "UNSUBSCRIBE":
            with self.lock:
                wanted.difference_update(params)
        elif method == "userDataStream.subscribe.signature":
            given = {name: str(value) for name, value in params.items()}
            signed = "&".join(f"{name}={given[name]}" for name in sorted(given) if name != "signature")
            try:
                with self.lock:
                    account = self._signed_by(
                        given["apiKey"], f"{signed}&signature={given['signature']}", given
                    )
                    number = len(self._user_streams)
                    self._user_streams.append((ws, account.key, number))
                answer = {"id": asked["id"], "status": 200, "result": {"subscriptionId": number}}
            except m.Refused as refusal:
                error = {"code": refusal.code, "msg": refusal.message}
                answer = {"id": asked["id"], "status": refusal.status, "error": error}
        await ws.send_json(answer)

    def _report(self, order: m.Order, kind: str, trade: m.Trade | None) -> None:
        if self.is_silent:
            return
        event = m.report_json(order, kind, trade, self.now())
        for ws, key, number in self._user_streams:
            if key == order.account.key:
                self._send(ws, {"subscriptionId": number, "event": event})

    def _tell_market(self, symbol: str, interval: str, bar: list[float], is_closed: bool) -> None:
        begin, opened, high, low, close, volume = bar
        kline = {
            "t": int(begin),
            "T": int(begin) + INTERVALS[interval] - 1,
            "s": symbol,
            "i": interval,
            "f": 1,
            "L": 2,
            "o": str(opened),
            "c": str(close),
            "h": str(high),
            "l": str(low),
            "v": str(volume),
            "n": 1,
            "x": is_closed,
            "q": "0",
            "V": "0",
            "Q": "0",
            "B": "0",
        }
        event = {"e": "kline", "E": self.now(), "s": symbol, "k": kline}
        for ws, wanted in self._market_streams:
            if f"{symbol.lower()}@kline_{interval}" in wanted:
                self._send(ws, event)

    def _send(self, ws: web.WebSocketResponse, message: dict[str, Any]) -> None:
        async def send() -> None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                await ws.send_json(message)

        self._loop.call_soon_threadsafe(lambda: self._keep(self._loop.create_task(send())))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
