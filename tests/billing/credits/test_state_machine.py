"""Any sequence of operations: the ledger says what a plain model of a few dictionaries says."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.billing.choices import BucketSource
from apps.billing.errors import LedgerRefused
from apps.billing.models import CreditBucket, LedgerTransaction
from apps.billing.selectors.credits import statement_of
from apps.billing.services.credits import (
    Need,
    Refund,
    adjust_credits,
    expire_credits,
    grant_credits,
    hold_many,
    refund_many,
    settle_many,
    verify_credits,
)
from tests.billing.credits.conftest import staff
from tests.factories import UserFactory, workspace_of

EXAMPLES, STEPS = (200, 60) if os.environ.get("PROVE") else (12, 25)
ORDER = {"trial": 10, "plan": 20, "bonus": 30, "purchased": 40}
FAR = datetime(2100, 1, 1, tzinfo=UTC)
amounts = st.integers(1, 30)
places = st.integers(0, 1)


class Ledger(RuleBasedStateMachine):
    """The model: buckets as dicts of accounts, holds as lists of (bucket, amount), one credit at a time."""

    @initialize()
    def begin(self) -> None:
        self.workspaces = [workspace_of(UserFactory()) for _ in range(2)]
        self.person = staff()
        self.buckets: list[dict] = []
        self.holds: dict[str, dict] = {}
        self.refunds: set[str] = set()
        self.number = 0

    def fresh(self, word: str) -> str:
        self.number += 1
        return f"{word}{self.workspaces[0].pk}:{self.number}"

    def usable(self, place: int) -> list[dict]:
        own = [b for b in self.buckets if b["place"] == place and not b["over"]]
        return sorted(own, key=lambda b: (ORDER[b["source"]], b["expires"] or FAR, b["pk"]))

    def take(self, place: int, amount: int, to: str) -> list[dict] | None:
        """Credit by credit from the first bucket that has one; None, with nothing taken, if there are too few."""
        if sum(b["available"] for b in self.usable(place)) < amount:
            return None
        taken = []
        for _ in range(amount):
            bucket = next(b for b in self.usable(place) if b["available"])
            bucket["available"] -= 1
            bucket[to] += 1
            taken.append(bucket)
        return taken

    @rule(
        place=places,
        amount=amounts,
        source=st.sampled_from(list(ORDER)),
        days=st.sampled_from([None, 3, 30, 60]),
    )
    def grant(self, place: int, amount: int, source: str, days: int | None) -> None:
        expires = datetime.now(UTC) + timedelta(days=days) if days else None
        key = self.fresh("grant")
        for first in (True, False):
            made = grant_credits(
                self.workspaces[place], amount, key=key, source=BucketSource(source), actor=None, expires_at=expires
            )  # fmt: skip
            assert made is first
        self.buckets.append(
            {"pk": CreditBucket.objects.latest("id").pk, "place": place, "source": source, "expires": expires,
             "over": False, "available": amount, "held": 0, "spent": 0, "expired": 0, "withdrawn": 0}
        )  # fmt: skip

    @rule(asked=st.lists(st.tuples(places, amounts), min_size=1, max_size=6))
    def hold(self, asked: list[tuple[int, int]]) -> None:
        wanted = [(self.fresh("hold"), place, amount) for place, amount in asked]
        held = hold_many([Need(self.workspaces[place].pk, key, amount) for key, place, amount in wanted])
        for key, place, amount in sorted(wanted, key=lambda row: row[2]):  # stable: the cheapest first
            taken = self.take(place, amount, "held")
            if taken is None:
                left = sum(b["available"] for b in self.usable(place))
                assert (held.refused[key].needed, held.refused[key].available) == (amount, left)
            else:
                assert key in held.accepted
                self.holds[key] = {"taken": taken, "cost": None, "spent": []}

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """Several at once; some settled before, which must change nothing."""
        if not self.holds:
            return
        keys = data.draw(st.lists(st.sampled_from(sorted(self.holds)), min_size=1, max_size=4, unique=True))
        costs = {key: data.draw(st.integers(0, len(self.holds[key]["taken"]))) for key in keys}
        fresh = {key for key in keys if self.holds[key]["cost"] is None}
        assert set(settle_many(costs.items())) == fresh
        for key in fresh:
            hold = self.holds[key]
            hold["cost"] = costs[key]
            for position, bucket in enumerate(hold["taken"]):
                bucket["held"] -= 1
                bucket["spent" if position < costs[key] else "available"] += 1
            hold["spent"] = hold["taken"][: costs[key]]

    @rule(data=st.data(), amount=st.integers(1, 12))
    def refund(self, data: st.DataObject, amount: int) -> None:
        """The credit that was spent last comes back first; never more than is left of the cost."""
        if not self.holds:
            return
        key = data.draw(st.sampled_from(sorted(self.holds)))
        refund = Refund(key, self.fresh("refund"), amount)
        spent = self.holds[key]["spent"]
        if amount > len(spent):
            with pytest.raises(LedgerRefused):
                refund_many([refund])
            return
        assert refund_many([refund]) == [refund.key]
        assert refund_many([refund]) == []
        for _ in range(amount):
            bucket = spent.pop()
            bucket["spent"] -= 1
            bucket["available"] += 1

    @rule(place=places, amount=st.integers(-20, 20).filter(bool))
    def adjust(self, place: int, amount: int) -> None:
        def work() -> None:
            adjust_credits(self.workspaces[place], amount, reason="put right", actor=self.person)

        if amount > 0:
            work()
            self.buckets.append(
                {"pk": CreditBucket.objects.latest("id").pk, "place": place, "source": "bonus", "expires": None,
                 "over": False, "available": amount, "held": 0, "spent": 0, "expired": 0, "withdrawn": 0}
            )  # fmt: skip
        elif self.take(place, -amount, "withdrawn") is None:
            with pytest.raises(LedgerRefused, match="are available to take away"):
                work()
        else:
            work()

    @rule()
    def expire(self) -> None:
        """As if ten days had passed, for the sweep alone: buckets of three days are over, and are used no more."""
        expire_credits(now=datetime.now(UTC) + timedelta(days=10))
        for bucket in self.buckets:
            if bucket["expires"] and bucket["expires"] < datetime.now(UTC) + timedelta(days=10):
                bucket["expired"] += bucket["available"]
                bucket["available"] = 0

    @invariant()
    def the_ledger_says_what_the_model_says(self) -> None:
        if not hasattr(self, "buckets"):
            return
        for bucket in self.buckets:
            row = CreditBucket.objects.values("available", "held", "spent", "expired", "withdrawn").get(
                pk=bucket["pk"]
            )
            assert row == {name: bucket[name] for name in row}
        for place, workspace in enumerate(self.workspaces):
            last = statement_of(workspace).first()
            available = sum(b["available"] for b in self.buckets if b["place"] == place)
            assert (last.balance if last else 0) == available

    def teardown(self) -> None:
        assert verify_credits().faults == []


@pytest.mark.django_db
def test_the_ledger_is_the_model():
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert LedgerTransaction.objects.exists()
