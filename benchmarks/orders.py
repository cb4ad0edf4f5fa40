"""The order path inside our own code: from a bot's decision to the request handed to the exchange's client library.

One bot at a time, with limits of three levels, on PostgreSQL: the intent is checked and stored (`place`), its job is
queued, the order claimed and marked as being sent, all of it committed before the request would leave. The clock stops
where the client library would be called. Of the whole, the time in which database and broker work is told apart: what
is left is our own code, which the goal is about.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from statistics import median
from time import perf_counter, thread_time
from typing import Any

ORDERS = 300
WARM_UP = 30
GOAL_MS = 1.2


class Waiting:
    """Seconds spent in the database, commits and the broker since it was last asked: by the clock, and of this
    thread's processor time."""

    def __init__(self) -> None:
        self.seconds = self.busy = 0.0

    def statement(self, execute: Callable[..., Any], *call: Any) -> Any:
        return self.of(lambda: execute(*call))

    def of(self, work: Callable[[], Any]) -> Any:
        begun, busy = perf_counter(), thread_time()
        try:
            return work()
        finally:
            self.seconds += perf_counter() - begun
            self.busy += thread_time() - busy

    def taken(self) -> tuple[float, float]:
        found = self.seconds, self.busy
        self.seconds = self.busy = 0.0
        return found


def measure_orders(orders: int = ORDERS) -> dict[str, float]:
    """Median milliseconds of an order, by part. Needs a migrated database of its own (`benchmarks.servers`)."""
    from datetime import timedelta
    from decimal import Decimal

    from celery import current_app
    from django.db import connection
    from django.utils import timezone

    from apps.accounts.models import User
    from apps.accounts.services import ensure_personal_workspace
    from apps.core.jobs import load_tasks
    from apps.markets.models import Instrument
    from apps.trading.choices import AccountKind, AccountState, EventKind, EventSource
    from apps.trading.models import TradingAccount
    from apps.trading.services import (
        NewEvent,
        NewIntent,
        Price,
        intent_key,
        open_book,
        place,
        record_events,
        set_limits,
        store_prices,
    )
    from apps.trading.services.exchange.submitting import _claim

    load_tasks()
    owner = User.objects.create_user("orders@bench.example")
    workspace = ensure_personal_workspace(owner)
    exchange = {"kind": AccountKind.EXCHANGE, "exchange": "binance", "state": AccountState.CONNECTED}
    account = TradingAccount.objects.create(workspace=workspace, name="Bench", **exchange)
    book = open_book(account, name="Bench", capital=Decimal(10**9), price_source="bench", actor=owner)
    wide = {"max_order_notional": Decimal(10**9), "max_position_notional": Decimal(10**9)}
    set_limits(workspace, wide, actor=owner)
    set_limits(workspace, wide, account=account, actor=owner)
    set_limits(workspace, wide, book=book, actor=owner)
    instrument = Instrument.objects.create(workspace=workspace, symbol="BTCUSDT", venue="binance")
    store_prices([Price("bench", instrument.pk, Decimal(100), timezone.now())])

    waiting = Waiting()
    commit, send = connection.connection.commit, current_app.send_task
    whole: list[float] = []
    own: list[float] = []
    own_busy: list[float] = []
    stored_after: list[float] = []
    for number in range(WARM_UP + orders):
        decided = timezone.now()
        with connection.execute_wrapper(waiting.statement):
            connection.connection.commit = lambda: waiting.of(commit)
            current_app.send_task = lambda *call, **more: waiting.of(lambda: send(*call, **more))
            begun, busy = perf_counter(), thread_time()
            intent = NewIntent(
                key=intent_key("bench", "v1", number, 0),
                book_id=book.pk,
                instrument_id=instrument.pk,
                side="buy",
                purpose="enter",
                decided_at=decided,
                units=Decimal(1),
                reference_price=Decimal(100),
                expires_at=decided + timedelta(seconds=30),
            )
            place([intent])
            stored = perf_counter()
            claim = _claim(account)
            assert claim is not None
            ticket = claim.ticket
            handed, busy = perf_counter(), thread_time() - busy
            connection.connection.commit, current_app.send_task = commit, send
        waited = waiting.taken()
        if number >= WARM_UP:
            whole.append(handed - begun)
            own.append(handed - begun - waited[0])
            own_busy.append(busy - waited[1])
            stored_after.append(stored - begun)
        # not measured: the exchange says no, so that the next order does not wait behind this one
        said = NewEvent(
            account.pk,
            ticket.client_order_id,
            EventKind.REJECTED,
            decided,
            EventSource.EXCHANGE,
            words="Bench",
        )
        record_events([said])
    return {
        "checked, stored, queued": 1e3 * median(stored_after),
        "decision to request, all": 1e3 * median(whole),
        "of which our own code": 1e3 * median(own),
        "its processor time": 1e3 * median(own_busy),
    }


def measure() -> None:
    """Print the times and the goal. Starts servers if none are configured; works in a scratch database."""
    from benchmarks.measure import goal, heading
    from benchmarks.servers import databases, scratch_database

    heading(f"The order path, {ORDERS} orders one after another")
    with databases() as environment:
        os.environ.update(environment)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        import django

        django.setup()
        with scratch_database():
            took = measure_orders()
    for name, milliseconds in took.items():
        print(f"{name:26}  {milliseconds:6.2f} ms")
    goal("an order inside our own code, median", took["of which our own code"], GOAL_MS, " ms")


if __name__ == "__main__":
    measure()
