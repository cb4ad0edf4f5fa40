"""A hundred spenders at once on connections of their own, and processes killed between hold and settlement."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from django.db import connection, transaction

from apps.billing.choices import BucketSource
from apps.billing.models import CreditBucket, LedgerTransaction
from apps.billing.selectors.credits import credits_of
from apps.billing.services.credits import (
    Need,
    Refund,
    adjust_credits,
    grant_plan_credits,
    hold_many,
    refund_many,
    settle_many,
    verify_credits,
)
from tests.billing.credits.conftest import give, staff, with_credits
from tests.factories import UserFactory, workspace_of

pytestmark = pytest.mark.django_db(transaction=True)
SPENDERS = 100
CONNECTIONS = 20  # at a time: the server of the tests allows no more than 100 to everybody
KILLS = 100 if os.environ.get("PROVE") else 10


def at_once(work: Callable[[int], object], times: int) -> list[object]:
    """`work(number)` from many threads, each with a connection of its own."""

    def run(number: int) -> object:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(run, range(times)))


def test_a_hundred_spenders_never_overdraw():
    """130 credits in three buckets, 100 spenders of 3: 43 are served, 1 credit is left."""
    workspace = with_credits(50, BucketSource.PLAN)
    give(workspace, 7, BucketSource.BONUS)
    give(workspace, 73, BucketSource.PURCHASED)

    def spend(number: int) -> bool:
        held = hold_many([Need(workspace.pk, f"k{number}", 3)])
        if held.accepted:
            settle_many([(f"k{number}", 3)])
        return bool(held.accepted)

    assert sum(at_once(spend, SPENDERS)) == 43
    credits = credits_of(workspace)
    assert (credits.available, credits.held) == (1, 0)
    assert sum(CreditBucket.objects.values_list("spent", flat=True)) == 129
    assert verify_credits().faults == []


def test_the_same_keys_from_everywhere_count_once():
    workspace = with_credits(1000)

    def work(number: int) -> None:
        keys = [f"k{n}" for n in random.Random(number).sample(range(10), 10)]
        hold_many([Need(workspace.pk, key, 5) for key in keys])
        settle_many([(key, 4) for key in keys])
        refund_many([Refund(key, f"r{key}", 1) for key in keys])

    at_once(work, 40)
    bucket = CreditBucket.objects.get()
    assert (bucket.available, bucket.held, bucket.spent) == (970, 0, 30)
    assert LedgerTransaction.objects.count() == 1 + 3 * 10
    assert verify_credits().faults == []


def test_many_workspaces_in_any_order_wait_without_deadlock():
    workspaces = [with_credits(100) for _ in range(6)]
    person = staff()

    def work(number: int) -> None:
        order = random.Random(number).sample(workspaces, 6)
        keys = [f"{number}:{workspace.pk}" for workspace in order]
        with transaction.atomic():
            hold_many([Need(each.pk, key, 2) for each, key in zip(order, keys, strict=True)])
        settle_many([(key, number % 3) for key in random.Random(number).sample(keys, 6)])
        if number % 5 == 0:
            adjust_credits(order[0], 1, reason="a test", actor=person)

    at_once(work, 40)
    assert verify_credits().faults == []
    assert sum(credits_of(each).held for each in workspaces) == 0


def test_plan_credits_are_granted_once_however_many_jobs_run():
    for _ in range(5):
        workspace_of(UserFactory(), "pro")
    granted = at_once(lambda _: grant_plan_credits(), 10)
    assert sum(granted) == 5 * 1000
    assert CreditBucket.objects.count() == 5


def test_a_hold_waits_for_the_one_before_and_sees_what_it_left():
    """Without the lock the second would count with credits that the first has taken."""
    workspace = with_credits(10)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert hold_many([Need(workspace.pk, "first", 8)]).accepted

            def second() -> object:
                try:
                    return hold_many([Need(workspace.pk, "second", 8)])
                finally:
                    connection.close()

            waiting = pool.submit(second)
            time.sleep(0.3)
            assert not waiting.done()
        held = waiting.result(timeout=20)
    assert held.refused["second"].available == 2


def killed(work: Callable[[], object], longest_s: float) -> None:
    """Run `work` in a process of its own and kill it at a random moment."""
    connection.close()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(random.uniform(0.01, longest_s))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_killed_between_hold_and_settlement():
    """Nothing half is left, nothing is lost: whoever goes on with the same keys settles each piece of work once."""
    workspaces = [with_credits(100_000) for _ in range(3)]
    numbers = count()

    def worker() -> None:
        start = next(numbers) * 1_000
        for step in range(1_000):
            key = f"job:{start + step}"
            hold_many([Need(each.pk, f"{key}:{each.pk}", 5) for each in workspaces])
            settle_many([(f"{key}:{each.pk}", 3) for each in workspaces])

    for _ in range(KILLS):
        killed(worker, 0.4)
        next(numbers)
    assert verify_credits().faults == []
    holds = LedgerTransaction.objects.filter(kind="hold")
    keys = list(holds.values_list("key", flat=True))
    assert len(keys) > KILLS, "the workers were killed before they did anything"
    assert len(keys) % 3 == 0, "a call is held whole or not at all"
    settle_many([(key, 3) for key in keys])
    for each in workspaces:
        credits = credits_of(each)
        assert (credits.available, credits.held) == (100_000 - 3 * len(keys) // 3, 0)
    assert verify_credits().faults == []
