"""Taking orders back: at the exchange, before they are sent, and when they are over already."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.trading.errors import OrderNotOpen
from apps.trading.services import cancel_order
from apps.trading.services.exchange import submit_orders
from apps.trading.services.exchange.cancelling import cancel_at_exchange
from tests.trading.exchange.conftest import fills

pytestmark = pytest.mark.django_db


def test_a_resting_order_ends_when_the_exchange_says_so(exchange, account, order, user):
    resting = order(kind="limit", price=Decimal(20000))
    assert submit_orders(account.pk) == 1
    resting.refresh_from_db()
    assert resting.status == "open"
    assert cancel_order(resting, actor=user).status == "open"  # asked, not told yet
    assert cancel_at_exchange(resting.pk)
    resting.refresh_from_db()
    assert (resting.status, resting.filled) == ("cancelled", 0)
    assert cancel_at_exchange(resting.pk)  # asking twice does no harm
    with pytest.raises(OrderNotOpen):
        cancel_order(resting, actor=user)


def test_an_order_that_waits_is_never_sent(exchange, account, order, user):
    waiting = order(kind="limit", price=Decimal(20000))
    assert cancel_order(waiting, actor=user).status == "cancelled"
    assert submit_orders(account.pk) == 0
    assert fills() == 0
