"""Orders, positions and cash are what their events say: after any run of them, and again after somebody wrote over them."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F

from apps.trading.choices import AccountKind, AccountState, EventKind
from apps.trading.models import Book, CashEntry, Fill, Intent, Order, OrderEvent, Position, TradingAccount
from apps.trading.rules.keys import client_order_id
from apps.trading.services import (
    NewEvent,
    NewFill,
    PaperBatch,
    open_book,
    record_events,
    record_fills,
    record_paper,
)
from apps.trading.services.rebuilding import differences, rebuild
from tests.trading.conftest import NOON

KINDS = [kind for kind in EventKind if kind != EventKind.PLACED]


def some_history(account, intent, seed: int) -> None:
    """Orders with fills and events in an order in which no exchange should send them."""
    chance = random.Random(seed)
    record_paper(PaperBatch(asked=[intent(n, chance.choice(["buy", "sell"]), "10") for n in range(6)]))
    names = [client_order_id(intent(n).key) for n in range(6)]
    for step in range(40):
        at = NOON + timedelta(minutes=step)
        name = chance.choice(names)
        if chance.random() < 0.5:
            units, price = (
                Decimal(chance.randrange(1, 60)).scaleb(-1),
                Decimal(chance.randrange(1, 10**6)).scaleb(-3),
            )
            again = chance.choice([step, max(step - 1, 0)])  # now and then the same trade once more
            record_fills(
                account,
                [
                    NewFill(
                        name,
                        f"{name}:{again}",
                        units,
                        price,
                        at,
                        fee=Decimal("0.01"),
                        is_last=chance.random() < 0.1,
                    )
                ],
            )
        else:
            record_events([NewEvent(account.pk, name, chance.choice(KINDS), at, "exchange")])


@pytest.mark.parametrize("seed", range(8))
def test_tables_equal_the_fold_of_events(account, book, intent, seed):
    some_history(account, intent, seed)
    assert Fill.objects.count() > 5
    assert differences(book) == []


def test_what_was_written_over_is_found_and_mended(account, book, intent):
    some_history(account, intent, 1)
    Position.objects.update(units=F("units") + 10)
    Order.objects.filter(pk=Order.objects.order_by("pk").first().pk).update(status="expired", filled=99)
    Book.objects.update(cash=1)
    found = differences(book)
    assert len(found) == 3
    assert found[0].startswith("cash is 1.000000000000, by its entries ")
    assert rebuild(book) == found
    assert differences(book) == []
    assert rebuild(book) == []


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Intent, {"side": "sell"}),
        (OrderEvent, {"number": 9}),
        (Fill, {"units": 1}),
        (CashEntry, {"amount": 1}),
    ],
)
def test_the_database_refuses_to_change_what_happened(account, book, intent, model, change):
    some_history(account, intent, 2)
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        model.objects.update(**change)


@pytest.mark.django_db(transaction=True)
def test_what_happened_goes_with_its_book_only(account, user, instrument, intent, book):
    record_paper(PaperBatch(asked=[intent(1)]))
    record_fills(account, [NewFill(client_order_id(intent(1).key), "1", Decimal(1), Decimal(5), NOON)])
    for model in (Fill, CashEntry, OrderEvent, Intent):
        with pytest.raises(DatabaseError, match="removed only with its book"), transaction.atomic():
            model.objects.all().delete()
    account.workspace.delete()
    assert not Intent.objects.exists()
    assert not CashEntry.objects.exists()


def test_a_fill_of_an_order_that_is_not_ours_is_no_fill_of_ours(account, workspace, book, intent, user):
    record_paper(PaperBatch(asked=[intent(1)]))
    other = TradingAccount.objects.create(
        workspace=workspace, name="Other", kind=AccountKind.PAPER, state=AccountState.CONNECTED
    )
    open_book(other, name="Other", capital=Decimal(1), actor=user)
    fill = NewFill(client_order_id(intent(1).key), "1", Decimal(1), Decimal(5), NOON)
    with pytest.raises(ValueError, match="has no order"):
        record_fills(other, [fill])
    assert not Fill.objects.exists()
