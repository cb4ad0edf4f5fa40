"""What tests of the ledger share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import User, Workspace
from apps.billing.choices import BucketSource
from apps.billing.models import CreditBucket
from apps.billing.services.credits import grant_credits, verify_credits
from tests.factories import UserFactory, workspace_of


@pytest.fixture
def purse(db: None) -> Workspace:
    """A workspace with 100 purchased credits."""
    return with_credits(100)


def with_credits(amount: int, source: BucketSource = BucketSource.PURCHASED, **more: Any) -> Workspace:
    workspace = workspace_of(UserFactory())
    give(workspace, amount, source, **more)
    return workspace


def give(
    workspace: Workspace, amount: int, source: BucketSource = BucketSource.PURCHASED, **more: Any
) -> CreditBucket:
    """Grant into a bucket of its own."""
    key = f"test:{workspace.pk}:{CreditBucket.objects.count()}"
    assert grant_credits(workspace, amount, key=key, source=source, actor=None, **more)
    return CreditBucket.objects.latest("id")


def balances(bucket: CreditBucket) -> tuple[int, int, int, int]:
    """Available, held, spent, expired."""
    bucket.refresh_from_db()
    return bucket.available, bucket.held, bucket.spent, bucket.expired


def staff() -> User:
    return UserFactory(is_staff=True)


@pytest.fixture
def whole() -> Iterator[None]:
    """After the test every balance is what the entries make."""
    yield
    assert verify_credits().faults == []


def statements(work: Any) -> int:
    """How many SQL statements `work` runs, savepoints left out."""
    count = 0

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += "SAVEPOINT" not in sql
        return execute(sql, params, many, context)

    with connection.execute_wrapper(run):
        work()
    return count
