"""Held before the work, settled after it: buckets in order, all or nothing, once for each key."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.billing.choices import BucketSource
from apps.billing.errors import InsufficientCredits, LedgerRefused
from apps.billing.models import CreditBucket, LedgerTransaction
from apps.billing.selectors.credits import available_of, credits_of, statement_of
from apps.billing.services.credits import (
    Lack,
    Need,
    Refund,
    hold_credits,
    hold_many,
    refund_many,
    release_many,
    settle_many,
)
from apps.billing.services.credits.holding import HOLD
from apps.billing.services.credits.writing import run
from tests.billing.credits.conftest import balances, give, statements, with_credits
from tests.factories import UserFactory, workspace_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("whole")]


def soon(days: int):
    return timezone.now() + timedelta(days=days)


def test_hold_settle_gives_back_what_it_did_not_cost(purse):
    bucket = CreditBucket.objects.get()
    assert hold_many([Need(purse.pk, "a", 30, "signals.firing:1")]).accepted == ["a"]
    assert balances(bucket) == (70, 30, 0, 0)
    assert settle_many([("a", 12)]) == ["a"]
    assert balances(bucket) == (88, 0, 12, 0)
    lines = [(t.kind, t.amount, t.change, t.balance, t.used) for t in statement_of(purse)]
    assert lines == [
        ("settle", 30, 18, 88, 12),
        ("hold", 30, -30, 70, 0),
        ("grant", 100, 100, 100, 0),
    ]
    assert [t.reference for t in statement_of(purse)][:2] == ["signals.firing:1"] * 2


def test_release_gives_back_all(purse):
    hold_many([Need(purse.pk, "a", 30)])
    assert release_many(["a"]) == ["a"]
    assert balances(CreditBucket.objects.get()) == (100, 0, 0, 0)
    assert statement_of(purse)[0].kind == "release"


def test_everything_twice_is_once(purse):
    for _ in range(2):
        assert hold_many([Need(purse.pk, "a", 30), Need(purse.pk, "a", 30)]).accepted == ["a"]
    assert settle_many([("a", 10)]) == ["a"]
    assert settle_many([("a", 10)]) == []
    assert settle_many([("a", 30)]) == []
    assert release_many(["a"]) == []
    assert refund_many([Refund("a", "a:refund", 4)]) == ["a:refund"]
    assert refund_many([Refund("a", "a:refund", 4)]) == []
    assert balances(CreditBucket.objects.get()) == (94, 0, 6, 0)
    assert hold_many([Need(purse.pk, "a", 30)]).accepted == ["a"], "a closed hold is not made again"
    assert LedgerTransaction.objects.count() == 4


def test_buckets_by_priority_then_by_expiry_and_back_to_where_they_came_from():
    """Worked by hand: 5 trial, 10 plan, 7 bonus that ends sooner, 7 bonus, 20 purchased."""
    workspace = workspace_of(UserFactory())
    purchased = give(workspace, 20, BucketSource.PURCHASED)
    later = give(workspace, 7, BucketSource.BONUS, expires_at=soon(60))
    sooner = give(workspace, 7, BucketSource.BONUS, expires_at=soon(30))
    plan = give(workspace, 10, BucketSource.PLAN, expires_at=soon(40))
    trial = give(workspace, 5, BucketSource.TRIAL, expires_at=soon(90))
    buckets = (trial, plan, sooner, later, purchased)
    assert [bucket.pk for bucket in credits_of(workspace).buckets] == [bucket.pk for bucket in buckets]

    hold_many([Need(workspace.pk, "a", 25)])
    assert [balances(bucket)[:2] for bucket in buckets] == [(0, 5), (0, 10), (0, 7), (4, 3), (20, 0)]
    settle_many([("a", 12)])
    assert [balances(bucket)[:3] for bucket in buckets] == [
        (0, 0, 5), (3, 0, 7), (7, 0, 0), (7, 0, 0), (20, 0, 0),
    ]  # fmt: skip
    # what was spent last comes back first: 6 of the plan's 7, then 1 more and 2 of the trial's
    refund_many([Refund("a", "r1", 6), Refund("a", "r2", 3)])
    assert [balances(bucket)[0] for bucket in buckets] == [2, 10, 7, 7, 20]
    assert [balances(bucket)[2] for bucket in buckets] == [3, 0, 0, 0, 0]


def test_all_or_nothing_and_the_cheapest_first():
    """10 credits: of holds of 8, 1, 4 and 3 the three cheap ones fit; 2 are left when the turn comes to the last."""
    workspace = with_credits(10)
    needs = [Need(workspace.pk, key, amount) for key, amount in (("h8", 8), ("h1", 1), ("h4", 4), ("h3", 3))]
    held = hold_many(needs)
    assert held.accepted == ["h1", "h4", "h3"]
    assert held.refused == {"h8": Lack(needed=8, available=2)}
    assert available_of(workspace) == 2
    assert not LedgerTransaction.objects.filter(key="h8").exists()


def test_one_workspace_never_pays_for_another(purse):
    poor = workspace_of(UserFactory())
    held = hold_many([Need(poor.pk, "poor", 1), Need(purse.pk, "rich", 1)])
    assert held.accepted == ["rich"]
    assert held.refused == {"poor": Lack(1, 0)}


def test_expired_credits_cannot_be_held(purse):
    give(purse, 40, BucketSource.BONUS, expires_at=soon(1))
    later = timezone.now() + timedelta(days=2)
    rows = run(HOLD, now=later, workspaces=[purse.pk], keys=["a"], amounts=[120], references=[""])
    assert rows == [("lacking", "a", 120, 100)]
    assert hold_many([Need(purse.pk, "a", 120)]).accepted == ["a"]


def test_refusal_tells_people_what_can_be_done(purse):
    with pytest.raises(InsufficientCredits) as caught:
        hold_credits(purse, 101, key="a")
    problem = caught.value.problem()
    assert (problem["status"], problem["code"]) == (402, "insufficient_credits")
    assert (problem["needed"], problem["available"]) == (101, 100)
    assert problem["link"] == "/settings/workspace/credits/"
    assert [option["plan"] for option in problem["options"]] == ["pro", "enterprise"]
    assert problem["options"][0]["monthly_credits"] == 1000
    assert problem["detail"] == (
        "This costs 101 credits and 100 are available. The Pro plan gives 1,000 a month."
    )
    assert LedgerTransaction.objects.count() == 1


def test_key_of_another_transaction_is_refused(purse):
    other = with_credits(10)
    hold_many([Need(purse.pk, "a", 3)])
    for need in (Need(other.pk, "a", 3), Need(purse.pk, "a", 4)):
        with pytest.raises(LedgerRefused, match="stands for another"):
            hold_many([Need(other.pk, "b", 1), need])
    assert not LedgerTransaction.objects.filter(key="b").exists()


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda: settle_many([("a", 3), ("b", 1)]), "No credits are held under the key 'b'"),
        (lambda: settle_many([("a", 6)]), "More than was held"),
        (lambda: refund_many([Refund("a", "r", 1)]), "not settled yet"),
        (lambda: refund_many([Refund("x", "r", 1)]), "No credits are held under the key 'r'"),
        (lambda: refund_many([Refund("done", "r", 3), Refund("done", "s", 3)]), "More than was held"),
        (lambda: refund_many([Refund("done", "a", 1)]), "stands for another"),
    ],
)
def test_contradictions_are_refused_and_change_nothing(purse, work, words):
    hold_many([Need(purse.pk, "a", 5), Need(purse.pk, "done", 5)])
    settle_many([("done", 5)])
    before = LedgerTransaction.objects.count()
    with pytest.raises(LedgerRefused, match=words):
        work()
    assert LedgerTransaction.objects.count() == before
    assert balances(CreditBucket.objects.get()) == (90, 5, 5, 0)


@pytest.mark.parametrize("amount", [0, -1, 10**13, True, 1.5])
def test_amounts_are_whole_and_positive(purse, amount):
    with pytest.raises(ValueError, match="whole numbers"):
        hold_many([Need(purse.pk, "a", amount)])


@pytest.mark.parametrize("key", ["", "a#b", "x" * 151, "a\0b"])
def test_keys_are_words_of_the_callers(purse, key):
    with pytest.raises(ValueError, match="a key has"):
        hold_many([Need(purse.pk, key, 1)])


def test_statements_do_not_grow_with_the_rows():
    workspaces = [with_credits(100) for _ in range(4)]

    def all_of(number: int) -> list[int]:
        keys = [f"{number}:{turn}" for turn in range(number)]
        needs = [Need(workspaces[turn % 4].pk, key, 2) for turn, key in enumerate(keys)]
        return [
            statements(lambda: hold_many(needs)),
            statements(lambda: settle_many([(key, 1) for key in keys])),
            statements(lambda: refund_many([Refund(key, f"r{key}", 1) for key in keys])),
        ]

    assert all_of(1) == all_of(40) == [2, 3, 3]


def test_nothing_asked_is_nothing_done():
    assert statements(lambda: (hold_many([]), settle_many([]), refund_many([]), release_many([]))) == 0
