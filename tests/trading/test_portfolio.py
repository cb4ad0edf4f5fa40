"""The portfolio adds up: by book, by instrument, by day and in all, to the last place of the ledger."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from apps.markets.models import Instrument
from apps.trading.choices import CashKind, LotMethod
from apps.trading.models import CashEntry, EquityPoint, Fill
from apps.trading.rules.keys import client_order_id, intent_key
from apps.trading.rules.lots import Traded, lots_of, profit_of
from apps.trading.selectors import (
    Chosen,
    currencies_of,
    equity_curve,
    lots_of_workspace,
    positions_of,
    profit_by_book,
    profit_by_day,
    profit_by_instrument,
    summary_of,
)
from apps.trading.services import (
    NewFill,
    Price,
    mark_books,
    move_capital,
    open_book,
    place,
    record_fills,
    store_prices,
)
from tests.trading.conftest import NOON

ALL = Chosen("USD")


@pytest.fixture
def trade(account, book, instrument, intent):
    """trade(number, side, units, price, fee, …): an intent with its fill, `number` hours after noon."""

    def make(number, side, units, price, fee="0", **more):
        at = NOON + timedelta(hours=number)
        asked = intent(number, side, units, at=at, **more)
        asked = replace(asked, key=intent_key(str(asked.book_id), "hash", number, asked.instrument_id))
        place([asked])
        fill = NewFill(
            client_order_id(asked.key), asked.key, Decimal(units), Decimal(price), at, fee=Decimal(fee)
        )
        record_fills(account, [fill])

    return make


def test_a_portfolio_by_hand(workspace, account, book, instrument, trade, user):
    other = Instrument.objects.create(workspace=workspace, symbol="OTHER")
    trade(0, "buy", "10", "100", "1")
    trade(1, "sell", "4", "120", "0.5")
    trade(30, "sell", "2", "50", "0.25", instrument_id=other.pk)
    move_capital(book, Decimal(500), actor=user)
    CashEntry.objects.create(book=book, kind=CashKind.FUNDING, amount=Decimal("-0.75"), at=NOON)
    store_prices([Price("feed:1", instrument.pk, Decimal(110), NOON)])
    rows = positions_of(workspace, ALL)
    assert [
        (row.instrument.symbol, row.units, row.average, row.value, row.open, row.side) for row in rows
    ] == [
        ("ACME", 6, 100, 660, 60, "long"),
        ("OTHER", -2, 50, -100, 0, "short"),  # without a price it is worth what it cost
    ]
    found = summary_of(workspace, ALL)
    assert found.capital == 10_500
    assert found.cash == Decimal("10077.5")  # 10,500 - 1,000 - 1 + 480 - 0.5 + 100 - 0.25 - 0.75
    assert (found.gross, found.net, found.equity) == (760, 560, Decimal("10637.5"))
    assert (found.realised, found.open, found.fees, found.other) == (
        80,
        60,
        Decimal("1.75"),
        Decimal("-0.75"),
    )
    assert found.profit == Decimal("137.5")
    by_instrument = [(line.name, line.profit) for line in profit_by_instrument(workspace, ALL)]
    assert by_instrument == [
        ("ACME", Decimal("138.5")),
        ("OTHER", Decimal("-0.25")),
        ("Borrow, funding, adjustments", Decimal("-0.75")),
    ]
    by_day = [(line.name, line.realised, line.fees, line.other) for line in profit_by_day(workspace, ALL)]
    assert by_day == [
        ("2024-03-02", 0, Decimal("0.25"), 0),
        ("2024-03-01", 80, Decimal("1.5"), Decimal("-0.75")),
    ]
    assert [(line.name, line.profit, line.fills) for line in profit_by_book(workspace, ALL)] == [
        ("Bot", Decimal("137.5"), 3)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_sums_equal_the_ledger_to_the_last_place(workspace, account, book, instrument, trade, user, seed):
    chance = random.Random(seed)
    other = Instrument.objects.create(workspace=workspace, symbol="OTHER")
    second = open_book(account, name="Second", capital=Decimal(5000), price_source="feed:1", actor=user)
    for number in range(40):
        trade(
            number,
            chance.choice(["buy", "sell"]),
            str(Decimal(chance.randrange(1, 10**8)).scaleb(-7)),
            str(Decimal(chance.randrange(10**8, 10**10)).scaleb(-7)),
            str(Decimal(chance.randrange(0, 10**6)).scaleb(-6)),
            instrument_id=chance.choice([instrument, other]).pk,
            book_id=chance.choice([book, second]).pk,
        )
    for one in (instrument, other):
        store_prices([Price("feed:1", one.pk, Decimal(chance.randrange(10**8, 10**10)).scaleb(-7), NOON)])
    found = summary_of(workspace, ALL)
    assert found.cash == sum(CashEntry.objects.values_list("amount", flat=True))
    assert (
        found.profit == found.realised - found.fees + found.other + found.open == found.equity - found.capital
    )
    mark_books()
    newest = EquityPoint.objects.order_by("book", "-at").distinct("book")
    assert len(newest) == 2
    assert sum(point.cash for point in newest) == found.cash
    assert round(sum(point.equity for point in newest), 2) == round(found.equity, 2)
    for lines in (profit_by_book(workspace, ALL), profit_by_instrument(workspace, ALL)):
        assert sum(line.profit for line in lines) == found.profit
    by_day = profit_by_day(workspace, ALL)
    assert sum(line.profit for line in by_day) == found.profit - found.open
    for method in LotMethod:
        closed, still_open = lots_of_workspace(workspace, ALL, method)
        fees = sum(row.lot.fees for row in closed + still_open)
        assert fees == found.fees
        bought = sum(row.lot.cost if row.lot.side == "buy" else -row.lot.cost for row in still_open)
        gained = sum(row.lot.profit + row.lot.fees for row in closed)
        assert gained - bought == sum(CashEntry.objects.filter(kind="trade").values_list("amount", flat=True))


FILLS = [
    Traded("buy", Decimal(10), Decimal(100), Decimal(1), NOON),
    Traded("buy", Decimal(10), Decimal(130), Decimal(1), NOON + timedelta(days=1)),
    Traded("buy", Decimal(10), Decimal(110), Decimal(1), NOON + timedelta(days=2)),
    Traded("sell", Decimal(15), Decimal(120), Decimal(3), NOON + timedelta(days=3)),
]


@pytest.mark.parametrize(
    ("method", "closed", "still_open"),
    [
        # 10 x (120-100) - 1 - 2, 5 x (120-130) - 0.5 - 1
        ("fifo", [("10", "1000", "197"), ("5", "650", "-51.5")], [("5", "650"), ("10", "1100")]),
        # 10 x (120-110) - 1 - 2, 5 x (120-130) - 0.5 - 1
        ("lifo", [("10", "1100", "97"), ("5", "650", "-51.5")], [("10", "1000"), ("5", "650")]),
        # 10 x (120-130) - 1 - 2, 5 x (120-110) - 0.5 - 1
        ("hifo", [("10", "1300", "-103"), ("5", "550", "48.5")], [("10", "1000"), ("5", "550")]),
    ],
)
def test_lots_by_hand(method, closed, still_open):
    lots = lots_of(FILLS, method)
    assert [(lot.units, lot.cost, lot.profit) for lot in lots.closed] == [
        tuple(map(Decimal, one)) for one in closed
    ]
    assert [(lot.units, lot.cost) for lot in lots.open] == [tuple(map(Decimal, one)) for one in still_open]
    assert profit_of(lots) == sum(lot.profit for lot in lots.closed)


def test_lots_of_shorts_and_through_zero():
    fills = [
        Traded("sell", Decimal(10), Decimal(100), Decimal(0), NOON),
        Traded("sell", Decimal(10), Decimal(90), Decimal(0), NOON),
        Traded("buy", Decimal(25), Decimal(80), Decimal(0), NOON + timedelta(days=1)),
    ]
    lots = lots_of(fills, "hifo")  # of shorts the cheapest first
    assert [(lot.side, lot.units, lot.profit) for lot in lots.closed] == [
        ("sell", 10, 100),
        ("sell", 10, 200),
    ]
    assert [(lot.side, lot.units, lot.cost) for lot in lots.open] == [("buy", 5, 400)]


def test_a_year_of_lots(workspace, trade):
    trade(0, "buy", "1", "100")
    trade(1, "sell", "1", "110")
    assert len(lots_of_workspace(workspace, ALL, "fifo", year=2024)[0]) == 1
    assert lots_of_workspace(workspace, ALL, "fifo", year=2023) == ([], [])


def test_a_curve_adds_books_up_and_marks_only_what_changed(workspace, account, book, instrument, trade, user):
    trade(0, "buy", "10", "100", "1")
    hours = [NOON + timedelta(hours=n) for n in range(5)]
    for at, price in zip(hours[1:4], (110, 110, 90), strict=True):
        store_prices([Price("feed:1", instrument.pk, Decimal(price), at)])
        mark_books()
    open_book(account, name="Second", capital=Decimal(1000), price_source="feed:1", at=hours[4], actor=user)
    mark_books()
    assert mark_books() == 0
    curve = equity_curve(workspace, ALL)
    assert curve.times == [hours[1], hours[3], hours[4]]  # the second price was the same
    assert curve.equity == [10_099, 9_899, 10_899]
    assert [round(one, 6) for one in curve.drawdown] == [0, Decimal("0.019804"), Decimal("0.018020")]
    book.refresh_from_db()
    assert book.peak_equity == 10_099
    assert EquityPoint.objects.count() == 3


def test_currencies_and_choices_keep_books_apart(workspace, account, book, user, trade):
    trade(0, "buy", "1", "100")
    account.currency = "EUR"
    account.save()
    open_book(account, name="Euro", capital=Decimal(7), actor=user)
    assert currencies_of(workspace) == ["EUR", "USD"]
    assert summary_of(workspace, Chosen("EUR")).equity == 7
    assert summary_of(workspace, Chosen("USD", kind="exchange")).equity == 0
    assert summary_of(workspace, Chosen("USD", book=book.uuid)).positions == 1
    assert Fill.objects.count() == 1
