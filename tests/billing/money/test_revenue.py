"""Revenue against a table worked by hand, and its page in the admin."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.utils import timezone

from apps.billing.models import Plan, PlanPrice, Subscription, SubscriptionChange
from apps.billing.rules.revenue import Change, cohorts_of, months_of
from tests.factories import UserFactory, with_second_factor, workspace_of


def change(day: str, workspace: int, kind: str, before: int, after: int) -> Change:
    return Change(workspace, datetime.fromisoformat(day).replace(tzinfo=UTC), kind, before, after)


CHANGES = [
    change("2026-01-10", 1, "new", 0, 2900),
    change("2026-01-20", 2, "new", 0, 2900),
    change("2026-02-05", 1, "expansion", 2900, 19900),
    change("2026-02-20", 2, "churn", 2900, 0),
    change("2026-02-28T23:59", 3, "new", 0, 2900),
    change("2026-03-15", 2, "return", 0, 2900),
    change("2026-03-20", 1, "contraction", 19900, 2900),
]


@pytest.mark.parametrize("changes", [CHANGES, CHANGES[::-1]])
def test_months(changes: list[Change]):
    february, march, april = months_of(changes, first=date(2026, 2, 1), last=date(2026, 4, 1))
    assert (february.start, february.end, february.customers) == (5800, 22800, 2)
    assert {kind: amount for kind, amount in february.moved.items() if amount} == {
        "new": 2900,
        "expansion": 17000,
        "churn": -2900,
    }
    assert (february.churn, february.revenue_churn) == (0.5, 0.5)
    assert (march.start, march.end, march.customers) == (22800, 8700, 2)
    assert (march.moved["return"], march.moved["contraction"]) == (2900, -17000)
    assert (march.churn, march.revenue_churn) == (0, 17000 / 22800)
    assert (april.start, april.end, april.customers, april.churn) == (8700, 8700, 3, 0)


def test_nothing_sold_has_no_rates():
    (month,) = months_of([], first=date(2026, 2, 1), last=date(2026, 2, 1))
    assert (month.start, month.churn, month.revenue_churn) == (0, None, None)


def test_cohorts():
    january, february = cohorts_of(CHANGES, last=date(2026, 3, 1))
    assert (january.month, january.size, january.stayed) == (date(2026, 1, 1), 2, (2, 1, 2))
    assert (february.size, february.stayed) == (1, (1, 1))
    assert january.shares == (1, 0.5, 1)


@pytest.fixture
def sold(db):
    """Two workspaces on Pro, one of which is overdue, and a trial that brings nothing."""
    plan = Plan.objects.get(code="pro", is_current=True)
    price, _ = PlanPrice.objects.get_or_create(
        plan=plan, currency="USD", interval="month", defaults={"amount": 2900}
    )
    now = timezone.now()
    for number, status in enumerate(("active", "past_due", "trialing")):
        workspace = workspace_of(UserFactory(), "pro")
        trial = status == "trialing"
        Subscription.objects.create(
            workspace=workspace, gateway="" if trial else "stripe", external_id="" if trial else f"sub_{number}",
            plan=plan, price=None if trial else price, status=status, started_at=now,
            monthly_amount=0 if trial else 2900, currency="" if trial else "USD",
        )  # fmt: skip
        if not trial:
            SubscriptionChange.objects.create(
                workspace_id=workspace.pk, subscription_uuid="6f1f2a4c-0f4e-4a61-8d0c-6a7f8a3f0c11", at=now, kind="new",
                plan_after="pro", currency="USD", amount_before=0, amount_after=2900,
            )  # fmt: skip


def desk(**rights: bool) -> Client:
    """A browser of a member of staff."""
    browser, staff = Client(), UserFactory(is_staff=True, **rights)
    browser.force_login(staff)
    with_second_factor(browser, staff)
    return browser


def test_the_page_and_its_file(sold):
    browser = desk(is_superuser=True)
    page = browser.get("/admin/billing/subscriptionchange/revenue/").content.decode()
    for words in ("Revenue in USD", "USD\u00a058.00", "USD\u00a029.00", "100.0%", "The months as CSV"):
        assert words in page
    answer = browser.get("/admin/billing/subscriptionchange/revenue/?as=csv")
    lines = b"".join(answer.streaming_content).decode().split()
    assert len(lines) == 13
    assert lines[-1] == f"{timezone.now():%Y-%m},USD,0.00,58.00,0.00,0.00,0.00,0.00,58.00,0,2,0"


def test_only_staff_who_may_look(sold):
    browser = desk()
    assert browser.get("/admin/billing/subscriptionchange/revenue/").status_code == 403
    assert browser.get("/admin/billing/payment/1/refund/").status_code == 403
    assert browser.get("/admin/billing/invoice/1/pdf/").status_code == 403
