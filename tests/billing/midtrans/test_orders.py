"""The subscription that paid orders make, against days worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from apps.billing.gateways.midtrans.orders import Course, PaidOrder, course_of


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def order(
    paid: str,
    number: int,
    price: str = "pro",
    interval: str = "month",
    *,
    changes: bool = False,
    seats: int = 1,
):
    return PaidOrder(day(paid), number, price, interval, seats, prolongs=not changes)


def at(now: str, *orders: PaidOrder, **more) -> Course:
    found = course_of(orders, now=day(now), **more)
    assert found
    return found


FIRST = order("2026-01-31", 1)


def test_nothing_paid_is_nothing():
    assert course_of([], now=day("2026-01-01")) is None


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("2026-01-31", "active"),
        ("2026-02-27T23:59", "active"),
        ("2026-02-28", "past_due"),
        ("2026-03-06T23:59", "past_due"),
        ("2026-03-07", "canceled"),
    ],
)
def test_one_month_and_a_week_of_grace(now: str, status: str):
    course = at(now, FIRST)
    assert course.status == status
    assert course.paid_until == day("2026-02-28")
    assert course.ended_at == (day("2026-03-07") if status == "canceled" else None)


def test_renewed_in_time_the_day_of_the_month_comes_back():
    course = at("2026-02-25", FIRST, order("2026-02-22", 2))
    assert (course.now.start, course.now.end, course.paid_until) == (
        day("2026-01-31"),
        day("2026-02-28"),
        day("2026-03-31"),
    )
    assert course.is_paid_ahead
    assert at("2026-03-01", FIRST, order("2026-02-22", 2)).now.start == day("2026-02-28")


def test_renewed_during_grace_no_day_is_given_away():
    course = at("2026-03-05", FIRST, order("2026-03-05", 2))
    assert (course.status, course.paid_until) == ("active", day("2026-03-31"))


def test_paid_after_the_grace_it_begins_anew():
    course = at("2026-03-20", FIRST, order("2026-03-20", 2))
    assert (course.status, course.paid_until) == ("active", day("2026-04-20"))


def test_a_larger_plan_keeps_the_period():
    change = order("2026-02-10", 2, "enterprise", changes=True, seats=4)
    before, after = at("2026-02-09", FIRST), at("2026-02-10", FIRST, change)
    assert (before.now.price, after.now.price, after.now.seats) == ("pro", "enterprise", 4)
    assert after.paid_until == before.paid_until


def test_another_interval_begins_anew():
    course = at("2026-02-10", FIRST, order("2026-02-10", 2, "pro-year", "year", changes=True))
    assert (course.now.start, course.paid_until) == (day("2026-02-10"), day("2027-02-10"))


def test_a_smaller_plan_begins_with_the_next_period():
    smaller = order("2026-02-22", 2, "small")
    assert at("2026-02-27", FIRST, smaller).now.price == "pro"
    assert at("2026-02-28", FIRST, smaller).now.price == "small"


def test_cancelled_it_ends_with_the_period_or_at_once():
    assert at("2026-02-27", FIRST, ends_with_period=True).status == "active"
    over = at("2026-02-28", FIRST, ends_with_period=True)
    assert (over.status, over.ended_at) == ("canceled", day("2026-02-28"))
    stopped = at("2026-02-05", FIRST, ended_at=day("2026-02-04"))
    assert (stopped.status, stopped.ended_at) == ("canceled", day("2026-02-04"))
    assert at("2026-02-06", FIRST, order("2026-02-06", 2), ended_at=day("2026-02-04")).status == "active"


def test_every_order_of_the_orders_is_one():
    orders = [
        FIRST,
        order("2026-02-10", 2, "enterprise", changes=True),
        order("2026-02-25", 3, "enterprise"),
        order("2026-03-20", 4, "pro-year", "year", changes=True),
    ]
    assert len({at("2026-04-01", *some) for some in permutations(orders)}) == 1
