"""CCXT itself speaks with the loopback exchange: what it plays is what the library understands."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from apps.markets.exchanges import load_markets, open_client
from tests.exchange import Fault, LoopbackExchange


async def test_an_order_is_signed_filled_and_found(exchange: LoopbackExchange) -> None:
    client = open_client("binance", api_key="key", secret="secret")
    try:
        await load_markets(client)
        placed = await client.create_order("BTC/USDT", "market", "buy", "0.5", None, {"clientOrderId": "cw1"})
        found = await client.fetch_order(None, "BTC/USDT", {"clientOrderId": "cw1"})
        [trade] = await client.fetch_my_trades("BTC/USDT")
        balance = await client.fetch_balance()
    finally:
        await client.close()
    assert (placed["clientOrderId"], placed["status"]) == ("cw1", "closed")
    assert Decimal(placed["filled"]) == Decimal("0.5")
    assert (found["id"], Decimal(found["average"])) == (placed["id"], 30000)
    assert (Decimal(trade["price"]), Decimal(trade["fee"]["cost"])) == (30000, Decimal("0.0005"))
    assert trade["fee"]["currency"] == "BTC"
    assert Decimal(balance["BTC"]["total"]) == Decimal("10.4995")
    assert Decimal(balance["USDT"]["total"]) == 85000


async def test_a_wrong_secret_a_wrong_clock_and_a_wrong_amount_are_refused(
    exchange: LoopbackExchange,
) -> None:
    import ccxt

    wrong = open_client("binance", api_key="key", secret="stolen")
    right = open_client("binance", api_key="key", secret="secret")
    try:
        with pytest.raises(ccxt.AuthenticationError, match="-1022"):
            await wrong.fetch_balance()
        exchange.skew_ms = 60_000
        with pytest.raises(ccxt.InvalidNonce):
            await right.create_order("BTC/USDT", "market", "buy", "0.5")
        exchange.skew_ms = 0
        with pytest.raises(ccxt.BadRequest, match="NOTIONAL"):
            await right.create_order("BTC/USDT", "limit", "buy", "0.0001", "30000")  # 3 USDT
        with pytest.raises(ccxt.InsufficientFunds):
            await right.create_order("BTC/USDT", "market", "buy", "100")
    finally:
        await wrong.close()
        await right.close()
    assert exchange.matching.orders == []


async def test_the_user_data_stream_tells_of_orders_and_trades(exchange: LoopbackExchange) -> None:
    client = open_client("binance", api_key="key", secret="secret")
    try:
        await load_markets(client)
        first = asyncio.create_task(client.watch_my_trades())
        while not exchange._user_streams:
            await asyncio.sleep(0.01)
        exchange.place_by_hand(
            "key", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1", newClientOrderId="x"
        )
        [trade] = await asyncio.wait_for(first, 30)
    finally:
        await client.close()
    assert (trade["symbol"], trade["side"], trade["amount"]) == ("BTC/USDT", "buy", "0.10000000")
    assert trade["order"] == "1001"


async def test_candles_by_request_and_by_stream(exchange: LoopbackExchange) -> None:
    client = open_client("binance")
    minute = 60_000
    for number in range(3):
        exchange.add_bar("BTCUSDT", "1m", [number * minute, 1.0, 2.0, 0.5, 1.5, 10.0])
    try:
        await load_markets(client)
        rows = await client.fetch_ohlcv("BTC/USDT", "1m", since=minute)
        waiting = asyncio.create_task(client.watch_ohlcv("BTC/USDT", "1m"))
        while not any(wanted for _, wanted in exchange._market_streams):
            await asyncio.sleep(0.01)
        exchange.add_bar("BTCUSDT", "1m", [3 * minute, 1.0, 2.5, 0.5, 2.0, 7.0])
        streamed = await asyncio.wait_for(waiting, 30)
    finally:
        await client.close()
    assert [row[0] for row in rows] == [minute, 2 * minute]
    assert [float(value) for value in streamed[-1]] == [3 * minute, 1.0, 2.5, 0.5, 2.0, 7.0]


async def test_faults_on_the_way(exchange: LoopbackExchange) -> None:
    import ccxt

    client = open_client("binance", api_key="key", secret="secret")
    await load_markets(client)
    seen = []
    faults = [
        (Fault.lost_before(), ccxt.ExchangeNotAvailable, 0),
        (Fault.lost_after(), ccxt.ExchangeNotAvailable, 1),
        (Fault.cut(40), ccxt.NetworkError, 1),
        (Fault.cut(200), ccxt.ExchangeError, 1),
        (Fault.time_out(0.5, carried_out=False), ccxt.RequestTimeout, 0),
        (Fault.time_out(0.5, carried_out=True), ccxt.RequestTimeout, 1),
        (Fault.limited(7), ccxt.DDoSProtection, 0),
        (Fault.banned(120), ccxt.DDoSProtection, 0),
        (Fault.maintenance(), ccxt.OnMaintenance, 0),
        (Fault.status_unknown(carried_out=True), ccxt.RequestTimeout, 1),
    ]
    try:
        for fault, error, orders in faults:
            before = len(exchange.matching.orders)
            exchange.fault(fault)
            client.timeout = 200 if fault.stall_s else 10_000
            with pytest.raises(ccxt.BaseError) as caught:
                await client.create_order("BTC/USDT", "market", "buy", "0.01")
            seen.append(
                (
                    isinstance(caught.value, error),
                    len(exchange.matching.orders) - before == orders,
                    type(caught.value).__name__,
                )
            )
    finally:
        await client.close()
    assert all(kind and count for kind, count, _ in seen), seen
    assert exchange.requests["POST /api/v3/order"] == len(faults)  # the library sent each of them once
