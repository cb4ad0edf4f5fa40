"""A kill switch also stops what waits to be sent to an exchange; what closes goes out all the same."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.trading.choices import AccountKind
from apps.trading.models import Order
from apps.trading.rules.keys import client_order_id
from apps.trading.services import NewFill, place, record_fills, throw_switch
from apps.trading.services.exchange.submitting import stop_orders


@pytest.fixture
def live(account):
    account.kind, account.exchange = AccountKind.EXCHANGE, "binance"
    account.save()
    return account


def test_waiting_orders_that_open_are_taken_back(live, workspace, book, intent, user):
    held = intent(1)
    place([held])
    record_fills(
        live,
        [NewFill(client_order_id(held.key), "1", Decimal(10), Decimal(100), held.decided_at, is_last=True)],
    )
    place([intent(2), intent(3, "sell", "4", reduce_only=True, purpose="exit")])
    assert stop_orders(live) == 0
    throw_switch(scope="exchange", value="binance", reason="Halted.", workspace=workspace, actor=user)
    assert stop_orders(live) == 1
    states = dict(Order.objects.order_by("pk").values_list("intent__purpose", "status"))
    assert states == {"enter": "cancelled", "exit": "pending"}
    assert Order.objects.get(status="cancelled").words == "Kill switch (an exchange binance): Halted."
