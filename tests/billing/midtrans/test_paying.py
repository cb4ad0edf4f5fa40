"""From the checkout to the plan, over the real client and the played Midtrans."""

from __future__ import annotations

from itertools import permutations

import pytest
from django.utils import timezone

from apps.billing.choices import CheckoutStatus, PaymentStatus
from apps.billing.errors import GatewayRefused, GatewayUnreachable
from apps.billing.gateways.registry import gateway
from apps.billing.models import (
    Checkout,
    GatewayEvent,
    Invoice,
    Payment,
    Refund,
    Subscription,
    SubscriptionChange,
)
from apps.billing.selectors.credits import available_of
from apps.billing.services import checkouts
from deploy.sandbox.midtrans import Server
from tests.billing.midtrans.conftest import buy, buy_credits, send, work
from tests.factories import UserFactory, workspace_of


def test_a_plan_is_bought(midtrans: Server, shop, told):
    checkout = buy(shop)
    assert checkout.url.startswith(midtrans.url)
    told()
    shop.refresh_from_db()
    assert shop.plan_code == "free"  # nothing is given before it is paid

    midtrans.pay(checkout.url)
    told()
    shop.refresh_from_db()
    subscription = Subscription.objects.get(workspace=shop)
    payment = Payment.objects.get()
    checkout.refresh_from_db()
    assert (shop.plan_code, subscription.status, subscription.monthly_amount) == ("pro", "active", 45_000_000)
    assert (payment.amount, payment.currency, payment.status) == (45_000_000, "IDR", PaymentStatus.SUCCEEDED)
    assert (payment.subscription, payment.method) == (subscription, "Card 48111111-1114")
    assert checkout.status == CheckoutStatus.COMPLETE
    assert SubscriptionChange.objects.get().kind == "new"


def test_what_midtrans_is_asked(midtrans: Server, shop, settings):
    settings.SITE_URL = "https://app.example.com"
    checkout = buy(shop)
    (order,) = midtrans.books.orders.values()
    assert (order.order_id, order.gross_amount) == (str(checkout.uuid), 450_000)  # rupiah, without decimals
    assert order.notify_urls == ["https://app.example.com/billing/webhooks/midtrans/"]
    assert order.finish_url == f"http://testserver/back/{checkout.uuid}/"
    assert abs((order.expires_at - checkout.expires_at).total_seconds()) < 61


def test_a_refused_card_may_be_followed_by_another(midtrans: Server, shop, told):
    checkout = buy(shop)
    midtrans.pay(checkout.url, card="4911111111111113")
    told()
    checkout.refresh_from_db()
    failed = Payment.objects.get()
    assert (checkout.status, failed.status, failed.failure) == ("open", "failed", "Do not honour")
    midtrans.pay(checkout.url)
    told()
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["failed", "succeeded"]
    assert Invoice.objects.count() == 1


def test_a_transfer_is_paid_later(midtrans: Server, shop, told):
    checkout = buy(shop)
    midtrans.pay(checkout.url, method="bank_transfer")
    told()
    assert Payment.objects.get().status == PaymentStatus.PENDING
    assert not Subscription.objects.exists()
    midtrans.settle(str(checkout.uuid))
    told()
    payment = Payment.objects.get()
    assert (payment.status, payment.method) == (PaymentStatus.SUCCEEDED, "Bank transfer BCA")
    assert Subscription.objects.get().status == "active"


def test_a_challenged_card_gives_nothing_until_it_is_accepted(midtrans: Server, shop, told):
    checkout = buy(shop)
    midtrans.pay(checkout.url, card="4511111111111117")
    told()
    assert Payment.objects.get().status == PaymentStatus.PENDING
    midtrans.tell(midtrans.books.decide(str(checkout.uuid), True))
    told()
    assert Subscription.objects.get().status == "active"


def test_credits_are_bought_once_whatever_comes_twice(midtrans: Server, shop, told):
    before = available_of(shop)
    checkout = buy_credits(shop)
    midtrans.notifier.chaos.copies = 3
    midtrans.pay(checkout.url)
    midtrans.settle(str(checkout.uuid))
    told()
    checkouts.look_up(checkout)
    assert available_of(shop) - before == 1000
    assert (Payment.objects.count(), Invoice.objects.count()) == (1, 1)
    assert GatewayEvent.objects.count() == 2  # capture and settlement, each stored once


SEQUENCES = list(permutations(range(4)))


@pytest.mark.parametrize(
    "sequence", [pytest.param(SEQUENCES[n], marks=[] if n % 8 == 7 else pytest.mark.prove) for n in range(24)]
)
def test_every_order_of_the_notifications_ends_the_same(midtrans: Server, shop, sequence):
    """pending, settlement, partial refund, refund of the rest: each doubled, in every order."""
    checkout = buy(shop)
    midtrans.pay(checkout.url, method="gopay")
    midtrans.settle(str(checkout.uuid))
    for amount in (150_000, 300_000):
        midtrans.books.refund(str(checkout.uuid), {"amount": amount})
        midtrans.tell(midtrans.books.find(str(checkout.uuid)))
    bodies = midtrans.notifier.take()
    assert [body["transaction_status"] for body in bodies] == [
        "pending",
        "settlement",
        "partial_refund",
        "refund",
    ]
    for place in sequence:
        assert send(bodies[place]) == send(bodies[place]) == 200
        work()
    payment = Payment.objects.get()
    assert (payment.status, payment.refunded) == (PaymentStatus.SUCCEEDED, payment.amount)
    assert sorted(Refund.objects.values_list("amount", "status")) == [
        (15_000_000, "succeeded"),
        (30_000_000, "succeeded"),
    ]
    assert sorted(Invoice.objects.values_list("kind", "total")) == [
        ("credit_note", -30_000_000),
        ("credit_note", -15_000_000),
        ("invoice", 45_000_000),
    ]
    assert Subscription.objects.get().status == "active"


def test_a_wrong_signature_stores_nothing(midtrans: Server, shop):
    checkout = buy(shop)
    midtrans.pay(checkout.url)
    (body,) = midtrans.notifier.take()
    assert send(body | {"gross_amount": "1.00"}) == 400
    assert send({}) == 400
    assert not GatewayEvent.objects.exists()
    assert (
        send(body | {"transaction_status": "cancel"}) == 200
    )  # not signed, and not believed: the state is asked for
    work()
    assert Payment.objects.get().status == PaymentStatus.SUCCEEDED


def test_a_foreign_order_is_answered_and_left(midtrans: Server, db):
    order = midtrans.books.open(
        {"transaction_details": {"order_id": "other-shop-1", "gross_amount": 10}}, ["http://x"]
    )
    midtrans.pay(order.token)
    (body,) = midtrans.notifier.take()
    assert send(body) == 200
    assert not GatewayEvent.objects.exists()


def test_less_than_asked_for_gives_nothing(midtrans: Server, shop, told):
    checkout = buy(shop)
    midtrans.books.orders[checkout.url.rsplit("/", 1)[-1]].gross_amount = 1
    midtrans.pay(checkout.url)
    told()
    shop.refresh_from_db()
    assert shop.plan_code == "free"
    assert Payment.objects.get().amount == 100


def test_an_order_nobody_paid_expires(midtrans: Server, shop, told):
    checkout = buy(shop)
    Checkout.objects.filter(pk=checkout.pk).update(expires_at=timezone.now())
    checkouts.expire_checkouts()
    checkout.refresh_from_db()
    assert checkout.status == CheckoutStatus.EXPIRED


def test_an_outage_is_waited_for(midtrans: Server, shop, told):
    checkout = buy(shop)
    midtrans.pay(checkout.url)
    midtrans.faults.append(503)
    told()
    event = GatewayEvent.objects.get()
    assert (event.done_at, event.tries) == (None, 1)
    work()
    event.refresh_from_db()
    assert event.done_at is not None
    assert Subscription.objects.get().status == "active"


def test_errors_of_the_api_are_ours(midtrans: Server, shop, settings):
    midtrans.faults.append(500)
    with pytest.raises(GatewayUnreachable):
        buy(shop)
    settings.MIDTRANS_SERVER_KEY = "SB-Mid-server-wrong"
    with pytest.raises(GatewayRefused, match="unauthorized"):
        buy(shop)
    settings.MIDTRANS_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(GatewayUnreachable):
        buy(shop)
    assert set(Checkout.objects.values_list("status", flat=True)) == {CheckoutStatus.FAILED}


def test_without_a_key_it_is_off(settings):
    settings.MIDTRANS_SERVER_KEY = ""
    assert not gateway("midtrans").is_ready()


def test_two_workspaces_do_not_meet(midtrans: Server, shop, told):
    other = workspace_of(UserFactory(), "free")
    mine, theirs = buy(shop), buy(other)
    midtrans.pay(theirs.url)
    told()
    shop.refresh_from_db()
    other.refresh_from_db()
    assert (shop.plan_code, other.plan_code) == ("free", "pro")
    assert mine.uuid != theirs.uuid
