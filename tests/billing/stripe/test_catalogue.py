"""What is sold here is at Stripe under the same names, and what was sold stays as it was."""

from __future__ import annotations

import pytest

from apps.billing.errors import GatewayUnreachable
from apps.billing.gateways.registry import gateway
from apps.billing.models import Coupon, PlanPrice
from apps.billing.services.mirroring import catch_up_mirror, mirror_lately

pytestmark = pytest.mark.django_db


def prices_at_stripe(double) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for price in double.world.all("price"):
        found.setdefault(price["metadata"]["price"], []).append(price)
    return found


def test_a_sync_makes_each_thing_once(stripe_double, prices, pack):
    Coupon.objects.create(code="WELCOME", percent_off=25, duration="once")
    first = gateway("stripe").sync_catalogue()
    made = prices_at_stripe(stripe_double)
    assert first > 0
    assert gateway("stripe").sync_catalogue() == 0
    assert prices_at_stripe(stripe_double) == made
    price = prices["pro-month"]
    assert [one["lookup_key"] for one in made[price.lookup_key]] == [price.lookup_key]
    tiers = made[price.lookup_key][0]["_tiers"]
    assert [(one["up_to"], one["flat_amount"], one["unit_amount"]) for one in tiers] == [
        (3, 2900, None),
        (None, None, 900),
    ]
    assert made["credits-thousand-usd"][0]["unit_amount"] == 1000
    assert [one["percent_off"] for one in stripe_double.world.all("coupon")] == [25.0]


def test_other_amounts_are_a_new_price_and_the_old_one_is_put_aside(stripe_double, prices):
    gateway("stripe").sync_catalogue()
    price = prices["pro-month"]
    for amount in (3500, 2900):  # there and back: a price that was put aside is not taken out again
        PlanPrice.objects.filter(pk=price.pk).update(amount=amount)
        assert gateway("stripe").sync_catalogue() == 1
        known = prices_at_stripe(stripe_double)[price.lookup_key]
        sold = [one for one in known if one["active"]]
        assert [one["_tiers"][0]["flat_amount"] for one in sold] == [amount]
        assert [one["lookup_key"] for one in sold] == [price.lookup_key]
    assert len(prices_at_stripe(stripe_double)[price.lookup_key]) == 3


def test_what_is_not_sold_any_more_is_put_aside(stripe_double, prices):
    gateway("stripe").sync_catalogue()
    price = prices["pro-month"]
    PlanPrice.objects.filter(pk=price.pk).update(is_active=False)
    assert gateway("stripe").sync_catalogue() == 1
    assert [one["active"] for one in prices_at_stripe(stripe_double)[price.lookup_key]] == [False]


def test_a_checkout_needs_no_sync_before_it(buy, stripe_double):
    checkout = buy("pro-month")
    assert checkout.url.startswith(stripe_double.url)
    asked = stripe_double.requests.copy()
    buy("pro-month")
    new = stripe_double.requests - asked
    assert "GET /v1/prices" not in new, "what is known is not asked about"


def test_an_outage_is_tried_again_and_then_said(stripe_double, prices):
    stripe_double.outage(1)
    with pytest.raises(GatewayUnreachable, match="again"):
        gateway("stripe").sync_catalogue()
    assert gateway("stripe").sync_catalogue() > 0


def test_staffs_copy_follows_the_webhooks(buy, settle, stripe_double, buyer):
    from djstripe import models

    stripe_double.pay(buy("pro-month").external_id)
    assert mirror_lately() == 0
    settle()
    assert mirror_lately() >= 3
    held = models.Subscription.objects.get()
    assert held.stripe_data["status"] == "active"
    assert held.customer.metadata == {"workspace": str(buyer.uuid)}
    assert models.Charge.objects.get().stripe_data["amount"] == 2900
    models.Subscription.objects.all().delete()
    assert catch_up_mirror() > 3
    assert models.Subscription.objects.count() == 1
