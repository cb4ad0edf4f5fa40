"""A kill switch of every scope, thrown by one connection while another goes on asking: from its commit on nothing opens,
and what closes goes through all the same."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from apps.trading.choices import AccountKind, SwitchScope
from apps.trading.models import Intent
from apps.trading.rules.keys import client_order_id, intent_key
from apps.trading.services import NewFill, lift_switch, place, record_fills, throw_switch

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Asked:
    """Somebody who asks to open and to close over and over, on a connection of his own."""

    answers: list[tuple[float, str | None, str | None]] = field(
        default_factory=list
    )  # begun, opening, closing

    def wait_for(self, more: int) -> None:
        wanted, stop_at = len(self.answers) + more, time.monotonic() + 30
        while len(self.answers) < wanted:
            assert time.monotonic() < stop_at, "nothing is asked any more"
            time.sleep(0.002)


@pytest.fixture
def asking(account, book, intent):
    """A book with 10,000 units whose opening and closing are asked by another thread, a unit of each at a time."""
    account.kind, account.exchange = AccountKind.EXCHANGE, "binance"
    account.save()
    held = intent(0, units="10", reference_price=None, kind="limit", price=Decimal(1))
    place([held])
    record_fills(
        account,
        [NewFill(client_order_id(held.key), "1", held.units, held.price, held.decided_at, is_last=True)],
    )
    asked, stop = Asked(), threading.Event()

    def ask() -> None:
        try:
            for number in itertools.count(1):
                if stop.is_set():
                    return
                at = timezone.now() - timedelta(seconds=1)
                opening = intent(number, units="0.0001", at=at, key=intent_key("opening", "", number, 0))
                closing = intent(
                    number,
                    "sell",
                    "0.000001",
                    at=at,
                    key=intent_key("closing", "", number, 0),
                    reduce_only=True,
                )
                begun = time.monotonic()
                one, other = place([opening, closing])
                asked.answers.append(
                    (
                        begun,
                        one.refused and one.refused.code.value,
                        other.refused and other.refused.code.value,
                    )
                )
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    yield asked
    stop.set()
    thread.join(30)


def test_every_scope_stops_what_opens_at_once(asking, workspace, book, user) -> None:
    values = {SwitchScope.SYMBOL: "ACME", SwitchScope.EXCHANGE: "binance"}
    for scope in SwitchScope:
        asking.wait_for(3)
        assert asking.answers[-1][1] is None, scope
        switch = throw_switch(
            scope=scope.value,
            reason="Stop.",
            workspace=None if scope == SwitchScope.PLATFORM else workspace,
            book=book,
            value=values.get(scope, ""),
            actor=user,
        )
        thrown = time.monotonic()
        asking.wait_for(3)
        lifted = time.monotonic()
        lift_switch(switch, actor=user)
        after = [one for one in asking.answers if thrown <= one[0] < lifted]
        assert len(after) >= 2, scope
        assert {(opening, closing) for _, opening, closing in after[:-1]} == {("kill_switch", None)}, scope
    stopped = Intent.objects.filter(refused_for="kill_switch")
    assert set(stopped.values_list("purpose", flat=True)) == {"enter"}
    assert not stopped.filter(order__isnull=False).exists()
