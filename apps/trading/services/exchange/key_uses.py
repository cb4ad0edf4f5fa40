"""Every use of an account's keys, counted: by key, purpose and day.

Counted when the call is over, so that no order waits for it. What an order is sent with stands in its own event, stored
before the request leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.trading.brokers.pool import Keys
from apps.trading.choices import KeyPurpose

COUNT = """
INSERT INTO trading_keyuse AS u (account_id, key_digest, ends_with, purpose, day, calls, failed, first_at, last_at)
VALUES (%s, %s, %s, %s, %s, 1, %s, %s, %s)
ON CONFLICT (account_id, key_digest, purpose, day) DO UPDATE
SET calls = u.calls + 1, failed = u.failed + EXCLUDED.failed, last_at = EXCLUDED.last_at
"""


@contextmanager
def counted(keys: Keys, purpose: KeyPurpose) -> Iterator[None]:
    """What is done inside is one use of the keys; it failed when it raises."""
    failed = 1
    try:
        yield
        failed = 0
    finally:
        count_use(keys, purpose, failed=failed)


def count_use(keys: Keys, purpose: KeyPurpose, *, failed: int = 0) -> None:
    now = timezone.now()
    row: list[Any] = [
        keys.account_id,
        keys.digest,
        keys.ends_with,
        purpose.value,
        now.date(),
        failed,
        now,
        now,
    ]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, row)
