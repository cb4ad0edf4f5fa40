"""Coupons: who may use one and for what, what it takes off, and never more often than it may be used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.billing.errors import CouponRefused
from apps.billing.models import Checkout, Coupon, CouponUse, PlanPrice
from apps.billing.services.coupons import coupon_for, discount_of, free_coupon, use_coupon
from tests.factories import UserFactory, workspace_of


def price(plan: str = "pro", currency: str = "USD") -> PlanPrice:
    return PlanPrice.objects.get(plan__code=plan, currency=currency, interval="month")


def coupon(**values) -> Coupon:
    given = {"code": "SPRING", "percent_off": 20, "duration": "once"} | values
    return Coupon.objects.create(**given)


def checkout(workspace, with_: Coupon, status: str = "open") -> Checkout:
    return Checkout.objects.create(
        workspace=workspace,
        gateway="stripe",
        purpose="plan",
        price=price(),
        coupon=with_,
        currency="USD",
        amount=2_320,
        status=status,
        expires_at=timezone.now() + timedelta(hours=1),
    )


@pytest.mark.parametrize("typed", ["SPRING", "spring", "  Spring "])
def test_it_is_found_however_it_is_typed(workspace, typed):
    spring = coupon()
    assert coupon_for(workspace, typed, price()) == spring


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"is_active": False}, "There is no coupon"),
        ({"code": "AUTUMN"}, "There is no coupon"),
        ({"ends_at": timezone.now() - timedelta(days=1)}, "ended on"),
        ({"plan_codes": ["enterprise"]}, "for enterprise, not for Pro"),
        ({"percent_off": None, "amount_off": 500, "currency": "IDR"}, "in IDR; the price is in USD"),
        ({"most_uses": 1, "uses": 1}, "as often as it could"),
    ],
)
def test_what_stands_against_it_is_said(workspace, values, why):
    coupon(**values)
    with pytest.raises(CouponRefused, match=why):
        coupon_for(workspace, "SPRING", price())


def test_a_workspace_uses_one_once(workspace):
    spring = coupon()
    checkout(workspace, spring, status="complete")
    with pytest.raises(CouponRefused, match="before"):
        coupon_for(workspace, "SPRING", price())
    assert coupon_for(workspace_of(UserFactory(), "free"), "SPRING", price()) == spring


@pytest.mark.parametrize(
    ("values", "amount", "off"),
    [
        ({"percent_off": 20}, 2_900, 580),  # 29.00 less a fifth
        ({"percent_off": 33}, 2_900, 957),  # 957.0
        ({"percent_off": 15}, 2_910, 437),  # 436.5, the half up
        ({"percent_off": 100}, 2_900, 2_900),
        ({"percent_off": None, "amount_off": 1_000, "currency": "USD"}, 2_900, 1_000),
        ({"percent_off": None, "amount_off": 5_000, "currency": "USD"}, 2_900, 2_900),
    ],
)
def test_what_it_takes_off(db, values, amount, off):
    assert discount_of(coupon(**values), amount) == off


def test_a_checkout_that_came_to_nothing_gives_it_back(workspace):
    spring = coupon(most_uses=1)
    waiting = checkout(workspace, spring)
    use_coupon(waiting)
    use_coupon(waiting)
    spring.refresh_from_db()
    assert spring.uses == 1
    other = workspace_of(UserFactory(), "free")
    with pytest.raises(CouponRefused):
        coupon_for(other, "SPRING", price())
    Checkout.objects.filter(pk=waiting.pk).update(status="expired")
    free_coupon(waiting)
    free_coupon(waiting)
    spring.refresh_from_db()
    assert spring.uses == 0
    assert coupon_for(other, "SPRING", price()) == spring


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_at_once_no_more_than_it_may_be_used():
    spring = coupon(most_uses=3)
    waiting = [checkout(workspace_of(UserFactory(), "free"), spring) for _ in range(8)]

    def attempt(one: Checkout) -> bool:
        try:
            use_coupon(one)
            return True
        except CouponRefused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(attempt, waiting))
    spring.refresh_from_db()
    assert (won.count(True), spring.uses, CouponUse.objects.count()) == (3, 3, 3)
