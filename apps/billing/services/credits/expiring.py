"""Credits whose time is over leave the balance."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.billing.models import CreditBucket
from apps.billing.services.credits.writing import lock_workspaces, run
from apps.journal.services import record

BATCH = 2000
LATELY = timedelta(days=2)

# `expired` grows with each time a bucket expires, which makes the key another one: credits may come back to it later.
EXPIRE = """
WITH due AS (
    SELECT b.*, (sum(b.available) OVER (PARTITION BY b.workspace_id ORDER BY b.id ROWS UNBOUNDED PRECEDING)
        )::bigint AS upto
    FROM billing_creditbucket AS b
    WHERE b.id = ANY(%(buckets)s) AND b.available > 0 AND b.expires_at <= %(now)s
), added AS (
    INSERT INTO billing_ledgertransaction (workspace_id, kind, key, amount, change, balance, reference, created_at)
    SELECT d.workspace_id, 'expire', 'expire#' || d.id || '#' || d.expired, d.available, -d.available, (
        SELECT sum(b.available) FROM billing_creditbucket AS b WHERE b.workspace_id = d.workspace_id)::bigint - d.upto,
        '', %(now)s
    FROM due AS d ORDER BY d.workspace_id, d.id
    RETURNING id, key
), entries AS (
    INSERT INTO billing_ledgerentry (transaction_id, bucket_id, debit, credit, amount)
    SELECT added.id, d.id, 'available', 'expired', d.available
    FROM due AS d JOIN added ON added.key = 'expire#' || d.id || '#' || d.expired
)
SELECT workspace_id, available FROM due
"""


def expire_credits(*, lately: bool = False, now: datetime | None = None) -> int:
    """Take what is left in buckets past their time out of the balance; returns how many credits.

    Until then they cannot be held either. `lately` looks only at buckets that ran out in the last two days, which is
    what must be prompt: credits given back to an older one are found by the nightly run.
    """
    now = now or timezone.now()
    total = 0
    while due := _due(now, lately):
        with transaction.atomic():
            lock_workspaces([workspace for _, workspace in due])
            rows = run(EXPIRE, buckets=[bucket for bucket, _ in due], now=now)
            expired = sum(amount for _, amount in rows)
            if expired:
                record(
                    actor=None,
                    workspace=None,
                    action="billing.credits.expired",
                    changes={"workspaces": len({workspace for workspace, _ in rows}), "credits": expired},
                )
        total += expired
    return total


def _due(now: datetime, lately: bool) -> list[tuple[int, int]]:
    due = CreditBucket.objects.filter(expires_at__lte=now, available__gt=0)
    if lately:
        due = due.filter(expires_at__gt=now - LATELY)
    return list(due.order_by("id").values_list("id", "workspace_id")[:BATCH])
