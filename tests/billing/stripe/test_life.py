"""The life of a subscription at Stripe: bought, changed, unpaid, cancelled, ended; and what it leaves here."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from apps.billing.choices import CheckoutStatus, PaymentStatus, SubscriptionStatus
from apps.billing.errors import GatewayRefused
from apps.billing.gateways.registry import gateway
from apps.billing.gateways.states import PaymentState, SubscriptionState
from apps.billing.models import Coupon, Invoice, Payment, Refund, Subscription
from apps.billing.selectors.credits import available_of
from apps.billing.services import subscriptions as service
from deploy.sandbox.stripe.errors import CardError, StripeError

pytestmark = pytest.mark.django_db


def test_a_paid_checkout_becomes_a_subscription_an_invoice_and_a_payment(buy, settle, stripe_double, buyer):
    checkout = buy("pro-month", seats=5)
    assert checkout.amount == 2900 + 2 * 900
    stripe_double.pay(checkout.external_id)
    settle()
    checkout.refresh_from_db()
    buyer.refresh_from_db()
    subscription = Subscription.objects.get(workspace=buyer)
    payment = Payment.objects.get(workspace_id=buyer.pk)
    invoice = Invoice.objects.get(workspace_id=buyer.pk)
    assert checkout.status == CheckoutStatus.COMPLETE
    assert (subscription.status, subscription.seats, subscription.plan.code) == ("active", 5, "pro")
    assert (subscription.monthly_amount, subscription.currency) == (4700, "USD")
    assert buyer.plan_code == "pro"
    assert (payment.amount, payment.status, payment.method) == (4700, PaymentStatus.SUCCEEDED, "Visa 4242")
    assert payment.fee == 4700 * 29 // 1000 + 30  # the double keeps 2.9 % and 30 cents
    assert payment.subscription == subscription
    assert payment.invoice == invoice
    assert (invoice.total, invoice.status) == (4700, "paid")
    assert invoice.number.endswith("-0001")
    assert invoice.lines.get().amount == 4700


def test_a_declined_card_buys_nothing_and_the_next_try_does(buy, settle, stripe_double, buyer):
    checkout = buy("pro-month")
    with pytest.raises(CardError, match="declined"):
        stripe_double.pay(checkout.external_id, card="4000000000000002")
    settle()
    buyer.refresh_from_db()
    assert buyer.plan_code == "free"
    assert not Subscription.objects.exists()
    stripe_double.pay(checkout.external_id)
    settle()
    buyer.refresh_from_db()
    assert buyer.plan_code == "pro"


def test_credits_are_bought_once_with_an_invoice(buy, settle, stripe_double, buyer, pack):
    before = available_of(buyer)
    checkout = buy(pack)
    stripe_double.pay(checkout.external_id)
    events = stripe_double.take()
    settle(events)
    settle(events)
    payment = Payment.objects.get(workspace_id=buyer.pk)
    assert available_of(buyer) == before + 1000
    assert (payment.purpose, payment.checkout, payment.amount) == ("credits", checkout, 1000)
    assert payment.invoice is not None
    assert payment.invoice.total == 1000


def test_the_preview_is_what_the_change_costs(buy, settle, stripe_double, buyer, prices, user):
    """Half of a month of Pro for 29.00 goes back, half of one of Enterprise for 199.00 is charged."""
    stripe_double.pay(buy("pro-month").external_id)
    settle()
    held = Subscription.objects.get(workspace=buyer)
    half = (held.period_end - held.period_start) / 2
    stripe_double.advance(seconds=half.total_seconds())
    at = held.period_start + half
    preview = gateway("stripe").preview(held, prices["enterprise-month"], 10)
    assert preview.next_amount == 19900
    assert preview.next_at == held.period_end
    changed = gateway("stripe").change(held, prices["enterprise-month"], 10, shown_at=at)
    state = next(one for one in changed if isinstance(one, SubscriptionState))
    paid = next(one for one in changed if isinstance(one, PaymentState))
    assert state.price.startswith("enterprise-")
    assert paid.amount == (19900 - 2900) // 2
    # the preview asked for this machine's time, which is before the period's half in the double's
    assert preview.due_now == pytest.approx(17000, abs=5)


def test_a_change_is_applied_at_once_and_again_by_its_webhooks(
    buy, settle, stripe_double, buyer, prices, user
):
    stripe_double.pay(buy("pro-month").external_id)
    settle()
    shown = service.preview_change(buyer, prices["enterprise-month"])
    service.change_subscription(buyer, prices["enterprise-month"], actor=user, shown_at=shown.asked_at)
    buyer.refresh_from_db()
    assert buyer.plan_code == "enterprise"
    assert Payment.objects.latest("id").amount == shown.due_now
    counts = (Payment.objects.count(), Invoice.objects.count())
    settle()
    assert (Payment.objects.count(), Invoice.objects.count()) == counts == (2, 2)


def test_a_downgrade_leaves_credit_for_later_invoices(buy, settle, stripe_double, buyer, prices, user):
    stripe_double.pay(buy("enterprise-month").external_id)
    settle()
    shown = service.preview_change(buyer, prices["pro-month"])
    assert shown.due_now < 0
    service.change_subscription(buyer, prices["pro-month"], actor=user, shown_at=shown.asked_at)
    stripe_double.take()
    stripe_double.advance(days=32)
    settle()
    renewal = Invoice.objects.filter(workspace_id=buyer.pk).order_by("-issued_at", "-id").first()
    assert (renewal.total, renewal.status) == (2900, "paid")
    assert Payment.objects.count() == 1, "the credit pays the renewal, so no money moves"


def test_a_card_that_fails_at_renewal_is_overdue_then_over(buy, settle, stripe_double, buyer):
    stripe_double.pay(buy("pro-month").external_id, card="4000000000000341")
    settle()
    stripe_double.advance(seconds=seconds_left(buyer) + 60)
    settle()
    held = Subscription.objects.get(workspace=buyer)
    assert held.status == SubscriptionStatus.PAST_DUE
    assert held.past_due_since
    failed = Payment.objects.filter(status=PaymentStatus.FAILED).get()
    assert failed.failure == "Your card was declined."
    buyer.refresh_from_db()
    assert buyer.plan_code == "pro", "it is kept while Stripe tries again"
    stripe_double.advance(days=8)
    settle()
    held.refresh_from_db()
    buyer.refresh_from_db()
    assert held.status == SubscriptionStatus.CANCELED
    assert held.ended_at
    assert buyer.plan_code == "free"


def test_a_new_card_on_the_invoice_page_ends_the_delay(buy, settle, stripe_double, buyer):
    stripe_double.pay(buy("pro-month").external_id, card="4000000000000341")
    settle()
    stripe_double.advance(seconds=seconds_left(buyer) + 60)
    settle()
    invoice = Invoice.objects.get(status="open")
    answer = httpx.post(invoice.hosted_url, data={"card": "4242 4242 4242 4242"})
    assert answer.status_code == 303
    settle()
    held = Subscription.objects.get(workspace=buyer)
    assert held.status == SubscriptionStatus.ACTIVE
    assert held.past_due_since is None
    assert not Payment.objects.exclude(status=PaymentStatus.SUCCEEDED).exists(), "the same payment, now made"


def test_cancel_at_the_end_resume_and_cancel_again(buy, settle, stripe_double, buyer, user):
    stripe_double.pay(buy("pro-month").external_id)
    settle()
    service.cancel_subscription(buyer, actor=user, reason="Too dear")
    assert Subscription.objects.get().cancel_at_period_end
    service.resume_subscription(buyer, actor=user)
    assert not Subscription.objects.get().cancel_at_period_end
    service.cancel_subscription(buyer, actor=user)
    stripe_double.advance(seconds=seconds_left(buyer) + 60)
    settle()
    buyer.refresh_from_db()
    assert Subscription.objects.get().status == SubscriptionStatus.CANCELED
    assert buyer.plan_code == "free"


def test_money_given_back_is_in_the_books(buy, settle, stripe_double, buyer, pack):
    stripe_double.pay(buy(pack).external_id)
    settle()
    payment = Payment.objects.get()
    refund = Refund.objects.create(
        payment=payment, amount=400, status="pending", made_at=payment.made_at, reason="By accident"
    )
    first, again = (
        [one for one in gateway("stripe").refund(payment, refund) if isinstance(one, PaymentState)]
        for _ in range(2)
    )
    assert first == again, "the same refund, not a second one"
    settle()
    payment.refresh_from_db()
    refund.refresh_from_db()
    assert payment.refunded == 400
    assert (refund.status, Refund.objects.count()) == ("succeeded", 1)
    listed = list(
        gateway("stripe").listed(payment.made_at - timedelta(days=1), payment.made_at + timedelta(days=1))
    )
    assert [(one.kind, one.amount) for one in listed] == [("payment", 1000), ("refund", 400)]
    assert listed[0].external_id == payment.external_id
    assert listed[1].external_id == refund.external_id


def test_a_coupon_lowers_the_first_payment_and_not_the_monthly_revenue(buy, settle, stripe_double, buyer):
    Coupon.objects.create(code="WELCOME", percent_off=25, duration="once")
    checkout = buy("pro-month", coupon_code="welcome")
    assert checkout.amount == 2175
    stripe_double.pay(checkout.external_id)
    settle()
    assert Payment.objects.get().amount == 2175
    assert Invoice.objects.get().discount == 725
    assert Subscription.objects.get().monthly_amount == 2900


def test_a_coupon_for_ever_lowers_the_monthly_revenue(buy, settle, stripe_double, buyer):
    Coupon.objects.create(code="FRIEND", amount_off=900, currency="USD", duration="forever")
    stripe_double.pay(buy("pro-month", coupon_code="FRIEND").external_id)
    settle()
    assert Subscription.objects.get().monthly_amount == 2000


def test_a_year_is_worth_a_twelfth_a_month(buy, settle, stripe_double, buyer):
    stripe_double.pay(buy("pro-year", seats=4).external_id)
    settle()
    assert Subscription.objects.get().monthly_amount == 3167  # (290.00 + 90.00) / 12 = 31.666…


def test_a_closed_checkout_cannot_be_paid_and_a_paid_one_not_closed(buy, settle, stripe_double):
    first = buy("pro-month")
    second = buy("pro-month")  # closes the first
    first.refresh_from_db()
    assert first.status == CheckoutStatus.EXPIRED
    with pytest.raises(StripeError, match="expired"):
        stripe_double.pay(first.external_id)
    stripe_double.pay(second.external_id)
    with pytest.raises(GatewayRefused):
        gateway("stripe").close_checkout(second)


def seconds_left(workspace) -> float:
    """From now to the end of the period that is paid."""
    return (Subscription.objects.get(workspace=workspace).period_end - timezone.now()).total_seconds()
