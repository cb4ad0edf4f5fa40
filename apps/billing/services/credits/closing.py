"""What becomes of held credits: spent as far as the work cost, the rest given back; refunded if it fails later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from apps.billing.errors import LedgerRefused
from apps.billing.models import LedgerTransaction
from apps.billing.services.credits.writing import (
    check_amount,
    check_key,
    columns,
    lock_workspaces,
    run,
)
from apps.core.words import gettext_lazy

# Rows of the ledger are looked up by key and by hold alone, one at a time where the planner could think there are few:
# its statistics may be older than the last thousand holds.

# The first part of what was held is spent, in the order it was taken from the buckets; the rest goes back to them.
SETTLE = """
WITH asked AS (
    SELECT * FROM unnest(%(keys)s::text[], %(costs)s::bigint[]) AS a (key, cost)
), found AS (
    SELECT a.key, a.cost, CASE t.kind WHEN 'hold' THEN t.id END AS id, t.workspace_id, t.amount, t.reference,
        c.id IS NOT NULL AS closed
    FROM asked AS a
    LEFT JOIN billing_ledgertransaction AS t ON t.key = a.key
    LEFT JOIN LATERAL (SELECT id FROM billing_ledgertransaction
        WHERE hold_id = t.id AND kind IN ('settle', 'release') LIMIT 1) AS c ON true
), closing AS (
    SELECT f.*, coalesce(b.balance, 0) + (sum(f.amount - f.cost) OVER (
        PARTITION BY f.workspace_id ORDER BY f.id ROWS UNBOUNDED PRECEDING))::bigint AS balance_after
    FROM found AS f
    LEFT JOIN (
        SELECT workspace_id, sum(available)::bigint AS balance FROM billing_creditbucket
        WHERE workspace_id IN (SELECT workspace_id FROM found) AND available > 0 GROUP BY workspace_id
    ) AS b USING (workspace_id)
    WHERE NOT f.closed AND f.cost <= f.amount AND NOT EXISTS (
        SELECT FROM found WHERE found.id IS NULL OR (NOT found.closed AND found.cost > found.amount))
), part AS (
    SELECT c.id, c.cost, e.id AS place, e.bucket_id, e.amount, (sum(e.amount) OVER (
        PARTITION BY c.id ORDER BY e.id ROWS UNBOUNDED PRECEDING))::bigint AS upto
    FROM closing AS c JOIN billing_ledgerentry AS e ON e.transaction_id = c.id
), added AS (
    INSERT INTO billing_ledgertransaction
        (workspace_id, kind, key, amount, change, balance, hold_id, reference, created_at)
    SELECT workspace_id, CASE cost WHEN 0 THEN 'release' ELSE 'settle' END, key || '#end', amount, amount - cost,
        balance_after, id, reference, %(now)s
    FROM closing ORDER BY workspace_id, id
    RETURNING id, hold_id
), entries AS (
    INSERT INTO billing_ledgerentry (transaction_id, bucket_id, debit, credit, amount)
    SELECT added.id, p.bucket_id, 'held', way.credit, way.amount
    FROM part AS p
    JOIN added ON added.hold_id = p.id
    CROSS JOIN LATERAL (VALUES
        ('spent', least(p.amount, greatest(0, p.cost - (p.upto - p.amount)))),
        ('available', p.amount - least(p.amount, greatest(0, p.cost - (p.upto - p.amount))))
    ) AS way (credit, amount)
    WHERE way.amount > 0
    ORDER BY added.id, p.place
)
SELECT key, CASE WHEN id IS NULL THEN 'unknown' WHEN closed THEN 'closed'
    WHEN cost > amount THEN 'above' ELSE 'now' END
FROM found
"""

# What was spent comes back from the end: of several buckets, the one that was taken last is filled first.
REFUND = """
WITH asked AS (
    SELECT * FROM unnest(%(holds)s::text[], %(keys)s::text[], %(amounts)s::bigint[])
        WITH ORDINALITY AS a (hold_key, key, amount, place)
), found AS (
    SELECT a.*, CASE h.kind WHEN 'hold' THEN h.id END AS hold_id, h.workspace_id, h.reference, s.id AS settled_id,
        k.id IS NOT NULL AS known, k.hold_id = h.id AND k.amount = a.amount AS same
    FROM asked AS a
    LEFT JOIN billing_ledgertransaction AS h ON h.key = a.hold_key
    LEFT JOIN LATERAL (SELECT id FROM billing_ledgertransaction
        WHERE hold_id = h.id AND kind IN ('settle', 'release') LIMIT 1) AS s ON true
    LEFT JOIN billing_ledgertransaction AS k ON k.key = a.key
), fresh AS (
    SELECT f.*,
        (sum(f.amount) OVER (PARTITION BY f.hold_id ORDER BY f.place ROWS UNBOUNDED PRECEDING))::bigint AS upto,
        (sum(f.amount) OVER (PARTITION BY f.workspace_id ORDER BY f.hold_id, f.place ROWS UNBOUNDED PRECEDING)
            )::bigint AS gained
    FROM found AS f WHERE NOT f.known AND f.settled_id IS NOT NULL
), spent AS (
    SELECT s.hold_id, e.bucket_id, min(e.id) AS place, sum(e.amount)::bigint - coalesce((
        SELECT sum(re.amount) FROM billing_ledgertransaction AS r
        JOIN billing_ledgerentry AS re ON re.transaction_id = r.id
        WHERE r.kind = 'refund' AND r.hold_id = s.hold_id AND re.bucket_id = e.bucket_id), 0)::bigint AS amount
    FROM (SELECT DISTINCT hold_id, settled_id FROM fresh) AS s
    JOIN billing_ledgerentry AS e ON e.transaction_id = s.settled_id AND e.credit = 'spent'
    GROUP BY s.hold_id, e.bucket_id
), part AS (
    SELECT *, (sum(amount) OVER (PARTITION BY hold_id ORDER BY place DESC ROWS UNBOUNDED PRECEDING))::bigint AS upto
    FROM spent WHERE amount > 0
), most AS (
    SELECT hold_id, max(upto) AS amount FROM part GROUP BY hold_id
), verdict AS (
    SELECT f.key, CASE WHEN f.hold_id IS NULL THEN 'unknown' WHEN f.known AND NOT f.same THEN 'taken'
        WHEN f.known THEN 'done' WHEN f.settled_id IS NULL THEN 'open'
        WHEN n.upto > coalesce(m.amount, 0) THEN 'above' ELSE 'now' END AS verdict
    FROM found AS f LEFT JOIN fresh AS n USING (key) LEFT JOIN most AS m ON m.hold_id = f.hold_id
), added AS (
    INSERT INTO billing_ledgertransaction
        (workspace_id, kind, key, amount, change, balance, hold_id, reference, created_at)
    SELECT f.workspace_id, 'refund', f.key, f.amount, f.amount, f.gained + coalesce((
            SELECT sum(b.available) FROM billing_creditbucket AS b WHERE b.workspace_id = f.workspace_id), 0)::bigint,
        f.hold_id, f.reference, %(now)s
    FROM fresh AS f WHERE NOT EXISTS (SELECT FROM verdict AS v WHERE v.verdict NOT IN ('now', 'done'))
    ORDER BY f.workspace_id, f.hold_id, f.place
    RETURNING id, key
), entries AS (
    INSERT INTO billing_ledgerentry (transaction_id, bucket_id, debit, credit, amount)
    SELECT added.id, p.bucket_id, 'spent', 'available',
        least(f.upto, p.upto) - greatest(f.upto - f.amount, p.upto - p.amount)
    FROM fresh AS f
    JOIN added USING (key)
    JOIN part AS p ON p.hold_id = f.hold_id AND p.upto > f.upto - f.amount AND p.upto - p.amount < f.upto
    ORDER BY added.id, p.place
)
SELECT key, verdict FROM verdict
"""

WRONG = {
    "unknown": gettext_lazy("No credits are held under the key {key!r}."),
    "above": gettext_lazy("More than was held is asked for under the key {key!r}."),
    "taken": gettext_lazy("The key {key!r} stands for another transaction."),
    "open": gettext_lazy("What is held for {key!r} was not settled yet: settle it with its cost instead."),
}


@dataclass(frozen=True, slots=True)
class Refund:
    """Credits to give back of what was settled under `hold_key`. `key` is the refund's own."""

    hold_key: str
    key: str
    amount: int


@transaction.atomic
def settle_many(costs: Iterable[tuple[str, int]]) -> list[str]:
    """Spend of what is held under each key what the work cost, and give the rest back to the buckets it came from.

    Three statements, however many keys. Returns the keys that this call closed; those that were closed before stay as
    they are. Raises LedgerRefused, with nothing changed, for a key that never held credits and a cost above what it
    holds.
    """
    cost_of = dict(costs)
    if not cost_of:
        return []
    for key, cost in cost_of.items():
        check_amount(cost, key, least=0)
    keys, amounts = columns(list(cost_of.items()), 2)
    _lock_holders(keys)
    verdicts = run(SETTLE, keys=keys, costs=amounts)
    _refuse(verdicts)
    return [key for key, verdict in verdicts if verdict == "now"]


def release_many(keys: Iterable[str]) -> list[str]:
    """Give back all that is held under each key, since the work was not done. As `settle_many` with no cost."""
    return settle_many((key, 0) for key in keys)


@transaction.atomic
def refund_many(refunds: Iterable[Refund]) -> list[str]:
    """Give back what was spent on work that failed after it was settled, in part or in whole.

    Three statements, however many. Returns the keys of the refunds this call made. Raises LedgerRefused, with nothing
    changed, when more would come back than was spent, or the work is not settled.
    """
    wanted = {refund.key: refund for refund in refunds}
    if not wanted:
        return []
    for refund in wanted.values():
        check_key(refund.key)
        check_amount(refund.amount, refund.key)
    holds, keys, amounts = columns([(r.hold_key, r.key, r.amount) for r in wanted.values()], 3)
    _lock_holders(holds)
    verdicts = run(REFUND, holds=holds, keys=keys, amounts=amounts)
    _refuse(verdicts)
    return [key for key, verdict in verdicts if verdict == "now"]


def _lock_holders(keys: list[str]) -> None:
    holders = LedgerTransaction.objects.filter(key__in=keys)
    lock_workspaces(holders.values_list("workspace_id", flat=True))


def _refuse(verdicts: list[tuple[str, str]]) -> None:
    for key, verdict in verdicts:
        if verdict in WRONG:
            raise LedgerRefused(WRONG[verdict].format(key=key), extra={"key": key})
