"""A workspace's own caps: told at the soft one, stopped at the hard one; 50, 80 and 100 % told once a period."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.billing.choices import BucketSource
from apps.billing.errors import BillingRefused, CapReached, InsufficientCredits, QuotaExceeded
from apps.billing.models import CapNotice, MeterCap, MeterUsage
from apps.billing.selectors import credits_spent, usage_of
from apps.billing.services import release, reserve, settle
from apps.billing.services.caps import set_cap, tell_of_limits
from apps.billing.services.credits import (
    Need,
    grant_credits,
    hold_credits,
    hold_many,
    refund_many,
    settle_many,
)
from apps.billing.services.credits import Refund as CreditRefund
from apps.journal.models import Entry
from apps.notifications.models import Notice


def told(workspace) -> list[str]:
    rows = Notice.objects.filter(workspace=workspace, event="billing.limit.near").order_by("id")
    return [row.data["title"] for row in rows]


def use(workspace, amount: int, start: int = 0) -> None:
    for number in range(start, start + amount):
        reserve(workspace, "backtests", key=f"b{number}")
        settle(f"b{number}")


def test_a_hard_cap_stops_before_the_plan_does(workspace, user):
    set_cap(workspace, "backtests", soft=None, hard=2, actor=user)
    use(workspace, 2)
    with pytest.raises(CapReached) as caught:
        reserve(workspace, "backtests", key="one more")
    assert (caught.value.status, caught.value.code, caught.value.extra["limit"]) == (402, "cap_reached", 2)
    assert caught.value.extra["link"] == "/settings/workspace/usage/"
    set_cap(workspace, "backtests", soft=None, hard=None, actor=user)
    reserve(workspace, "backtests", key="one more")
    assert not MeterCap.objects.exists()
    assert Entry.objects.filter(action="billing.cap.changed").count() == 2


def test_a_cap_above_the_plan_changes_nothing(workspace, user):
    set_cap(workspace, "backtests", soft=None, hard=60, actor=user)
    use(workspace, 50)
    with pytest.raises(QuotaExceeded) as caught:
        reserve(workspace, "backtests", key="one more")
    assert caught.value.code == "quota_exceeded"
    assert [one["plan"] for one in caught.value.extra["options"]] == ["enterprise"]


def test_a_cap_of_none_stops_at_once(workspace, user):
    set_cap(workspace, "bots", soft=None, hard=0, actor=user)
    with pytest.raises(CapReached):
        reserve(workspace, "bots", key="bot")


@pytest.mark.parametrize(
    ("meter", "soft", "hard", "field"),
    [
        ("satellites", 1, 2, "meter"),
        ("api_requests", 1, 2, "meter"),
        ("backtests", 3, 2, "soft"),
        ("backtests", -1, None, "soft"),
        ("backtests", None, 3_000_000_000, "hard"),
    ],
)
def test_what_is_no_cap(workspace, user, meter, soft, hard, field):
    with pytest.raises(BillingRefused) as caught:
        set_cap(workspace, meter, soft=soft, hard=hard, actor=user)
    assert caught.value.field == field
    assert not MeterCap.objects.exists()


def test_each_mark_is_told_once_and_the_most_pressing_of_several(workspace):
    use(workspace, 24)
    assert tell_of_limits() == 0
    use(workspace, 1, 24)
    assert tell_of_limits() == 1
    assert tell_of_limits() == 0
    use(workspace, 25, 25)  # past 80 to 100 at once
    assert tell_of_limits() == 1
    assert tell_of_limits() == 0
    assert told(workspace) == ["Backtests: 50 % used", "Backtests: all used"]
    assert set(CapNotice.objects.values_list("level", flat=True)) == {"50", "80", "100"}


def test_what_is_given_back_and_used_again_is_told_once(workspace):
    for number in range(25):
        reserve(workspace, "backtests", key=f"b{number}")
    assert tell_of_limits() == 1
    release("b0")
    assert tell_of_limits() == 0
    reserve(workspace, "backtests", key="again")
    assert tell_of_limits() == 0


def test_the_next_month_begins_anew(workspace):
    use(workspace, 25)
    assert tell_of_limits() == 1
    month = timezone.now().date().replace(day=1)
    following = (month + timedelta(days=32)).replace(day=1)
    MeterUsage.objects.create(workspace=workspace, meter="backtests", period_start=following, used=40)
    then = datetime(following.year, following.month, 5, tzinfo=UTC)
    assert tell_of_limits(then) == 1
    assert told(workspace) == ["Backtests: 50 % used", "Backtests: 80 % used"]


def test_a_soft_cap_tells_and_lets_pass(workspace, user):
    set_cap(workspace, "backtests", soft=2, hard=None, actor=user)
    use(workspace, 3)
    assert tell_of_limits() == 1
    assert told(workspace) == ["Backtests: 2 backtests reached"]
    set_cap(workspace, "backtests", soft=3, hard=None, actor=user)
    assert tell_of_limits() == 1  # another mark


def test_an_amount_of_a_day_is_told_only_where_it_is_capped(user):
    from tests.factories import workspace_of

    free = workspace_of(user, "free")
    use(free, 1)
    assert tell_of_limits() == 0  # one of one, each day
    set_cap(free, "backtests", soft=1, hard=None, actor=user)
    assert tell_of_limits() == 1


@pytest.fixture
def rich(workspace, user):
    grant_credits(workspace, 1_000, key="bought", source=BucketSource.PURCHASED, actor=user)
    return workspace


def test_a_cap_on_credits_is_one_on_what_a_month_spends(rich, user):
    set_cap(rich, "credits", soft=None, hard=100, actor=user)
    held = hold_many([Need(rich.pk, "a", 60), Need(rich.pk, "b", 50), Need(rich.pk, "c", 30)])
    assert held.accepted == ["b", "c"]  # the cheapest first
    assert held.refused["a"].available == 20
    settle_many([("b", 10)])
    assert credits_spent(rich) == 40
    assert hold_many([Need(rich.pk, "a", 60)]).accepted == ["a"]
    with pytest.raises(CapReached) as caught:
        hold_credits(rich, 1, key="d")
    assert caught.value.extra["limit"] == 100
    refund_many([CreditRefund("b", "b back", 10)])
    assert hold_many([Need(rich.pk, "e", 10)]).accepted == ["e"]
    assert tell_of_limits() == 1
    assert told(rich) == ["Credits: all used"]


def test_without_credits_it_is_not_the_cap_that_is_told(rich, user):
    set_cap(rich, "credits", soft=None, hard=5_000, actor=user)
    with pytest.raises(InsufficientCredits):
        hold_credits(rich, 1_500, key="a")


def test_what_was_spent_last_month_does_not_count(rich, user):
    from django.db import connection

    hold_credits(rich, 300, key="old")
    with connection.cursor() as cursor:  # the ledger lets nobody change a row
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE billing_ledgertransaction SET created_at = created_at - interval '40 days'")
        cursor.execute("SET session_replication_role = origin")
    set_cap(rich, "credits", soft=None, hard=100, actor=user)
    assert credits_spent(rich) == 0
    assert hold_many([Need(rich.pk, "a", 100)]).accepted == ["a"]


def test_the_usage_page_counts_everything(rich, user):
    set_cap(rich, "backtests", soft=5, hard=10, actor=user)
    use(rich, 3)
    hold_credits(rich, 7, key="x")
    found = {state.meter: state for state in usage_of(rich)}
    assert (found["backtests"].limit, found["backtests"].used, found["backtests"].left) == (50, 3, 7)
    assert (found["backtests"].percent, found["backtests"].is_capped) == (30, True)
    assert (found["seats"].used, found["seats"].limit) == (1, 5)
    assert (found["webhook_destinations"].used, found["bots"].used) == (0, 0)
    assert (found["credits"].used, found["credits"].left) == (7, None)
