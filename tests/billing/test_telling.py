"""What a workspace's owner is told about money, and how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.billing.gateways.states import PaymentState, RefundState, SubscriptionState
from apps.billing.models import GatewayCustomer, Plan, PlanPrice, Subscription
from apps.billing.services.applying import apply_states
from apps.billing.services.telling import remind
from apps.notifications.models import Notice
from tests.factories import UserFactory, workspace_of

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def workspace(db):
    workspace = workspace_of(UserFactory())
    GatewayCustomer.objects.create(workspace=workspace, gateway="stripe", external_id="cus_1")
    return workspace


@pytest.fixture
def state(workspace):
    plan = Plan.objects.get(code="pro", is_current=True)
    price, _ = PlanPrice.objects.get_or_create(
        plan=plan, currency="USD", interval="month", defaults={"amount": 2900, "seat_amount": 900}
    )
    return SubscriptionState(
        external_id="sub_1",
        customer="cus_1",
        workspace=str(workspace.uuid),
        price=price.lookup_key,
        seats=1,
        status="active",
        started_at=BEGAN,
        period_start=BEGAN,
        period_end=BEGAN + timedelta(days=31),
        currency="USD",
        monthly_amount=2900,
    )


@pytest.fixture
def payment():
    return PaymentState(
        external_id="pi_1",
        customer="cus_1",
        purpose="plan",
        currency="USD",
        amount=2900,
        status="succeeded",
        made_at=BEGAN,
        paid_at=BEGAN,
        method="Visa 4242",
        subscription="sub_1",
    )


def told(workspace):
    """Event and title of each notice, as they came."""
    assert {notice.person_id for notice in Notice.objects.all()} <= {workspace.owner_id}
    return [(notice.event, notice.data["title"]) for notice in Notice.objects.order_by("id")]


def test_a_subscription_from_its_beginning_to_its_end_tells_each_thing_once(workspace, state, payment):
    for _ in range(2):
        apply_states("stripe", [state, payment])
    assert told(workspace) == [
        ("billing.subscription.started", "Your workspace is on Pro"),
        ("billing.payment.received", "Payment of USD\u00a029.00 received"),
    ]
    assert "Pro until 1 April 2026" in Notice.objects.latest("id").data["text"]
    renewal = replace(
        payment, external_id="pi_2", status="failed", paid_at=None, failure="Your card was declined."
    )
    ended = replace(state, status="canceled", ended_at=BEGAN + timedelta(days=45))
    for _ in range(2):
        apply_states("stripe", [replace(state, status="past_due"), renewal])
    for _ in range(2):
        apply_states("stripe", [ended, replace(renewal, status="canceled")])
    assert told(workspace)[2:] == [
        ("billing.payment.failed", "The payment of USD\u00a029.00 failed"),
        ("billing.subscription.ended", "Your subscription of Pro has ended"),
    ]
    notice = Notice.objects.get(event="billing.payment.failed")
    assert notice.data["text"].startswith(
        "Your card was declined. Pro stays while the payment is tried again."
    )
    assert set(notice.deliveries.values_list("channel", flat=True)) == {"inbox", "email"}
    assert "The payment stayed overdue." in Notice.objects.latest("id").data["text"]


def test_a_refund_says_how_much_and_why(workspace, state, payment):
    refund = RefundState(
        external_id="re_1", amount=1000, status="succeeded", made_at=BEGAN, reason="As agreed"
    )
    for _ in range(2):
        apply_states("stripe", [state, replace(payment, refunds=(refund,))])
    assert told(workspace)[-1] == ("billing.payment.refunded", "USD\u00a010.00 were given back")
    assert Notice.objects.filter(event="billing.payment.refunded").count() == 1
    assert Notice.objects.latest("id").data["text"].startswith("As agreed.")


def test_an_overdue_payment_is_told_of_on_days_1_3_5_and_7(workspace, state):
    apply_states("stripe", [replace(state, status="past_due")])
    Notice.objects.all().delete()
    Subscription.objects.update(past_due_since=BEGAN)
    reminded = [hour for hour in range(24 * 9) if remind(BEGAN + timedelta(hours=hour, minutes=1))]
    assert reminded == [24, 72, 120, 168]
    assert {title for _, title in told(workspace)} == {"A payment for Pro is overdue"}


def test_a_round_that_was_missed_is_made_up_for_once(workspace, state):
    apply_states("stripe", [replace(state, status="past_due")])
    Subscription.objects.update(past_due_since=BEGAN)
    assert remind(BEGAN + timedelta(days=6)) == 1
    assert remind(BEGAN + timedelta(days=6, hours=1)) == 0


def test_a_trial_is_told_of_three_days_before_its_end(workspace, state):
    end = BEGAN + timedelta(days=14)
    apply_states("stripe", [replace(state, status="trialing", trial_end=end)])
    assert remind(end - timedelta(days=3, minutes=1)) == 0
    assert remind(end - timedelta(days=3)) == 1
    assert remind(end - timedelta(days=2)) == 0
    assert remind(end + timedelta(days=1)) == 0
    notice = Notice.objects.latest("id")
    assert notice.data["title"] == "Your trial of Pro ends on 15 March"
    assert notice.data["text"] == "Then the plan is charged for the first time."
