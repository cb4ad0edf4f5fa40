"""What a gateway says becomes what we hold: the last state stands, however it came, and the books follow it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Workspace
from apps.billing.choices import CheckoutPurpose, SubscriptionStatus
from apps.billing.gateways.states import (
    CheckoutState,
    InvoiceLineState,
    InvoiceState,
    PaymentState,
    RefundState,
    SubscriptionState,
)
from apps.billing.models import (
    Checkout,
    CreditPack,
    Invoice,
    LedgerTransaction,
    Payment,
    Plan,
    PlanPrice,
    Refund,
    Subscription,
    SubscriptionChange,
)
from apps.billing.selectors.credits import available_of, credits_of
from apps.billing.services.applying import apply_states, know_customer
from apps.billing.services.credits import Need, hold_many, settle_many, verify_credits
from tests.factories import UserFactory, workspace_of

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def buyer(db: None) -> Workspace:
    """A workspace on Free that Stripe knows as cus_1."""
    workspace = workspace_of(UserFactory())
    know_customer(workspace, "stripe", "cus_1")
    return workspace


def price_of(plan: str = "pro", interval: str = "month", amount: int = 2900) -> PlanPrice:
    of = Plan.objects.get(code=plan, is_current=True)
    return PlanPrice.objects.get_or_create(
        plan=of, currency="USD", interval=interval, defaults={"amount": amount, "seat_amount": 900}
    )[0]


def subscription(plan: str = "pro", status: str = "active", **changed: Any) -> SubscriptionState:
    state = SubscriptionState(
        external_id="sub_1",
        customer="cus_1",
        workspace="",
        price=price_of(plan).lookup_key,
        seats=3,
        status=status,
        started_at=NOW,
        period_start=NOW,
        period_end=NOW + 30 * DAY,
        currency="USD",
        monthly_amount=19900 if plan == "enterprise" else 2900,
        ended_at=NOW + DAY if status == "canceled" else None,
    )
    return replace(state, **changed)


def bought_credits(buyer: Workspace, amount: int = 1000, credits: int = 500) -> tuple[Checkout, PaymentState]:
    """A checkout of a pack and the payment that pays for it."""
    pack, _ = CreditPack.objects.get_or_create(
        code="test", currency="USD", defaults={"credits": credits, "amount": amount}
    )
    checkout = Checkout.objects.create(
        workspace=buyer, gateway="stripe", purpose=CheckoutPurpose.CREDITS, pack=pack, currency="USD",
        amount=amount, expires_at=NOW + DAY,
    )  # fmt: skip
    payment = PaymentState(
        external_id=f"pi_{checkout.pk}", customer="cus_1", purpose="credits", currency="USD", amount=amount,
        status="succeeded", made_at=NOW, paid_at=NOW, order=str(checkout.uuid), method="Visa 4242",
    )  # fmt: skip
    return checkout, payment


def refund(amount: int, number: int = 1, status: str = "succeeded") -> RefundState:
    return RefundState(external_id=f"re_{number}", amount=amount, status=status, made_at=NOW)


def plan_of(workspace: Workspace) -> tuple[str, int | None]:
    workspace.refresh_from_db()
    return workspace.plan_code, workspace.plan_version


def test_a_subscription_gives_the_version_that_was_bought(buyer):
    apply_states("stripe", [subscription()])
    assert plan_of(buyer) == ("pro", Plan.objects.get(code="pro").version)
    kept = Subscription.objects.get()
    assert (kept.seats, kept.status, kept.monthly_amount, kept.period_end) == (
        3,
        "active",
        2900,
        NOW + 30 * DAY,
    )


def test_the_month_s_credits_of_the_plan_come_with_it(buyer):
    apply_states("stripe", [subscription()])
    assert available_of(buyer) == Plan.objects.get(code="pro").monthly_credits


def test_a_workspace_that_the_gateway_alone_names_is_known_from_then_on(db):
    workspace = workspace_of(UserFactory())
    apply_states("stripe", [subscription(customer="cus_9", workspace=str(workspace.uuid))])
    apply_states("stripe", [subscription(customer="cus_9", status="canceled")])
    assert plan_of(workspace) == ("free", None)


@pytest.mark.parametrize(
    ("status", "plan"),
    [
        ("incomplete", "free"),
        ("trialing", "pro"),
        ("active", "pro"),
        ("past_due", "pro"),
        ("unpaid", "free"),
        ("paused", "free"),
        ("canceled", "free"),
        ("incomplete_expired", "free"),
    ],
)
def test_what_gives_the_plan(buyer, status, plan):
    apply_states("stripe", [subscription(status=status)])
    assert plan_of(buyer)[0] == plan


def test_overdue_since_the_first_time_it_was(buyer):
    apply_states("stripe", [subscription(status="past_due")])
    since = Subscription.objects.get().past_due_since
    apply_states("stripe", [subscription(status="past_due", seats=4)])
    assert since is not None
    assert Subscription.objects.get().past_due_since == since
    apply_states("stripe", [subscription()])
    assert Subscription.objects.get().past_due_since is None


STATES = st.lists(
    st.tuples(
        st.sampled_from(["pro", "enterprise"]),
        st.sampled_from([status.value for status in SubscriptionStatus]),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=STATES)
def test_whatever_was_told_before_the_last_state_stands_and_the_revenue_adds_up(buyer, told):
    Subscription.objects.all().delete()
    SubscriptionChange.objects.all().delete()
    for plan, status, seats in told:
        apply_states("stripe", [subscription(plan, status, seats=seats)])
    plan, status, seats = told[-1]
    kept = Subscription.objects.select_related("plan").get()
    assert (kept.plan.code, kept.status, kept.seats) == (plan, status, seats)
    gives = status in ("trialing", "active", "past_due")
    assert plan_of(buyer)[0] == (plan if gives else "free")
    brings = {"pro": 2900, "enterprise": 19900}[plan] if status in ("active", "past_due") else 0
    changes = SubscriptionChange.objects.order_by("id")
    assert sum(one.amount_after - one.amount_before for one in changes) == brings
    ends = [one.amount_after for one in changes]
    assert [one.amount_before for one in changes] == [0, *ends][
        : len(ends)
    ]  # each begins where the last ended


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        ([("pro", "incomplete"), ("pro", "active")], ["new"]),
        ([("pro", "trialing"), ("pro", "canceled")], []),
        ([("pro", "trialing"), ("pro", "active")], ["new"]),
        ([("pro", "active"), ("pro", "past_due"), ("pro", "active")], ["new"]),
        (
            [("pro", "active"), ("enterprise", "active"), ("pro", "active")],
            ["new", "expansion", "contraction"],
        ),
        ([("pro", "active"), ("pro", "canceled")], ["new", "churn"]),
        ([("pro", "active"), ("pro", "unpaid"), ("pro", "active")], ["new", "churn", "return"]),
    ],
)
def test_what_a_change_was_for_the_revenue(buyer, told, kinds):
    for plan, status in told:
        apply_states("stripe", [subscription(plan, status)])
    assert list(SubscriptionChange.objects.order_by("id").values_list("kind", flat=True)) == kinds


def test_a_second_subscription_takes_nothing_from_the_first(buyer):
    apply_states("stripe", [subscription()])
    apply_states("stripe", [subscription("enterprise", external_id="sub_2")])
    assert [one.external_id for one in Subscription.objects.all()] == ["sub_1"]
    assert plan_of(buyer)[0] == "pro"


def test_a_new_subscription_after_one_that_ended(buyer):
    apply_states("stripe", [subscription(), subscription(status="canceled")])
    apply_states("stripe", [subscription("enterprise", external_id="sub_2")])
    assert plan_of(buyer)[0] == "enterprise"
    apply_states("stripe", [subscription(status="canceled", seats=5)])  # the old one, told once more
    assert plan_of(buyer)[0] == "enterprise"


def test_bought_credits_come_once_and_never_expire(buyer):
    checkout, payment = bought_credits(buyer)
    for _ in range(3):
        apply_states(
            "stripe",
            [
                CheckoutState(
                    order=str(checkout.uuid), external_id="cs_1", status="complete", customer="cus_1"
                ),
                payment,
            ],
        )
    buckets = credits_of(buyer).buckets
    assert [(one.source, one.issued, one.expires_at) for one in buckets] == [("purchased", 500, None)]
    assert Payment.objects.get().status == "succeeded"


def test_a_payment_that_waits_and_fails_gives_nothing_and_one_that_succeeds_later_does(buyer):
    _, payment = bought_credits(buyer)
    for status, expected in [("pending", 0), ("failed", 0), ("succeeded", 500)]:
        apply_states("stripe", [replace(payment, status=status)])
        assert available_of(buyer) == expected


@pytest.mark.parametrize(
    ("refunds", "left"),
    [
        ([refund(1000)], 0),
        ([refund(250)], 375),  # a quarter of the price, a quarter of the credits
        ([refund(250), refund(500, 2)], 125),
        ([refund(333)], 334),  # 166.5 credits: the half stays with the buyer
        ([refund(1000, status="pending")], 500),
        ([refund(1000, status="failed")], 500),
    ],
)
def test_refunds_take_their_share_of_the_credits(buyer, refunds, left):
    _, payment = bought_credits(buyer)
    apply_states("stripe", [payment])
    for _ in range(2):
        apply_states("stripe", [replace(payment, refunds=tuple(refunds))])
    assert available_of(buyer) == left
    kept = Payment.objects.get()
    assert kept.refunded == sum(one.amount for one in refunds if one.status == "succeeded")
    assert Refund.objects.count() == len(refunds)
    assert not verify_credits().faults


def test_a_refund_takes_bought_credits_before_those_of_the_plan_and_never_more_than_there_are(buyer):
    apply_states("stripe", [subscription()])
    given = available_of(buyer)
    _, payment = bought_credits(buyer)
    apply_states("stripe", [payment])
    hold_many(
        [Need(buyer.pk, "work:1", given + 100)]
    )  # the plan's are spent first, then 100 that were bought
    settle_many([("work:1", given + 100)])
    apply_states("stripe", [replace(payment, refunds=(refund(1000),))])
    assert available_of(buyer) == 0
    taken = LedgerTransaction.objects.get(key__startswith="refund:")
    assert (taken.amount, taken.reference.split(":")[0]) == (400, "billing.refund")
    assert not verify_credits().faults


def test_an_invoice_of_the_gateway_is_copied_with_its_lines(buyer):
    state = InvoiceState(
        external_id="in_1", customer="cus_1", number="CW-0001", status="open", currency="USD", subtotal=2900,
        discount=290, tax=496, total=3106, issued_at=NOW,
        lines=(InvoiceLineState(text="Pro", amount=2000), InvoiceLineState(text="Seat", amount=900, quantity=1)),
    )  # fmt: skip
    apply_states("stripe", [state])
    apply_states("stripe", [replace(state, status="paid", paid_at=NOW)])
    kept = Invoice.objects.get()
    assert (kept.number, kept.status, kept.total) == ("CW-0001", "paid", 3106)
    assert [(line.text, line.amount) for line in kept.lines.all()] == [("Pro", 2000), ("Seat", 900)]


def test_what_is_nobody_s_is_left_alone(db):
    apply_states(
        "stripe",
        [
            CheckoutState(
                order="0b0a5c39-6e63-4a0a-9d55-6ad1a7c9f0e1", external_id="cs_9", status="complete"
            ),
            subscription(customer="cus_nobody"),
            PaymentState(
                external_id="pi_9",
                customer="cus_nobody",
                purpose="plan",
                currency="USD",
                amount=1,
                status="succeeded",
                made_at=NOW,
            ),
        ],
    )
    assert not Subscription.objects.exists()
    assert not Payment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_payment_told_by_two_connections_at_once_gives_its_credits_once():
    buyer = workspace_of(UserFactory())
    know_customer(buyer, "stripe", "cus_1")
    _, payment = bought_credits(buyer)

    def tell(_: int) -> None:
        try:
            apply_states("stripe", [payment])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(4)))
    assert available_of(buyer) == 500
    assert Payment.objects.count() == 1
