"""What our own orders cost beyond their price: measured as others do, from enough orders alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.markets.models import MeasuredCost
from apps.markets.selectors import slippage_by_symbol, slippage_of
from apps.trading.choices import AccountKind
from apps.trading.models import Order
from apps.trading.rules.keys import client_order_id
from apps.trading.rules.slippage import fit, slippage_bps
from apps.trading.services import NewFill, place, record_fills
from apps.trading.services.slippage import fit_slippage

D = Decimal


def test_against_the_trader_on_both_sides() -> None:
    assert slippage_bps("buy", D(100), D("100.05")) == pytest.approx(5)
    assert slippage_bps("sell", D(100), D("99.98")) == pytest.approx(2)
    assert slippage_bps("sell", D(100), D("100.01")) == pytest.approx(-1)


def test_the_mean_without_the_ends() -> None:
    """By hand: of 1 … 9 and 1000 the 1 and the 1000 are left out, which leaves 2 … 9 with a mean of 5.5; winsorised
    2 2 3 4 5 6 7 8 9 9 has the squares 66.5 about 5.5, so the error is sqrt(66.5 / 9) / (0.8 sqrt(10)) = 1.0745."""
    found = fit([1000, *range(1, 10)])
    assert found == (D("5.50"), D("1.07"), 10)
    assert fit([1, 2, 3, 4]) is None
    assert fit([3.0] * 7) == (D("3.00"), D("0.00"), 7)


@pytest.fixture
def traded(account, book, intent, instrument, user):
    """traded(number of orders, basis points): orders of an exchange's account, filled so much worse than decided."""
    account.kind, account.exchange = AccountKind.EXCHANGE, "binance"
    account.save()
    now = timezone.now()

    def make(first: int, count: int, bps: str, **more) -> None:
        for number in range(first, first + count):
            side = "buy" if number % 2 else "sell"
            asked = intent(number, side, "0.01", at=now - timedelta(hours=1), reduce_only=False, **more)
            place([asked])
            worse = D(bps) / 10_000 * (1 if side == "buy" else -1)
            fill = NewFill(
                client_order_id(asked.key), asked.key, D("0.01"), 100 * (1 + worse), now, is_last=True
            )
            record_fills(account, [fill])

    return make


def test_fitted_by_instrument_from_market_orders_of_real_exchanges(
    traded, workspace, instrument, account
) -> None:
    traded(0, 20, "4")
    traded(20, 5, "300", kind="limit", price=D(100))  # a limit chooses its own price
    assert fit_slippage() == 1
    found = MeasuredCost.objects.get()
    assert (found.slippage_bps, found.error_bps, found.orders) == (4, 0, 20)
    assert (found.workspace, found.instrument) == (workspace, instrument)
    traded(30, 5, "54")  # of 25 orders two at each end are left out: (18 x 4 + 3 x 54) / 21 = 11.14
    fit_slippage()
    assert MeasuredCost.objects.get().slippage_bps == D("11.14")
    account.is_testnet = True
    account.save()
    Order.objects.update(created_at=timezone.now())
    MeasuredCost.objects.all().delete()
    assert fit_slippage() == 0


def test_few_orders_and_good_luck_are_not_assumed(traded, workspace, instrument) -> None:
    traded(0, 19, "4")
    fit_slippage()
    assert slippage_of(workspace, instrument) is None
    traded(19, 1, "4")
    fit_slippage()
    assert slippage_of(workspace, instrument).words.startswith(
        "Measured from 20 of the workspace's own orders in ACME until "
    )
    MeasuredCost.objects.update(slippage_bps=D("-3"))
    assert slippage_by_symbol(workspace) == {"ACME": 0}


def test_accounts_show_it_beside_what_they_assume(traded, account, client, user) -> None:
    traded(0, 20, "4")
    fit_slippage()
    client.force_login(user)
    path = reverse("trading:account-detail", args=[account.uuid])
    shown = client.get(path).content.decode()
    assert "4.00 ± 0.00" in shown
    assert "Assumed here" not in shown
    account.kind, account.exchange, account.slippage_bps = AccountKind.PAPER, "", D("2.5")
    account.save()
    shown = client.get(path).content.decode()
    assert "Assumed here" in shown
    assert ">2.50<" in shown
