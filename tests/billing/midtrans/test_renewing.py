"""Renewals, changes, refunds by staff, and the daily comparison, over the played Midtrans."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.billing.errors import BillingRefused, GatewayRefused, GatewayUnreachable
from apps.billing.models import (
    Checkout,
    Difference,
    Invoice,
    LedgerTransaction,
    Payment,
    Refund,
    Subscription,
)
from apps.billing.selectors.credits import available_of
from apps.billing.services import subscriptions
from apps.billing.services.reconciling import reconcile_all
from apps.billing.services.refunds import carry_out_waiting, refund_payment
from apps.billing.services.renewals import ask_for_renewals, change_by_order, move_on, planned_change
from apps.notifications.models import Notice
from deploy.sandbox.midtrans import Server
from tests.billing.midtrans.conftest import buy, buy_credits, price, work
from tests.factories import UserFactory, with_second_factor


@pytest.fixture
def subscribed(midtrans: Server, shop, told):
    """On Pro since now."""
    checkout = buy(shop)
    midtrans.pay(checkout.url)
    midtrans.settle(str(checkout.uuid))
    told()
    return Subscription.objects.get()


def pass_days(days: int) -> None:
    """As if everything had been paid so many days earlier."""
    for checkout in Checkout.objects.filter(status="complete"):
        checkout.completed_at -= timedelta(days=days)
        checkout.save()
    for subscription in Subscription.objects.all():
        subscription.period_start -= timedelta(days=days)
        subscription.period_end -= timedelta(days=days)
        subscription.save()


def test_the_next_period_is_asked_for_and_paid(midtrans: Server, shop, subscribed, told):
    assert ask_for_renewals() == 0
    pass_days(25)
    assert (ask_for_renewals(), ask_for_renewals()) == (1, 0)
    order = Checkout.objects.get(renews=subscribed)
    assert (order.amount, order.prolongs) == (45_000_000, True)
    assert Notice.objects.filter(event="billing.renewal.due").count() == 1
    before = Subscription.objects.get().period_end

    browser = Client()
    browser.force_login(shop.owner)
    (notice,) = Notice.objects.filter(event="billing.renewal.due")
    assert order.url in browser.get(notice.data["url"]).content.decode()
    midtrans.pay(order.url)
    told()
    subscription = Subscription.objects.get()
    assert 28 <= (subscription.period_end - before).days <= 31
    assert subscription.status == "active"
    assert sorted(Invoice.objects.values_list("series_number", flat=True)) == [1, 2]
    assert ask_for_renewals() == 0


def test_unpaid_it_is_overdue_and_then_over(midtrans: Server, shop, subscribed):
    pass_days(33)
    move_on()
    subscribed.refresh_from_db()
    shop.refresh_from_db()
    assert (subscribed.status, shop.plan_code) == ("past_due", "pro")
    ask_for_renewals()
    pass_days(7)
    move_on()
    subscribed.refresh_from_db()
    shop.refresh_from_db()
    assert (subscribed.status, shop.plan_code) == ("canceled", "free")
    assert not Checkout.objects.filter(status="open").exists()
    assert move_on() == 0


def test_whoever_paid_is_not_ended_though_nobody_told_us(midtrans: Server, subscribed):
    pass_days(26)
    ask_for_renewals()
    order = Checkout.objects.get(renews=subscribed)
    midtrans.pay(order.url)
    midtrans.notifier.take()  # lost on the way
    pass_days(14)
    move_on()
    subscribed.refresh_from_db()
    assert subscribed.status == "active"


def test_cancelled_it_ends_with_the_period_unless_resumed(midtrans: Server, shop, subscribed):
    subscriptions.cancel_subscription(shop, actor=shop.owner, reason="too dear")
    pass_days(25)
    assert ask_for_renewals() == 0
    subscriptions.resume_subscription(shop, actor=shop.owner)
    assert ask_for_renewals() == 1
    subscriptions.cancel_subscription(shop, actor=shop.owner)
    pass_days(7)
    move_on()
    subscribed.refresh_from_db()
    assert (subscribed.status, subscribed.ended_at) == ("canceled", subscribed.period_end)


def test_a_larger_plan_is_paid_for_the_rest_of_the_period(midtrans: Server, shop, subscribed, told):
    end = subscribed.period_end
    browser = Client()
    browser.force_login(shop.owner)
    wish = {"price": str(price("enterprise").uuid), "seats": ""}
    shown = browser.get("/settings/workspace/billing/plan/confirm/", wish)
    assert "Charged now" in shown.content.decode()
    answer = browser.post("/settings/workspace/billing/plan/confirm/", wish)
    order = Checkout.objects.get(renews=subscribed)
    assert answer["Location"] == f"/settings/workspace/billing/checkouts/{order.uuid}/?go=1"
    # at the very beginning nearly all of both prices is left: 3,000,000 less 450,000
    assert 254_900_000 < order.amount <= 255_000_000
    assert order.amount % 100 == 0
    subscribed.refresh_from_db()
    assert subscribed.plan.code == "pro"
    midtrans.pay(order.url)
    told()
    subscribed.refresh_from_db()
    assert (subscribed.plan.code, subscribed.period_end) == ("enterprise", end)
    assert Invoice.objects.order_by("-id")[0].lines.get().text.startswith("Change to Enterprise, monthly")


def test_a_smaller_plan_begins_with_the_next_period(midtrans: Server, shop, told):
    checkout = buy(shop, "enterprise")
    midtrans.pay(checkout.url)
    told()
    order = change_by_order(shop, price("pro"), actor=shop.owner)  # nothing to pay, and nothing changed yet
    subscription = Subscription.objects.get()
    assert (order.url, planned_change(subscription)) == ("", order)
    pass_days(25)
    assert ask_for_renewals() == 1
    order.refresh_from_db()
    assert (order.amount, Checkout.objects.count()) == (45_000_000, 2)
    midtrans.pay(order.url)
    told()
    shop.refresh_from_db()
    assert shop.plan_code == "enterprise"
    pass_days(7)
    move_on()
    shop.refresh_from_db()
    subscription.refresh_from_db()
    assert (shop.plan_code, subscription.monthly_amount) == ("pro", 45_000_000)
    with pytest.raises(BillingRefused, match="already"):
        change_by_order(shop, price("pro"), actor=shop.owner)


def test_staff_give_back_a_part_and_then_the_rest(midtrans: Server, shop, told, staff):
    checkout = buy_credits(shop)
    before = available_of(shop)
    midtrans.pay(checkout.url)
    midtrans.settle(str(checkout.uuid))
    told()
    payment = Payment.objects.get()
    refund_payment(payment, 5_000_000, reason="a third was not used", actor=staff)
    told()
    payment.refresh_from_db()
    assert (payment.refunded, available_of(shop) - before) == (5_000_000, 667)
    with pytest.raises(BillingRefused, match="100,000 can"):
        refund_payment(payment, 10_000_100, reason="too much", actor=staff)
    refund_payment(payment, 10_000_000, reason="the rest", actor=staff)
    assert sorted(Refund.objects.values_list("amount", "status", "asked_by_id")) == [
        (5_000_000, "succeeded", staff.pk),
        (10_000_000, "succeeded", staff.pk),
    ]
    assert Invoice.objects.filter(kind="credit_note").count() == 2


def test_a_charge_not_settled_goes_back_as_a_whole(midtrans: Server, shop, told, staff):
    midtrans.pay(buy_credits(shop).url)
    told()
    payment = Payment.objects.get()
    with pytest.raises(GatewayRefused, match="settled within a day"):
        refund_payment(payment, 100, reason="a little", actor=staff)
    refund_payment(payment, payment.amount, reason="all of it", actor=staff)
    told()
    payment.refresh_from_db()
    assert (payment.status, payment.refunded) == ("succeeded", payment.amount)
    assert sorted(Refund.objects.values_list("status", flat=True)) == ["failed", "succeeded"]
    assert sum(Invoice.objects.values_list("total", flat=True)) == 0


def test_a_refund_whose_answer_is_lost_is_made_once(midtrans: Server, shop, told, staff):
    checkout = buy_credits(shop)
    midtrans.pay(checkout.url)
    midtrans.settle(str(checkout.uuid))
    told()
    payment = Payment.objects.get()
    midtrans.faults.append(503)
    with pytest.raises(GatewayUnreachable):
        refund_payment(payment, 100, reason="one rupiah", actor=staff)
    refund = Refund.objects.get()
    midtrans.books.refund(str(checkout.uuid), {"amount": 1, "refund_key": str(refund.uuid)})  # it had arrived
    Refund.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert carry_out_waiting() == 1
    refund.refresh_from_db()
    assert refund.status == "succeeded"
    assert midtrans.books.find(str(checkout.uuid)).refunded == 1
    assert carry_out_waiting() == 0


def test_the_bank_may_refuse(midtrans: Server, shop, told, staff):
    checkout = buy_credits(shop)
    midtrans.pay(checkout.url)
    midtrans.settle(str(checkout.uuid))
    told()
    midtrans.books.refund_bank_says_no = True
    with pytest.raises(GatewayRefused, match="denied by the bank"):
        refund_payment(Payment.objects.get(), 100, reason="one rupiah", actor=staff)
    assert Refund.objects.get().status == "failed"


@pytest.fixture
def staff(db):
    return UserFactory(is_staff=True)


def tomorrow():
    return timezone.now() + timedelta(hours=2)


def open_kinds() -> set[str]:
    return set(Difference.objects.filter(closed_at=None).values_list("kind", flat=True))


def test_books_that_agree(midtrans: Server, shop, told, staff, settings):
    settings.STRIPE_KEY = settings.STRIPE_SECRET_KEY = ""
    checkout = buy_credits(shop)
    midtrans.pay(checkout.url)
    midtrans.settle(str(checkout.uuid))
    told()
    refund_payment(Payment.objects.get(), 100, reason="one rupiah", actor=staff)
    reports = {one.gateway: one for one in reconcile_all(tomorrow())}
    assert (reports["midtrans"].found, reports[""].found) == (0, 0)
    assert (reports["midtrans"].compared, reports[""].compared) == (2, 1)


def test_each_difference_is_found_and_ages(midtrans: Server, shop, told, settings):
    settings.STRIPE_KEY = settings.STRIPE_SECRET_KEY = ""
    first, second = buy_credits(shop), buy_credits(shop)
    for checkout in (first, second):
        midtrans.pay(checkout.url)
        midtrans.settle(str(checkout.uuid))
    told()
    # a webhook that was lost, a payment with a wrong amount, and one that the gateway never saw
    third = buy_credits(shop)
    midtrans.pay(third.url)
    midtrans.notifier.take()
    wrong, unseen = Payment.objects.order_by("id")
    Payment.objects.filter(pk=wrong.pk).update(amount=1)
    Payment.objects.filter(pk=unseen.pk).update(external_id="nobody knows", invoice=None)
    reconcile_all(tomorrow())
    assert open_kinds() == {
        "payment_missing", "payment_amount_differs", "payment_unknown_to_gateway", "invoice_differs", "invoice_missing",
    }  # fmt: skip
    seen = Difference.objects.get(kind="payment_amount_differs")
    assert (seen.ours, seen.theirs) == ("IDR 0.01 succeeded", "IDR 150,000 succeeded")

    Payment.objects.filter(pk=wrong.pk).update(amount=15_000_000)
    reconcile_all(tomorrow() + timedelta(days=1))
    assert open_kinds() == {"payment_missing", "payment_unknown_to_gateway", "invoice_missing"}
    old = Difference.objects.get(kind="payment_unknown_to_gateway")
    assert old.last_seen - old.first_seen >= timedelta(days=1)
    seen.refresh_from_db()
    assert seen.closed_at is not None


def test_credits_nobody_paid_for(midtrans: Server, shop, told, settings):
    settings.STRIPE_KEY = settings.STRIPE_SECRET_KEY = ""
    midtrans.pay(buy_credits(shop).url)
    told()
    work()
    Payment.objects.update(status="pending")
    reconcile_all(tomorrow())
    assert "credits_unpaid" in open_kinds()
    assert LedgerTransaction.objects.filter(key__startswith="purchase:").count() == 1


def test_a_gateway_that_is_away_is_said(midtrans: Server, shop, settings):
    settings.STRIPE_KEY = settings.STRIPE_SECRET_KEY = ""
    buy_credits(shop)
    midtrans.faults.append(500)
    report = reconcile_all(tomorrow())[0]
    assert report.trouble.startswith("Midtrans answered")


def test_staff_give_back_in_the_admin(midtrans: Server, shop, told):
    checkout = buy_credits(shop)
    midtrans.pay(checkout.url)
    midtrans.settle(str(checkout.uuid))
    told()
    browser, somebody = Client(), UserFactory(is_staff=True, is_superuser=True)
    browser.force_login(somebody)
    with_second_factor(browser, somebody)
    payment = Payment.objects.get()
    page = f"/admin/billing/payment/{payment.pk}/refund/"
    assert "IDR\u00a0150\u202f000 left" in browser.get(page).content.decode()
    too_much = browser.post(page, {"amount": "150001", "reason": "too much"})
    assert too_much.status_code == 422
    assert "IDR\u00a0150\u202f000 can be given back" in too_much.content.decode()
    assert browser.post(page, {"amount": "50000.00", "reason": "a third"}).status_code == 302
    payment.refresh_from_db()
    assert payment.refunded == 5_000_000
    listed = browser.get("/admin/billing/payment/").content.decode()
    assert "IDR\u00a050\u202f000" in listed
    note = Invoice.objects.get(kind="credit_note")
    assert browser.get(f"/admin/billing/invoice/{note.pk}/pdf/").content.startswith(b"%PDF")
    for name in ("invoice", "invoiceseries", "difference", "reconciliation", "taxrate", "subscriptionchange"):
        assert browser.get(f"/admin/billing/{name}/").status_code == 200
