"""Plans change by versions: who bought one keeps it, everybody else follows, and each question asks the right one."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.backtests.services.jobs import queue_key_of
from apps.billing.errors import BillingRefused, QuotaExceeded
from apps.billing.models import Plan, PlanPrice
from apps.billing.selectors import limit_of, plan_of, terms_of
from apps.billing.selectors.credits import credits_of, larger_plans
from apps.billing.services import allows, reserve
from apps.billing.services.credits import grant_plan_credits
from apps.billing.services.revising import FIELDS, NewLimit, NewPrice, revise_plan
from apps.journal.models import Entry
from apps.signals.models import Signal
from apps.signals.retention import signals_beyond_plan
from tests.accounts.staff.test_admin import staff_client
from tests.factories import UserFactory, workspace_of

PRICES = [NewPrice("USD", "month", 3_900, 900)]


def revised(code: str = "pro", **changes) -> Plan:
    """The next version: as it is, but for these limits and values."""
    plan = Plan.objects.get(code=code, is_current=True)
    limits = {row.meter: NewLimit(row.amount, row.period) for row in plan.limits.all()}
    limits |= changes.pop("limits", {})
    prices = changes.pop("prices", PRICES)
    values = {name: getattr(plan, name) for name in FIELDS} | changes
    return revise_plan(code, values=values, limits=limits, prices=prices, actor=None)


@pytest.fixture
def keeping(db) -> Workspace:
    """A workspace that bought version 1 of Pro."""
    found = workspace_of(UserFactory(), "pro")
    Workspace.objects.filter(pk=found.pk).update(plan_version=1)
    found.refresh_from_db()
    return found


@pytest.fixture
def following(db) -> Workspace:
    return workspace_of(UserFactory(), "pro")


def test_who_bought_a_version_keeps_it(keeping, following):
    made = revised(
        limits={"backtests": NewLimit(1, "month")},
        capabilities=["can.run_bots"],
        monthly_credits=2_000,
        rank=9,
        signal_days=3,
    )
    assert (made.version, made.is_current) == (2, True)
    assert plan_of(keeping).version == 1
    assert plan_of(following).version == 2
    assert limit_of(keeping, "backtests").amount == 50
    assert limit_of(following, "backtests").amount == 1
    assert allows(keeping, "can.trade_live")
    assert not allows(following, "can.trade_live")
    assert (terms_of(keeping).version, terms_of(following).version) == (1, 2)
    assert queue_key_of(following) < queue_key_of(keeping)  # rank 9 goes before rank 2
    reserve(following, "backtests", key="a")
    with pytest.raises(QuotaExceeded):
        reserve(following, "backtests", key="b")
    for number in range(2):
        reserve(keeping, "backtests", key=f"k{number}")
    for workspace, credits in ((keeping, 1_000), (following, 2_000)):
        grant_plan_credits(only=workspace)
        assert credits_of(workspace).available == credits


def test_signals_are_kept_as_long_as_the_version_says(keeping, following):
    revised(signal_days=3)
    sql = str(Signal.objects.filter(signals_beyond_plan()).query)
    assert sql.count("plan_version") >= 4, "each version has its own end"


def test_old_prices_are_sold_no_more(db):
    revised()
    assert not PlanPrice.objects.filter(plan__code="pro", plan__version=1, is_active=True).exists()
    (price,) = PlanPrice.objects.filter(plan__code="pro", plan__version=2)
    assert (price.lookup_key, price.amount) == ("pro-v2-month-usd", 3_900)


def test_what_changes_nothing_makes_no_version(db):
    first = revised()
    assert revised() == first
    assert Plan.objects.filter(code="pro").count() == 2


def test_the_journal_says_what_changed(db):
    revised(monthly_credits=1_500)
    entry = Entry.objects.get(action="billing.plan.revised")
    assert entry.changes["monthly_credits"] == [1_000, 1_500]
    assert entry.changes["version"] == 2
    assert "name" not in entry.changes


def test_a_second_factor_begins_for_those_who_follow(keeping, following):
    Plan.objects.filter(code="pro").update(requires_mfa=False)
    Workspace.objects.update(plan_mfa_from=None)
    revised(requires_mfa=True)
    following.refresh_from_db()
    keeping.refresh_from_db()
    assert following.plan_mfa_from is not None
    assert following.plan_mfa_from > timezone.now()
    assert keeping.plan_mfa_from is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"capabilities": ["can.fly"]}, "capabilities"),
        ({"limits": {"Bots": NewLimit(1, "month")}}, "limits"),
        ({"limits": {"bots": NewLimit(1, "week")}}, "limits"),
        ({"prices": [NewPrice("usd", "month", 1, None)]}, "prices"),
        ({"prices": [NewPrice("USD", "month", 0, None)]}, "prices"),
        ({"prices": [NewPrice("USD", "year", 5, None)] * 2}, "prices"),
    ],
)
def test_what_cannot_stand_in_a_plan(db, changes, field):
    with pytest.raises(BillingRefused) as caught:
        revised(**changes)
    assert caught.value.field == field
    assert Plan.objects.filter(code="pro").count() == 1


def test_larger_plans_are_those_sold_now(keeping):
    revised("enterprise", is_offered=False)
    assert larger_plans(keeping) == []


def test_bought_seats_count(keeping):
    plan = plan_of(keeping)
    price = plan.prices.get(currency="USD", interval="month")
    keeping.subscriptions.create(
        gateway="stripe",
        external_id="sub_1",
        plan=plan,
        price=price,
        seats=8,
        status="active",
        started_at=timezone.now(),
    )
    assert limit_of(keeping, "seats").amount == 8  # 5 are in Pro


def test_staff_make_a_version_in_the_admin(db):
    plan = Plan.objects.get(code="pro")
    page = f"/admin/billing/plan/{plan.pk}/change/"
    _, client = staff_client(is_superuser=True)
    answer = client.get(page)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    sent = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    sent = {name: value for name, value in sent.items() if value is not False}
    for inline in answer.context["inline_admin_formsets"]:
        formset = inline.formset
        sent |= {f"{formset.prefix}-{key}": value for key, value in formset.management_form.initial.items()}
        for row in formset.forms:
            for name, field in row.fields.items():
                value = row.get_initial_for_field(field, name)
                sent[row.add_prefix(name)] = "" if value is None else getattr(value, "pk", value)
    sent["monthly_credits"] = "1234"
    answer = client.post(page, sent)
    assert answer.status_code == 302, answer.context and answer.context["errors"]
    made = Plan.objects.get(code="pro", is_current=True)
    assert (made.version, made.monthly_credits, made.prices.count()) == (2, 1234, 4)
    assert set(made.capabilities) == set(plan.capabilities)
    assert set(made.prices.values_list("currency", "interval", "amount", "seat_amount")) == set(
        plan.prices.values_list("currency", "interval", "amount", "seat_amount")
    )
    assert {row.meter: row.amount for row in made.limits.all()} == {
        row.meter: row.amount for row in plan.limits.all()
    }
    plan.refresh_from_db()
    assert (plan.monthly_credits, plan.is_current, plan.limits.count()) == (1_000, False, made.limits.count())
    assert client.post(page, sent).status_code == 403  # an old version is only looked at
