"""Candles of an exchange on loopback: history, stream, gaps, lost lines, and errors in words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from apps.accounts.models import Workspace
from apps.markets.exchanges import forget_markets
from apps.markets.models import Feed, LiveBar
from apps.markets.providers.base import Position
from apps.markets.providers.ccxt_feed import CcxtFeed
from apps.markets.services.feed_setting import create_feed
from tests.exchange import Fault, LoopbackExchange
from tests.markets.feeds.test_replay import until

MINUTE = 60_000
KLINES = "GET /api/v3/klines"


@pytest.fixture
def exchange(settings: Any) -> Iterator[LoopbackExchange]:
    forget_markets()
    with LoopbackExchange() as server:
        settings.EXCHANGE_GATEWAYS = {"binance": server.url}
        server.list_symbol()
        server.market["BTCUSDT", "1m"] = []
        yield server


@pytest.fixture
def first() -> int:
    """A minute half an hour ago: all candles of a test have closed by the exchange's clock."""
    return (int(time.time()) // 60 - 30) * MINUTE


@pytest.fixture
def btc(workspace: Workspace) -> Feed:
    return follow(workspace)


def follow(workspace: Workspace, timeframe: str = "1m", **settings: Any) -> Feed:
    settings = {"exchange": "binance", "symbol": "BTC/USDT", **settings}
    feed = create_feed(workspace, provider="ccxt", settings=settings, timeframe=timeframe, actor=None)
    Feed.objects.filter(pk=feed.pk).update(is_active=True)
    return Feed.objects.select_related("instrument", "workspace").get(pk=feed.pk)


def candle(first: int, number: int, close: float = 0.0) -> list[float]:
    close = close or 100.0 + number
    return [first + number * MINUTE, close, close + 1, close - 1, close, 5.0]


def candles() -> list[tuple[int, float]]:
    return list(LiveBar.objects.order_by("number").values_list("time", "close"))


async def streaming(exchange: LoopbackExchange) -> None:
    while not any(wanted for _, wanted in exchange._market_streams):
        await asyncio.sleep(0.01)


@pytest.mark.django_db(transaction=True)
async def test_history_then_the_stream_then_what_the_stream_left_out(
    exchange: LoopbackExchange, btc: Feed, first: int
):
    for number in range(5):
        exchange.add_bar("BTCUSDT", "1m", candle(first, number))

    async def tell() -> None:
        await streaming(exchange)
        exchange.add_bar("BTCUSDT", "1m", candle(first, 5, 90.0), is_closed=False)
        exchange.add_bar("BTCUSDT", "1m", candle(first, 5), is_closed=False)  # its last word
        await asyncio.sleep(0.2)
        exchange.add_bar("BTCUSDT", "1m", candle(first, 6, 91.0), is_closed=False)  # not its last
        while await sync_to_async(LiveBar.objects.count)() < 6:
            await asyncio.sleep(0.01)
        exchange.market["BTCUSDT", "1m"] += [candle(first, number) for number in (5, 6, 7)]
        exchange.add_bar("BTCUSDT", "1m", candle(first, 8), is_closed=False)

    telling = asyncio.create_task(tell())
    feed = await until(btc, lambda feed: feed.next_number >= 8)
    await telling
    expected = [(first + number * MINUTE, 100.0 + number) for number in range(8)]
    assert await sync_to_async(candles)() == expected
    assert feed.error == ""


@pytest.mark.django_db(transaction=True)
async def test_a_candle_that_closed_between_history_and_stream_comes_before_the_next(
    exchange: LoopbackExchange, btc: Feed, first: int
):
    for number in range(3):
        exchange.add_bar("BTCUSDT", "1m", candle(first, number))

    async def tell() -> None:
        await streaming(exchange)
        await asyncio.sleep(0.5)  # what is asked for at the beginning has been answered
        exchange.market["BTCUSDT", "1m"].append(candle(first, 3))
        exchange.add_bar("BTCUSDT", "1m", candle(first, 4), is_closed=False)
        await asyncio.sleep(0.2)
        exchange.add_bar("BTCUSDT", "1m", candle(first, 5), is_closed=False)

    telling = asyncio.create_task(tell())
    await until(btc, lambda feed: feed.last_time is not None and feed.last_time >= first + 4 * MINUTE)
    await telling
    assert [close for _, close in await sync_to_async(candles)()] == [100, 101, 102, 103, 104]


@pytest.mark.django_db(transaction=True)
async def test_a_line_that_is_cut_is_taken_up_again_without_a_gap(
    exchange: LoopbackExchange, btc: Feed, first: int
):
    exchange.add_bar("BTCUSDT", "1m", candle(first, 0))

    async def cut() -> None:
        await streaming(exchange)
        exchange.market["BTCUSDT", "1m"] += [candle(first, 1), candle(first, 2)]
        await asyncio.to_thread(exchange.drop_streams)
        while await sync_to_async(LiveBar.objects.count)() < 3:
            await asyncio.sleep(0.01)
        await streaming(exchange)
        exchange.add_bar("BTCUSDT", "1m", candle(first, 3), is_closed=False)
        await asyncio.sleep(0.2)
        exchange.add_bar("BTCUSDT", "1m", candle(first, 4), is_closed=False)

    cutting = asyncio.create_task(cut())
    await until(btc, lambda feed: feed.next_number >= 4)
    await cutting
    assert [close for _, close in await sync_to_async(candles)()] == [100, 101, 102, 103]


@pytest.mark.django_db(transaction=True)
async def test_what_was_missed_while_nobody_ran_it_comes_first(
    exchange: LoopbackExchange, btc: Feed, first: int
):
    exchange.add_bar("BTCUSDT", "1m", candle(first, 0))
    btc = await until(btc, lambda feed: feed.next_number >= 1)
    for number in range(1, 7):
        exchange.add_bar("BTCUSDT", "1m", candle(first, number))
    btc = await until(btc, lambda feed: feed.next_number >= 7)
    assert [close for _, close in await sync_to_async(candles)()] == [100.0 + number for number in range(7)]


@pytest.mark.django_db(transaction=True)
async def test_without_websocket_it_asks(exchange: LoopbackExchange, workspace: Workspace, first: int):
    feed = await sync_to_async(follow)(workspace, websocket=False)
    provider = CcxtFeed(feed, ask_again_s=0.05)
    came: list[float] = []

    async def follow_it() -> None:
        async for bars in provider.closed_bars(Position(0, first - MINUTE)):
            came.extend(bars.close.tolist())
            if len(came) == 3:
                return
            exchange.add_bar("BTCUSDT", "1m", candle(first, len(came)))

    exchange.add_bar("BTCUSDT", "1m", candle(first, 0))
    try:
        await asyncio.wait_for(follow_it(), 60)
    finally:
        await provider.close()
    assert came == [100.0, 101.0, 102.0]


@pytest.mark.django_db(transaction=True)
async def test_a_candle_that_has_not_closed_on_the_exchange_is_left(
    exchange: LoopbackExchange, workspace: Workspace
):
    """Its clock is an hour ahead of ours: what we would call the future has closed there."""
    exchange.skew_ms = 60 * MINUTE
    present = exchange.now() // MINUTE * MINUTE
    exchange.market["BTCUSDT", "1m"] = [candle(present, number) for number in (-2, -1, 0)]
    feed = await sync_to_async(follow)(workspace)
    provider = CcxtFeed(feed)
    try:
        came = [bars async for bars in provider.history(Position(0, None))]
    finally:
        await provider.close()
    assert [bars.time.tolist() for bars in came] == [[present - 2 * MINUTE, present - MINUTE]]


@pytest.mark.django_db(transaction=True)
async def test_candles_without_a_price_are_passed_over(
    exchange: LoopbackExchange, workspace: Workspace, first: int
):
    nobody_traded = [first + MINUTE, 0.0, 0.0, 0.0, 0.0, 0.0]
    exchange.market["BTCUSDT", "1m"] = [candle(first, 0), nobody_traded, candle(first, 2)]
    feed = await sync_to_async(follow)(workspace)
    provider = CcxtFeed(feed)
    try:
        [bars] = [bars async for bars in provider.history(Position(0, None))]
    finally:
        await provider.close()
    assert bars.close.tolist() == [100.0, 102.0]


@pytest.mark.django_db(transaction=True)
async def test_more_than_a_page_of_history(exchange: LoopbackExchange, workspace: Workspace, first: int):
    begin = first - 2_500 * MINUTE
    exchange.market["BTCUSDT", "1m"] = [candle(begin, number) for number in range(2_500)]
    feed = await sync_to_async(follow)(workspace, history=2_600)
    provider = CcxtFeed(feed)
    try:
        pages = [len(bars) async for bars in provider.history(Position(0, None))]
    finally:
        await provider.close()
    assert pages == [1000, 1000, 500]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"symbol": "DOGE/USDT"}, "binance has no market DOGE/USDT"),
        ({"timeframe": "7m"}, "binance has no candles of 7m; it offers 1s, 1m, 3m"),
    ],
)
async def test_what_the_exchange_does_not_have_fails_in_words(
    exchange: LoopbackExchange, workspace: Workspace, given: dict[str, Any], words: str
):
    feed = await sync_to_async(follow)(workspace, **given)
    failed = await until(feed, lambda feed: feed.state == "failed")
    assert words in failed.error


@pytest.mark.django_db(transaction=True)
async def test_maintenance_passes(exchange: LoopbackExchange, btc: Feed, first: int):
    exchange.add_bar("BTCUSDT", "1m", candle(first, 0))
    exchange.fault(Fault.maintenance(route=KLINES), Fault.limited(1, route=KLINES))
    told: list[str] = []

    def well(feed: Feed) -> bool:
        told.append(feed.error)
        return feed.next_number >= 1

    feed = await until(btc, well)
    assert any("binance does not answer: OnMaintenance" in error for error in told)
    assert feed.error == ""
    assert "failed" not in {feed.state}
