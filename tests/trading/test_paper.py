"""What the paper broker did at a bar: asked, filled, ended, in a constant number of statements, once however often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.trading.models import Book, CashEntry, EquityPoint, Fill, Intent, Order, OrderEvent, Position
from apps.trading.rules.keys import intent_key
from apps.trading.services import PaperBatch, PaperEnd, PaperFill, Price, mark_books, open_book, record_paper
from tests.trading.conftest import NOON


def filled(account, asked, units="10", price="100", fee="1", **more):
    at = more.pop("at", asked.decided_at + timedelta(minutes=1))
    return PaperFill(asked.key, account.pk, Decimal(units), Decimal(price), Decimal(fee), at, "entry", **more)


def test_a_round_trip_leaves_cash_position_and_orders_as_a_hand_would_book_them(
    account, book, instrument, intent
):
    enter = intent(1)
    assert record_paper(PaperBatch(asked=[enter])).refused == {}
    assert Order.objects.get().status == "open"
    record_paper(
        PaperBatch(
            prices=[Price("feed:1", instrument.pk, Decimal(101), NOON)],
            filled=[filled(account, enter)],
        )
    )
    position = Position.objects.get()
    assert (position.units, position.cost, position.realised, position.fees) == (10, 1000, 0, 1)
    leave = intent(3, "sell", purpose="protect", reduce_only=True)
    result = record_paper(
        PaperBatch(
            asked=[leave], filled=[filled(account, leave, price="109.5", fee="1.095", at=leave.decided_at)]
        )
    )
    assert (result.refused, len(result.fill_ids)) == ({}, 1)
    position.refresh_from_db()
    assert (position.units, position.cost, position.realised, position.fees) == (0, 0, 95, Decimal("2.095"))
    book.refresh_from_db()
    assert book.cash == Decimal("10092.905")  # 10,000 - 1,000 - 1 + 1,095 - 1.095
    assert sum(CashEntry.objects.values_list("amount", flat=True)) == book.cash
    assert list(Order.objects.order_by("pk").values_list("status", "filled", "average")) == [
        ("filled", 10, 100),
        ("filled", 10, Decimal("109.5")),
    ]
    assert list(Fill.objects.order_by("pk").values_list("realised", flat=True)) == [0, 95]


def test_a_position_may_be_stopped_on_the_bar_that_opened_it(account, book, intent):
    enter, stop = intent(1), intent(3, "sell", purpose="protect", reduce_only=True)
    record_paper(PaperBatch(asked=[enter]))
    result = record_paper(
        PaperBatch(
            asked=[stop],
            filled=[
                filled(account, enter),
                filled(account, stop, price="97", fee="0.97", at=stop.decided_at),
            ],
        )
    )
    assert (result.refused, len(result.fill_ids)) == ({}, 2)
    assert Position.objects.get().units == 0
    book.refresh_from_db()
    assert book.cash == Decimal("9968.03")  # 10,000 - 1,000 - 1 + 970 - 0.97


def test_a_day_begins_with_what_is_held_after_the_fills_of_its_first_bar(account, book, instrument, intent):
    enter, leave = intent(1), intent(2, "sell", purpose="exit", reduce_only=True)
    record_paper(PaperBatch(asked=[enter]))
    record_paper(PaperBatch(filled=[filled(account, enter)]))
    record_paper(PaperBatch(asked=[leave]))
    tomorrow = NOON + timedelta(days=1)
    record_paper(
        PaperBatch(
            prices=[Price(book.price_source, instrument.pk, Decimal(50), tomorrow)],
            filled=[filled(account, leave, price="101", at=tomorrow - timedelta(hours=1))],
        )
    )
    assert not EquityPoint.objects.filter(
        book=book, equity__lt=9990
    ).exists()  # 10 units were not held down to 50


def test_a_batch_that_comes_twice_changes_nothing(account, book, instrument, intent):
    enter = intent(1)
    batch = PaperBatch(
        prices=[Price("feed:1", instrument.pk, Decimal(101), NOON)],
        asked=[enter],
        filled=[filled(account, enter)],
    )
    first = record_paper(batch)
    second = record_paper(batch)
    assert len(first.fill_ids) == 1
    assert second.fill_ids == []
    counts = [model.objects.count() for model in (Intent, Order, OrderEvent, Fill, Position)]
    assert counts == [1, 1, 1, 1, 1]
    book.refresh_from_db()
    assert book.cash == 8999


def test_a_refused_intent_is_kept_with_its_reason_and_its_fill_is_not_booked(account, book, intent):
    book.closed_at = NOON
    book.save()
    enter = intent(1)
    result = record_paper(PaperBatch(asked=[enter], filled=[filled(account, enter)]))
    assert result.refused[enter.key].code == "book_closed"
    stored = Intent.objects.get()
    assert (stored.refused_for, stored.refusal) == ("book_closed", "The book is closed.")
    assert not Order.objects.exists()
    assert not Fill.objects.exists()
    again = record_paper(PaperBatch(asked=[enter]))
    assert again.refused[enter.key].words == "The book is closed."


def test_an_order_that_ends_unfilled_says_why(account, book, intent):
    enter = intent(1, units=None, size={"kind": "percent", "value": 1})
    record_paper(PaperBatch(asked=[enter]))
    record_paper(
        PaperBatch(ended=[PaperEnd(enter.key, account.pk, "cancelled", "Below the smallest order.", NOON)])
    )
    order = Order.objects.get()
    assert (order.status, order.words) == ("cancelled", "Below the smallest order.")
    assert list(OrderEvent.objects.order_by("number").values_list("number", "kind", "source")) == [
        (0, "accepted", "paper"),
        (1, "cancelled", "paper"),
    ]


def test_partial_fills_add_up(account, book, intent):
    enter = intent(1, units=None, size={"kind": "percent", "value": 1})
    record_paper(PaperBatch(asked=[enter], filled=[filled(account, enter, units="4", is_last=False)]))
    assert Order.objects.get().status == "partly_filled"
    record_paper(PaperBatch(filled=[filled(account, enter, units="6", price="101", number=1)]))
    order = Order.objects.get()
    assert (order.status, order.filled, order.average) == ("filled", 10, Decimal("100.6"))


def statements_of(batch) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        record_paper(batch)
    return len(captured)


def test_statements_do_not_grow_with_the_bots(account, user, instrument, intent):
    books = [open_book(account, name=f"Bot {n}", capital=Decimal(1000), actor=user) for n in range(30)]
    counts = []
    for some in (books[:1], books[1:]):
        asked = [
            replace(intent(1, "buy", "1"), key=intent_key(str(one.uuid), "hash", 1, 0), book_id=one.pk)
            for one in some
        ]
        counts.append(
            (
                statements_of(PaperBatch(asked=asked)),
                statements_of(PaperBatch(filled=[filled(account, one, units="1") for one in asked])),
            )
        )
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_a_new_day_waits_for_no_book_of_others(account, book, instrument, intent):
    """Two jobs with the same price source, each in a transaction that holds its own books."""
    other = open_book(
        account, name="Other", capital=Decimal(10_000), price_source="feed:1", at=NOON, actor=None
    )
    theirs = replace(intent(1), key=intent_key("b", "hash", 1, 0), book_id=other.pk)
    for one in (intent(1), theirs):
        record_paper(PaperBatch(asked=[one]))
        record_paper(PaperBatch(filled=[filled(account, one)]))
    tomorrow = NOON + timedelta(days=1)
    with ThreadPoolExecutor(1) as elsewhere, transaction.atomic():
        Book.objects.select_for_update(no_key=True).get(pk=other.pk)

        def step() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '2s'")
                record_paper(
                    PaperBatch(
                        prices=[Price("feed:1", instrument.pk, Decimal(101), tomorrow)], begin_day=[book.pk]
                    )
                )
                mark_books()
            connection.close()

        elsewhere.submit(step).result()
    book.refresh_from_db()
    other.refresh_from_db()
    assert (book.day, other.day) == (tomorrow.date(), NOON.date())
