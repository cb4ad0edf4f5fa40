"""The adapter against the loopback exchange: what each fault means, and what keys may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.trading.brokers.base import KeysRefused, NoAnswer, NotTaken, Rejected, Ticket
from apps.trading.brokers.ccxt_broker import CcxtBroker
from apps.trading.brokers.permissions import of_binance, of_bybit, of_okx
from tests.exchange import Fault, LoopbackExchange

D = Decimal


@pytest.fixture
async def broker(exchange: LoopbackExchange) -> AsyncIterator[CcxtBroker]:
    opened = CcxtBroker("binance", is_testnet=False, api_key="key", secret="secret")
    await opened.get_ready()
    yield opened
    await opened.close()


def ticket(name: str = "cwone", **changes) -> Ticket:
    values = {
        "symbol": "BTCUSDT",
        "side": "buy",
        "kind": "market",
        "units": D("0.01"),
        "signed_at": datetime.now(UTC),
    }
    return Ticket(name, **{**values, **changes})


async def test_a_market_order_is_reported_with_its_trades(exchange, broker) -> None:
    exchange.matching.slices = 3
    report = await broker.submit(ticket(units=D("0.03")))
    assert (report.client_order_id, report.status, report.filled) == ("cwone", "filled", D("0.03"))
    assert report.trades is not None
    assert [(trade.units, trade.price) for trade in report.trades] == [
        (D("0.01"), D(30000)),
        (D("0.01"), D("30000.01")),
        (D("0.01"), D("30000.02")),
    ]
    assert {(trade.fee, trade.fee_currency) for trade in report.trades} == {(D("0.00001"), "BTC")}
    found = await broker.find("BTCUSDT", "cwone")
    assert found is not None
    assert (found.exchange_order_id, found.status) == (report.exchange_order_id, "filled")
    told = await broker.trades_of(found)
    assert [(trade.trade_id, trade.units) for trade in told] == [
        (trade.trade_id, trade.units) for trade in report.trades
    ]


async def test_limits_and_stops_rest_fill_in_parts_and_are_cancelled(exchange, broker) -> None:
    await broker.submit(ticket("cwlimit", kind="limit", price=D(29000), units=D("0.02")))
    await broker.submit(ticket("cwstop", kind="stop", side="sell", trigger=D(28000), units=D("0.02")))
    exchange.offer("BTCUSDT", "0.005", "29000")
    assert {(one.client_order_id, one.status, one.filled) for one in await broker.open_orders()} == {
        ("cwlimit", "open", D("0.005")),
        ("cwstop", "open", D(0)),
    }
    await broker.cancel("BTCUSDT", "cwlimit")
    cancelled = await broker.find("BTCUSDT", "cwlimit")
    assert cancelled is not None
    assert (cancelled.client_order_id, cancelled.status, cancelled.filled) == (
        "cwlimit",
        "cancelled",
        D("0.005"),
    )
    exchange.set_price("BTCUSDT", "27900")
    stopped = await broker.find("BTCUSDT", "cwstop")
    assert stopped is not None
    assert stopped.status == "filled"
    with pytest.raises(Rejected):
        await broker.cancel("BTCUSDT", "cwlimit")


async def test_what_an_unknown_order_is(broker) -> None:
    assert await broker.find("BTCUSDT", "cwnobody") is None


@pytest.mark.parametrize(
    ("fault", "meaning", "orders"),
    [
        (Fault.lost_before(), NoAnswer, 0),
        (Fault.lost_after(), NoAnswer, 1),
        *((Fault.cut(length), NoAnswer, 1) for length in (1, 17, 60, 90, 150, 400)),
        (Fault.time_out(0.4, carried_out=False), NoAnswer, 0),
        (Fault.time_out(0.4, carried_out=True), NoAnswer, 1),
        (Fault.limited(7), NotTaken, 0),
        (Fault.banned(120), NotTaken, 0),
        (Fault.maintenance(), NoAnswer, 0),
        (Fault.status_unknown(carried_out=True), NoAnswer, 1),
        (Fault(status=502, body="<html>bad gateway</html>"), NoAnswer, 1),
        (Fault(status=200, body="<html>a login page of a hotel</html>"), NoAnswer, 1),
        (Fault(status=200, body={"code": 0}), NoAnswer, 1),
    ],
)
async def test_what_a_fault_means(exchange, broker, fault, meaning, orders) -> None:
    exchange.fault(fault)
    if fault.stall_s:
        broker.client.timeout = 200
    with pytest.raises((NoAnswer, NotTaken, Rejected)) as caught:
        await broker.submit(ticket())
    assert type(caught.value) is meaning, caught.value.words
    assert len(exchange.matching.orders) == orders
    assert exchange.requests["POST /api/v3/order"] == 1  # whatever happens, it is sent once
    if fault.status in (418, 429):
        assert caught.value.wait_s == int(fault.headers["Retry-After"])


async def test_refusals_of_the_exchange_and_of_ourselves(exchange, broker) -> None:
    for wrong, words in [
        (ticket(units=D(100)), "insufficient"),
        (ticket(units=D("0.0001"), price=D(30000)), "NOTIONAL"),
        (ticket(units=D("0.000001")), "precision"),
        (ticket(symbol="NOSUCH"), "no spot market"),
    ]:
        with pytest.raises(Rejected, match=words):
            await broker.submit(wrong)
    exchange.matching.accounts["key"].permissions["enableSpotAndMarginTrading"] = False
    with pytest.raises(KeysRefused):
        await broker.submit(ticket())
    assert exchange.matching.orders == []


async def test_a_clock_that_is_off_is_set_and_reads_go_on(exchange, broker) -> None:
    exchange.skew_ms = 90_000
    with pytest.raises(NotTaken) as caught:
        await broker.submit(ticket())
    assert caught.value.is_clock
    assert (await broker.balances())["USDT"].total == D(100_000)  # set by itself
    assert (await broker.submit(ticket())).status == "filled"


async def test_an_order_is_good_for_the_window_alone(exchange, broker, settings) -> None:
    old = ticket(signed_at=datetime.now(UTC) - timedelta(milliseconds=settings.EXCHANGE_RECV_WINDOW_MS + 500))
    with pytest.raises(NotTaken):
        await broker.submit(old)
    assert exchange.matching.orders == []


async def test_a_duplicate_is_no_refusal(exchange, broker) -> None:
    """The first one rests there: to call the second rejected would make an order that is alive a dead one."""
    await broker.submit(ticket(kind="limit", price=D(20000)))
    with pytest.raises(NoAnswer):
        await broker.submit(ticket(kind="limit", price=D(20000)))
    assert len(exchange.matching.orders) == 1


async def test_an_exchange_that_is_not_there(exchange, settings) -> None:
    settings.EXCHANGE_GATEWAYS = {"binance": "http://127.0.0.1:1"}
    broker = CcxtBroker("binance", is_testnet=False, api_key="key", secret="secret")
    try:
        with pytest.raises(NotTaken):
            await broker.submit(ticket())
    finally:
        await broker.close()


async def test_what_keys_may_do(exchange, broker) -> None:
    fine = await broker.check()
    assert (fine.can_read, fine.can_trade, fine.can_withdraw, fine.is_ip_bound) == (True, True, False, False)
    exchange.open_account("thief", "secret", enableWithdrawals=True)
    dangerous = CcxtBroker("binance", is_testnet=False, api_key="thief", secret="secret")
    wrong = CcxtBroker("binance", is_testnet=False, api_key="key", secret="wrong")
    try:
        assert (await dangerous.check()).can_withdraw is True
        with pytest.raises(KeysRefused):
            await wrong.check()
    finally:
        await dangerous.close()
        await wrong.close()


def test_permissions_as_each_exchange_tells_them() -> None:
    """The answers are those of the exchanges' own documentation."""
    binance = {
        "ipRestrict": True, "createTime": 1, "enableReading": True, "enableSpotAndMarginTrading": True,
        "enableWithdrawals": False, "enableInternalTransfer": True, "enableMargin": False, "enableFutures": True,
    }  # fmt: skip
    told = of_binance(binance)
    assert (told.can_withdraw, told.is_ip_bound, len(told.notes)) == (True, True, 1)
    bybit = {
        "result": {
            "readOnly": 0,
            "ips": ["*"],
            "permissions": {"Spot": ["SpotTrade"], "Wallet": ["AccountTransfer", "Withdraw"]},
        }
    }
    assert (of_bybit(bybit).can_trade, of_bybit(bybit).can_withdraw, of_bybit(bybit).is_ip_bound) == (
        True,
        True,
        False,
    )
    okx = {"data": [{"perm": "read_only,trade", "ip": "10.0.0.1"}]}
    assert (of_okx(okx).can_trade, of_okx(okx).can_withdraw, of_okx(okx).is_ip_bound) == (True, False, True)


async def test_news_that_comes_while_other_news_is_looked_at_is_not_kept_back(exchange, broker) -> None:
    limit = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.1", "price": "20000"}
    news = broker.watch()
    first = asyncio.create_task(anext(news))
    while not exchange._user_streams:
        await asyncio.sleep(0.01)
    exchange.place_by_hand("key", **limit, newClientOrderId="one")
    assert (await asyncio.wait_for(first, 30)).client_order_id == "one"
    exchange.place_by_hand("key", **limit, newClientOrderId="two")
    await asyncio.sleep(0.3)  # it has arrived, and nobody asks for it yet
    assert (await asyncio.wait_for(anext(news), 30)).client_order_id == "two"
    await news.aclose()
