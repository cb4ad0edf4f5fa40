"""What the exchange's markets take: kept when the keys are checked, and kept to by every order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.trading.choices import AccountKind
from apps.trading.models import ExchangeMarket, Intent, TradingAccount
from apps.trading.rules.keys import intent_key
from apps.trading.selectors import smallest_units
from apps.trading.services import NewIntent, place
from apps.trading.services.exchange import compare_account, submit_orders

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def exchange(exchange):
    """Its market knows steps of 0.1 in price and 0.001 in size, and takes nothing below 0.002 or 50 USDT."""
    exchange.list_symbol(tick=D("0.1"), step=D("0.001"), min_qty=D("0.002"), min_notional=D(50))
    return exchange


@pytest.fixture
def ask(book, instrument):
    """ask(number, side, units, **more): what was stored of an intent, and why it was refused."""

    def make(number: int, side: str, units: str, **more) -> tuple[Intent, str]:
        key = intent_key("bot", "hash", number, 0)
        intent = NewIntent(
            key, book.pk, instrument.pk, side, "enter", timezone.now(), units=D(units),
            reference_price=D(30000), **more,
        )  # fmt: skip
        [placed] = place([intent])
        return Intent.objects.get(key=key), placed.refused.words if placed.refused else ""

    return make


def test_kept_under_both_names_of_a_market(exchange, account) -> None:
    kept = list(
        ExchangeMarket.objects.order_by("name").values_list("name", "tick_size", "lot_size", "min_notional")
    )
    assert kept == [("BTC/USDT", D("0.1"), D("0.001"), 50), ("BTCUSDT", D("0.1"), D("0.001"), 50)]


def test_what_is_meant_is_cut_to_what_the_market_takes_and_is_filled(exchange, account, book, ask) -> None:
    market, words = ask(1, "buy", "0.0109")
    assert (words, market.units) == ("", D("0.010"))
    limit, words = ask(2, "buy", "0.0109", kind="limit", price=D("29000.07"))
    assert (words, limit.price) == ("", D("29000.0"))
    assert submit_orders(account.pk) == 2
    told = [(order.status, order.qty, order.price) for order in exchange.matching.orders]
    assert told == [("FILLED", D("0.010"), 0), ("NEW", D("0.010"), D("29000.0"))]
    stop, words = ask(3, "sell", "0.0049", kind="stop", trigger=D("28999.93"), reduce_only=True)
    assert (words, stop.units, stop.trigger) == ("", D("0.004"), D("29000.0"))  # sooner rather than later
    assert submit_orders(account.pk) == 1
    assert exchange.matching.orders[2].stop_price == D("29000.0")


@pytest.mark.parametrize(
    ("units", "more", "words"),
    [
        ("0.0009", {}, "0.0009 units are 0 units in whole steps of 0.001; the smallest order is 0.002."),
        ("0.0019", {}, "0.0019 units are 0.001 units in whole steps of 0.001; the smallest order is 0.002."),
        ("0.002", {"kind": "limit", "price": D(20000)}, "It is worth 40.00; the smallest order is 50.00."),
        (
            "0.002",
            {"kind": "limit", "price": D("0.07")},
            "The price is less than the smallest step of prices, 0.1.",
        ),
    ],
)
def test_what_is_too_small_is_refused_here_and_never_sent(exchange, account, ask, units, more, words) -> None:
    stored, said = ask(1, "buy", units, **more)
    assert (said, stored.refusal, stored.units) == (words, words, D(units))
    assert submit_orders(account.pk) == 0
    assert exchange.requests["POST /api/v3/order"] == 0


def test_new_steps_are_read_within_an_hour(exchange, account, ask) -> None:
    exchange.list_symbol(tick=D("0.1"), step=D("0.01"), min_qty=D("0.01"), min_notional=D(50))
    compare_account(account.pk)
    assert ExchangeMarket.objects.get(name="BTCUSDT").lot_size == D("0.001")
    ExchangeMarket.objects.update(read_at=timezone.now() - timedelta(minutes=61))
    compare_account(account.pk)
    assert ExchangeMarket.objects.get(name="BTCUSDT").lot_size == D("0.01")
    market, words = ask(1, "buy", "0.0299")
    assert (market.units, words) == (D("0.02"), "")


def test_what_is_less_than_an_order_is_known_by_account(exchange, account, instrument, workspace) -> None:
    paper = TradingAccount.objects.create(workspace=workspace, name="Paper", kind=AccountKind.PAPER)
    found = smallest_units({account.pk, paper.pk}, instrument)
    assert found == {account.pk: D("0.002"), paper.pk: D("0.00001")}  # the exchange's, the instrument's own
