"""From intents to orders: limits of every level, kill switches of every scope, and two at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from apps.trading.errors import BookNotFlat, NotEnoughCash, SwitchOff, WrongLimit
from apps.trading.models import Book, Intent, KillSwitch, Order, Position
from apps.trading.rules.keys import client_order_id, intent_key, is_ours
from apps.trading.services import (
    NewFill,
    Price,
    close_book,
    lift_switch,
    move_capital,
    open_book,
    place,
    record_fills,
    set_limits,
    store_prices,
    throw_switch,
)
from tests.trading.conftest import NOON


def codes(placed) -> list[str | None]:
    return [one.refused.code.value if one.refused else None for one in placed]


def buy_now(account, intent, number=1, price="100", units="10"):
    asked = intent(number, "buy", units)
    assert codes(place([asked])) == [None]
    record_fills(
        account,
        [NewFill(client_order_id(asked.key), str(number), Decimal(units), Decimal(price), asked.decided_at)],
    )


def test_the_strictest_of_three_levels_counts(workspace, account, book, intent, user):
    set_limits(workspace, {"max_order_notional": Decimal(5000)}, actor=user)
    set_limits(workspace, {"max_order_notional": Decimal(900)}, account=account, actor=user)
    set_limits(workspace, {"max_order_notional": Decimal(2000)}, book=book, actor=user)
    assert codes(place([intent(1, units="9"), intent(2, units="10")])) == [None, "order_notional"]
    assert Intent.objects.order_by("pk").last().refusal == "The order is worth 1,000.00; the limit is 900.00."
    set_limits(workspace, {"max_order_notional": None}, account=account, actor=user)
    assert codes(place([intent(3, units="20"), intent(4, units="21")])) == [None, "order_notional"]


def test_orders_of_one_call_count_against_one_another(workspace, book, intent, user):
    set_limits(workspace, {"max_position_notional": Decimal(2500), "orders_per_minute": 3}, actor=user)
    asked = [intent(n, at=NOON) for n in range(3)]
    assert codes(place(asked)) == [None, None, "position_notional"]
    small = [intent(n, units="1", at=NOON + timedelta(seconds=20)) for n in (3, 4)]
    assert codes(place(small)) == [None, "rate"]
    later = intent(5, units="1", at=NOON + timedelta(minutes=2))
    assert codes(place([later])) == [None]


def test_a_repeated_intent_says_what_became_of_it(book, intent):
    first = place([intent(1)])
    Book.objects.update(closed_at=NOON)
    again = place([intent(1), intent(2)])
    assert [one.is_new for one in first + again] == [True, False, True]
    assert codes(again) == [None, "book_closed"]
    assert Order.objects.count() == 1


def test_a_days_loss_stops_what_opens_until_the_next_day(workspace, account, book, instrument, intent, user):
    set_limits(workspace, {"max_daily_loss": Decimal(100)}, actor=user)
    buy_now(account, intent)
    store_prices([Price("feed:1", instrument.pk, Decimal(90), NOON + timedelta(hours=1))])
    more = [intent(2, reference_price=Decimal(90)), intent(3, "sell", reduce_only=True, purpose="exit")]
    assert codes(place(more)) == ["daily_loss", None]
    tomorrow = NOON + timedelta(days=1)
    store_prices([Price("feed:1", instrument.pk, Decimal(80), tomorrow)])
    book.refresh_from_db()
    assert (book.day, book.day_equity) == (tomorrow.date(), Decimal(9800))
    assert codes(place([intent(4, at=tomorrow, reference_price=Decimal(80))])) == [None]


def test_a_drawdown_counts_from_the_peak(workspace, account, book, instrument, intent, user):
    set_limits(workspace, {"max_drawdown": Decimal("0.1")}, actor=user)
    buy_now(account, intent, units="50")
    store_prices([Price("feed:1", instrument.pk, Decimal(140), NOON + timedelta(days=1))])  # 12,000
    store_prices([Price("feed:1", instrument.pk, Decimal(116), NOON + timedelta(days=2))])  # 10,800
    at = NOON + timedelta(days=2)
    assert codes(place([intent(2, units="1", at=at, reference_price=Decimal(116))])) == ["drawdown"]
    move_capital(book, Decimal(5000), actor=user)  # capital is no profit: the peak moves with it
    assert codes(place([intent(3, units="1", at=at, reference_price=Decimal(116))])) == [None]


@pytest.mark.parametrize(
    ("scope", "value"),
    [("book", ""), ("symbol", "ACME"), ("workspace", ""), ("platform", ""), ("symbol", "OTHER")],
)
def test_a_kill_switch_stops_what_opens_and_lets_close(workspace, account, book, intent, user, scope, value):
    buy_now(account, intent)
    switch = throw_switch(
        scope=scope,
        reason="Looks wrong.",
        workspace=None if scope == "platform" else workspace,
        book=book,
        value=value,
        actor=user,
    )
    answers = codes(place([intent(2), intent(3, "sell", reduce_only=True, purpose="exit")]))
    assert answers == [None if value == "OTHER" else "kill_switch", None]
    lift_switch(switch, actor=user)
    assert codes(place([intent(4)])) == [None]
    with pytest.raises(SwitchOff):
        lift_switch(switch, actor=user)


def test_a_switch_of_one_workspace_leaves_others_alone(workspace, account, book, intent, user):
    from tests.factories import UserFactory, workspace_of

    throw_switch(scope="workspace", reason="Theirs.", workspace=workspace_of(UserFactory()), actor=None)
    assert codes(place([intent(1)])) == [None]
    one = throw_switch(scope="workspace", reason="Ours.", workspace=workspace, actor=user)
    assert throw_switch(scope="workspace", reason="Again.", workspace=workspace, actor=user) == one
    assert KillSwitch.objects.filter(workspace=workspace).count() == 1


def test_limits_that_cannot_be_one_are_refused(workspace, user):
    for name, value in [
        ("max_leverage", Decimal(0)),
        ("max_drawdown", Decimal(2)),
        ("orders_per_minute", -1),
        ("nonsense", 1),
    ]:
        with pytest.raises(WrongLimit) as error:
            set_limits(workspace, {name: value}, actor=user)
        assert error.value.field == name


def test_capital_is_given_taken_and_the_book_closed_when_flat(account, book, intent, user):
    with pytest.raises(NotEnoughCash, match=r"has 10,000\.00 USD"):
        move_capital(book, Decimal("-10000.01"), actor=user)
    buy_now(account, intent)
    with pytest.raises(BookNotFlat, match="holds a position"):
        close_book(book, actor=user)
    leave = intent(2, "sell", reduce_only=True, purpose="exit")
    place([leave])
    with pytest.raises(BookNotFlat):
        close_book(book, actor=user)
    record_fills(
        account, [NewFill(client_order_id(leave.key), "out", Decimal(10), Decimal(101), leave.decided_at)]
    )
    close_book(book, actor=user)
    assert codes(place([intent(3)])) == ["book_closed"]


def test_names_of_orders_are_made_of_the_decision():
    # by coreutils: printf 'bot|v1|1709294400000|0' | sha256sum
    key = intent_key("bot", "v1", 1709294400000, 0)
    assert key == "0d371f4aa5a9074b4b16d033fc0781bfe9b3360f358b3386f76c87d14f8066da"
    name = client_order_id(key)
    assert name == "cwbu3r6svfveduwsyw2az7yb4bx7"
    assert is_ours(name)
    assert not is_ours("cw123")
    assert not is_ours("x-" + name)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_cannot_both_have_the_last_of_a_limit(workspace, account, book, instrument, intent, user):
    """Two connections: the second waits for the book, and then sees what the first has taken."""
    set_limits(workspace, {"max_position_notional": Decimal(1000)}, actor=user)
    answers: list[str | None] = []
    ready = threading.Barrier(2)

    def ask(number: int) -> None:
        try:
            ready.wait()
            answers.extend(codes(place([intent(number)])))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [None, "position_notional"]
    assert Order.objects.count() == 1
    assert not Position.objects.exists()


def test_books_of_different_bots_do_not_see_one_another(account, book, intent, user, workspace):
    other = open_book(account, name="Other", capital=Decimal(1000), actor=user)
    set_limits(workspace, {"max_position_notional": Decimal(1000)}, actor=user)
    theirs = replace(intent(2), book_id=other.pk)
    assert codes(place([intent(1), theirs])) == [None, None]
