"""The user data stream: fills arrive by themselves, strangers' orders are told of within a second or two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connections

from apps.trading.models import Discrepancy, Position
from apps.trading.services.exchange import submit_orders
from apps.trading.services.exchange.watching import watch_accounts

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def watcher(exchange) -> Iterator[None]:
    """The process of `manage.py watch_exchanges`, in a thread."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        await watch_accounts(stop)
        from asgiref.sync import sync_to_async

        await sync_to_async(connections.close_all)()

    thread = Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    try:
        wait_for(lambda: exchange._user_streams)
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def wait_for(condition, within_s: float = 30.0) -> None:
    stop_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < stop_at, "it did not happen in time"
        time.sleep(0.02)


def test_news_comes_by_itself_and_after_a_broken_line_too(exchange, account, book, order) -> None:
    wanted = order(kind="limit", price=Decimal(29000), units="0.02")
    submit_orders(account.pk)
    with watcher(exchange):
        exchange.offer("BTCUSDT", "0.01", "29000")
        wait_for(lambda: Position.objects.filter(book=book, units=Decimal("0.00999")).exists())
        exchange.drop_streams()
        wait_for(lambda: exchange._user_streams)
        exchange.offer("BTCUSDT", "0.01", "29000")
        wait_for(lambda: Position.objects.filter(book=book, units=Decimal("0.01998")).exists())
        exchange.place_by_hand(
            "key", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.5", newClientOrderId="web_x"
        )
        wait_for(lambda: Discrepancy.objects.filter(kind="foreign_order").exists())
    wanted.refresh_from_db()
    assert wanted.status == "filled"
    assert len(exchange.matching.orders) == 2
