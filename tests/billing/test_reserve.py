"""Quotas: never exceeded, given back when the work was not done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.billing.errors import NotInPlan, QuotaExceeded
from apps.billing.models import MeterUsage
from apps.billing.services import allows, release, reserve, settle
from tests.factories import UserFactory, workspace_of


@pytest.fixture
def free(db):
    return workspace_of(UserFactory(), "free")


@pytest.mark.parametrize(
    ("plan", "capability", "expected"),
    [
        ("free", "can.trade_live", False),
        ("pro", "can.trade_live", True),
        ("free", "can.run_bots", True),
        ("free", "can.send_webhooks", False),
        ("pro", "can.use_sso", False),
        ("enterprise", "can.manage_users", True),
    ],
)
def test_capabilities_by_plan(db, plan, capability, expected):
    assert allows(workspace_of(UserFactory(), plan), capability) is expected


def test_second_backtest_of_the_day_is_refused_with_reset(free):
    reserve(free, "backtests", key="a")
    with pytest.raises(QuotaExceeded) as caught:
        reserve(free, "backtests", key="b")
    assert caught.value.status == 402
    assert caught.value.extra["limit"] == 1
    assert caught.value.extra["resets_on"]


def test_same_key_reserves_once(free):
    assert reserve(free, "backtests", key="a") == reserve(free, "backtests", key="a")
    assert MeterUsage.objects.get().reserved == 1


def test_release_gives_back_and_settle_uses(free):
    reserve(free, "backtests", key="a")
    release("a")
    release("a")
    reserve(free, "backtests", key="b")
    settle("b")
    settle("b")
    release("b")
    usage = MeterUsage.objects.get()
    assert (usage.used, usage.reserved) == (1, 0)


def test_meter_outside_the_plan(free):
    with pytest.raises(NotInPlan):
        reserve(free, "satellites", key="a")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_concurrent_reservations_never_exceed_the_limit():
    workspace = workspace_of(UserFactory(), "pro")

    def attempt(number: int) -> bool:
        try:
            reserve(workspace, "backtests", key=f"k{number}")
            return True
        except QuotaExceeded:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        won = sum(pool.map(attempt, range(70)))
    assert won == 50
    assert MeterUsage.objects.get().reserved == 50
