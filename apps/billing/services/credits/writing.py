"""What all writers of the ledger share: the order in which they wait for each other, and their arguments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

MOST = 10**12  # of one amount: far from what a bigint holds, however many are added up
LONGEST_KEY = 150
LONGEST_REFERENCE = 120


def lock_workspaces(ids: Collection[int]) -> None:
    """Wait until nobody else moves credits of these workspaces, and keep others waiting until the transaction ends.

    Taken in the order of the ids, so that two callers never wait for each other. It is the lock of the workspace's own
    row, without its key: rows that point at the workspace can be inserted meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT id FROM accounts_workspace WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE)"
            " AS locked",
            [sorted(set(ids))],
        )


def run(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": timezone.now(), **values})
        return cursor.fetchall() if cursor.description else []


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Rows as one list a column, as `unnest` takes them."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def check_amount(amount: int, what: str, *, least: int = 1) -> None:
    """Raise ValueError for what no ledger could hold."""
    if not isinstance(amount, int) or isinstance(amount, bool) or not least <= amount <= MOST:
        raise ValueError(f"{what}: credits are whole numbers from {least} to {MOST}, not {amount!r}")


def check_key(key: str) -> None:
    """Raise ValueError for a key that could not be kept, or could be taken for one of ours."""
    if not 1 <= len(key) <= LONGEST_KEY or "#" in key or "\0" in key:
        raise ValueError(f"a key has 1 to {LONGEST_KEY} characters and no '#', not {key[:60]!r}")
