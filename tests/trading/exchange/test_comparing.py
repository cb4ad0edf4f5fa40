"""Exchange against ledger: what differs is classified and told, and never put right by trading."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.markets.exchanges import forget_markets
from apps.notifications.models import Notice
from apps.trading.brokers.pool import close_brokers
from apps.trading.choices import AccountState
from apps.trading.models import AccountSync, Discrepancy, Fill, Position
from apps.trading.rules.comparing import Moved, beyond, moved, unexplained
from apps.trading.services.exchange import (
    compare_account,
    freeze_account,
    refresh_orders,
    submit_orders,
    unfreeze_account,
)
from tests.exchange import Fault

pytestmark = pytest.mark.django_db
D = Decimal


def found() -> list[tuple[str, str]]:
    return list(Discrepancy.objects.order_by("pk").values_list("kind", "key"))


def orders_sent(exchange) -> int:
    return exchange.requests["POST /api/v3/order"] + exchange.requests["DELETE /api/v3/order"]


def by_hand(exchange, **changes) -> None:
    wanted = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "MARKET",
        "quantity": "0.1",
        "newClientOrderId": "web_1",
    }
    exchange.place_by_hand("key", **{**wanted, **changes})


def test_what_trades_do_to_balances() -> None:
    """By hand: 2 bought at 100 for 0.002 coins, 1 sold at 110 for 0.11 in money."""
    trades = [
        Moved("BTC", "USDT", "buy", D(2), D(100), D("0.002"), "BTC"),
        Moved("BTC", "USDT", "sell", D(1), D(110), D("0.11"), "USDT"),
    ]
    ours = moved(trades)
    assert ours == {"BTC": D("0.998"), "USDT": D("-90.11")}
    held = {"BTC": D("10.998"), "USDT": D("909.89"), "BNB": D(3)}
    assert beyond(held, ours) == {"BNB": D(3), "BTC": D(10), "USDT": D(1000)}
    before = {"BTC": D(10), "USDT": D(1500)}
    assert unexplained(before, {"BTC": D(10), "USDT": D(1000)}, {"USDT": D(-500)}) == {}
    assert unexplained(before, {"BTC": D(9), "USDT": D(1500)}, {}) == {"BTC": D(-1)}


def test_our_own_trading_leaves_nothing_to_explain(exchange, account, book, order) -> None:
    assert compare_account(account.pk)
    for number, side in enumerate(["buy", "buy", "sell"]):
        order(number, side, "0.01", reduce_only=side == "sell")
        submit_orders(account.pk)
        exchange.set_price("BTCUSDT", str(30_000 + 500 * number))
        assert compare_account(account.pk)
    assert found() == []
    sync = AccountSync.objects.get(account=account)
    assert {name: D(amount) for name, amount in sync.baseline.items()} == {"BTC": D(10), "USDT": D(100_000)}
    assert (sync.error, sync.synced_at is not None) == ("", True)


def test_an_order_that_is_not_ours_is_told_once(exchange, account, user) -> None:
    compare_account(account.pk)
    by_hand(exchange, type="LIMIT", price="20000")
    compare_account(account.pk)
    compare_account(account.pk)
    assert found() == [("foreign_order", "1001")]
    [notice] = Notice.objects.filter(event="trading.order.foreign")
    assert notice.person_id == user.pk
    assert "buy 0.1 BTCUSDT" in notice.data["text"]
    account.refresh_from_db()
    assert account.state == AccountState.CONNECTED
    assert orders_sent(exchange) == 0


def test_an_account_can_freeze_itself(exchange, account, order) -> None:
    account.freeze_on_foreign = True
    account.save()
    by_hand(exchange, type="LIMIT", price="20000")
    wanted = order()
    compare_account(account.pk)
    account.refresh_from_db()
    assert account.state == AccountState.FROZEN
    assert submit_orders(account.pk) == 0
    wanted.refresh_from_db()
    assert wanted.status == "pending"


def test_a_trade_that_is_not_ours_explains_the_balances(exchange, account, order) -> None:
    order()
    submit_orders(account.pk)
    compare_account(account.pk)
    by_hand(exchange)
    compare_account(account.pk)
    compare_account(account.pk)
    assert [kind for kind, _ in found()] == ["external_trade"]
    assert Fill.objects.count() == 1  # it is no fill of ours


def test_a_withdrawal_is_a_balance_that_nothing_explains(exchange, account) -> None:
    compare_account(account.pk)
    exchange.matching.accounts["key"].free["USDT"] -= 500
    compare_account(account.pk)
    compare_account(account.pk)
    [difference] = Discrepancy.objects.all()
    assert difference.kind == "balance"
    assert difference.data["change"] == "-500"
    assert Notice.objects.filter(event="trading.account.differs").count() == 1


def test_a_fill_nobody_told_us_of_is_taken_and_written_down(exchange, account, book, order) -> None:
    """An order that was thought cancelled was filled on the way out."""
    wanted = order(kind="limit", price=D(29000))
    submit_orders(account.pk)
    compare_account(account.pk)
    exchange.offer("BTCUSDT", "0.01", "29000")
    # the look at the order fails, the list of trades does not
    exchange.fault(Fault.maintenance("GET /api/v3/order", times=1))
    compare_account(account.pk)
    assert [kind for kind, _ in found()] == ["missed_fill"]
    wanted.refresh_from_db()
    assert (wanted.status, Position.objects.get(book=book).units) == ("filled", D("0.00999"))
    compare_account(account.pk)
    assert len(found()) == 1
    assert not Notice.objects.filter(event__startswith="trading.").exists()


def test_a_fee_in_a_third_coin(exchange, account, book, order) -> None:
    """It is valued where that coin has a price, and written down where it has none."""
    exchange.list_symbol("BNBUSDT", "600")
    forget_markets()
    close_brokers()
    exchange.matching.fee_asset, exchange.matching.fee_rate = "BNB", {"BNB": D(600)}
    exchange.matching.accounts["key"].free["BNB"] = D(1)
    compare_account(account.pk)
    order()
    submit_orders(account.pk)
    [fill] = Fill.objects.all()
    assert (fill.units, fill.fee_currency, fill.fee_paid, fill.fee) == (
        D("0.01"),
        "BNB",
        D("0.0005"),
        D("0.3"),
    )
    compare_account(account.pk)
    assert found() == []


def test_books_that_hold_more_than_the_exchange(exchange, account, book) -> None:
    exchange.matching.accounts["key"].free["USDT"] = D(15_000)
    compare_account(account.pk)
    [difference] = Discrepancy.objects.all()
    assert (difference.kind, difference.data["missing"]) == ("shortfall", "5000")
    exchange.matching.accounts["key"].free["USDT"] = D(20_000)
    compare_account(account.pk)
    difference.refresh_from_db()
    assert difference.resolved_at is not None


def test_an_order_that_the_exchange_lost(exchange, account, order) -> None:
    wanted = order(kind="limit", price=D(29000))
    submit_orders(account.pk)
    exchange.matching.orders.clear()
    refresh_orders(account.pk)
    assert found() == [("lost_order", wanted.client_order_id)]


def test_a_frozen_account_is_still_watched(exchange, account, user) -> None:
    freeze_account(account, reason="to be safe", actor=user)
    by_hand(exchange, type="LIMIT", price="20000")
    compare_account(account.pk)
    assert [kind for kind, _ in found()] == ["foreign_order"]
    unfreeze_account(account, actor=user)
    account.refresh_from_db()
    assert account.state == AccountState.CHECKING


def test_an_exchange_that_cannot_be_reached_is_no_difference(exchange, account) -> None:
    compare_account(account.pk)
    exchange.fault(Fault.maintenance("*", times=20))
    assert not compare_account(account.pk)
    assert found() == []
    assert "maintenance" in AccountSync.objects.get(account=account).error
