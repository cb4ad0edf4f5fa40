# ruff: noqa: S608  names of columns are put together, no values
"""Recomputing everything from the entries: what the guards hold, also where somebody could get around them."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from apps.billing.models import CreditBucket, LedgerCheck, LedgerTransaction

MOST_TOLD = 100

DELTA = "sum(CASE WHEN e.credit = '{0}' THEN e.amount WHEN e.debit = '{0}' THEN -e.amount ELSE 0 END)"
ACCOUNTS = ("available", "held", "spent", "expired", "withdrawn")
RECOMPUTED = ", ".join(f"coalesce({DELTA.format(name)}, 0) AS {name}" for name in ACCOUNTS)

# what is wrong, and the rows that show it: an id, what stands there, what it should be
CHECKS = {
    "bucket {0}: its balances are {1}, its entries make {2}": f"""
        SELECT b.id, format('%%s/%%s/%%s/%%s/%%s', b.available, b.held, b.spent, b.expired, b.withdrawn),
            format('%%s/%%s/%%s/%%s/%%s', s.available, s.held, s.spent, s.expired, s.withdrawn)
        FROM billing_creditbucket AS b
        JOIN (SELECT b.id, coalesce(sum(e.amount) FILTER (WHERE e.debit = 'issued'), 0) AS issued, {RECOMPUTED}
              FROM billing_creditbucket AS b LEFT JOIN billing_ledgerentry AS e ON e.bucket_id = b.id
              GROUP BY b.id) AS s ON s.id = b.id
        WHERE (b.issued, b.available, b.held, b.spent, b.expired, b.withdrawn)
            IS DISTINCT FROM (s.issued, s.available, s.held, s.spent, s.expired, s.withdrawn)
        ORDER BY b.id LIMIT {MOST_TOLD}""",
    "transaction {0}: it says {1}, its entries make {2}": f"""
        SELECT t.id, format('amount %%s, change %%s', t.amount, t.change),
            format('amount %%s, change %%s', s.amount, s.change)
        FROM billing_ledgertransaction AS t
        LEFT JOIN (SELECT e.transaction_id, sum(e.amount) AS amount, {DELTA.format("available")} AS change
              FROM billing_ledgerentry AS e GROUP BY e.transaction_id) AS s ON s.transaction_id = t.id
        WHERE (t.amount, t.change) IS DISTINCT FROM (s.amount, s.change)
        ORDER BY t.id LIMIT {MOST_TOLD}""",
    "transaction {0}: the balance after it is {1}, that of the one before and its change make {2}": f"""
        SELECT id, balance::text, (before + change)::text FROM (
            SELECT id, change, balance, coalesce(lag(balance) OVER (PARTITION BY workspace_id ORDER BY id), 0) AS before
            FROM billing_ledgertransaction) AS t
        WHERE balance <> before + change ORDER BY id LIMIT {MOST_TOLD}""",
    "workspace {0}: its buckets hold {1}, its open holds make {2}": f"""
        SELECT coalesce(b.workspace_id, o.workspace_id), coalesce(b.held, 0)::text, coalesce(o.held, 0)::text
        FROM (SELECT workspace_id, sum(held) AS held FROM billing_creditbucket GROUP BY workspace_id) AS b
        FULL JOIN (SELECT h.workspace_id, sum(h.amount) AS held FROM billing_ledgertransaction AS h
            WHERE h.kind = 'hold' AND NOT EXISTS (SELECT FROM billing_ledgertransaction AS c
                WHERE c.hold_id = h.id AND c.kind IN ('settle', 'release'))
            GROUP BY h.workspace_id) AS o ON o.workspace_id = b.workspace_id
        WHERE coalesce(b.held, 0) <> coalesce(o.held, 0)
        ORDER BY 1 LIMIT {MOST_TOLD}""",
    "entry {0}: it belongs to transaction {1} of another workspace than bucket {2}, or to none": f"""
        SELECT e.id, e.transaction_id::text, e.bucket_id::text FROM billing_ledgerentry AS e
        LEFT JOIN billing_ledgertransaction AS t ON t.id = e.transaction_id
        LEFT JOIN billing_creditbucket AS b ON b.id = e.bucket_id
        WHERE t.workspace_id IS DISTINCT FROM b.workspace_id OR t.id IS NULL
        ORDER BY e.id LIMIT {MOST_TOLD}""",
    "hold {0}: refunds of {1} credits, spent were {2}": f"""
        SELECT r.hold_id, sum(r.amount)::text, coalesce(max(s.amount - s.change), 0)::text
        FROM billing_ledgertransaction AS r
        LEFT JOIN billing_ledgertransaction AS s ON s.hold_id = r.hold_id AND s.kind = 'settle'
        WHERE r.kind = 'refund' GROUP BY r.hold_id
        HAVING sum(r.amount) > coalesce(max(s.amount - s.change), 0)
        ORDER BY r.hold_id LIMIT {MOST_TOLD}""",
}  # fmt: skip


@transaction.atomic
def verify_credits() -> LedgerCheck:
    """Recompute every balance, of one moment, while others write. The result is not stored yet."""
    faults: list[str] = []
    with connection.cursor() as cursor:
        if not connection.savepoint_ids:  # a transaction of its own: one view of everything
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for words, sql in CHECKS.items():
            cursor.execute(sql, [])
            faults += [words.format(*row) for row in cursor.fetchall()]
    return LedgerCheck(
        checked_at=timezone.now(),
        buckets=CreditBucket.objects.count(),
        transactions=LedgerTransaction.objects.count(),
        faults=faults,
    )


def keep_check(check: LedgerCheck) -> LedgerCheck:
    """Store the result for staff to see."""
    check.save()
    return check
