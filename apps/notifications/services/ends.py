"""What notices came to, for the room that asked for them and holds the money."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from apps.core.arrays import integers


@dataclass(frozen=True, slots=True)
class NoticeEnd:
    """All deliveries of a notice have ended: how, by number, and what is to be paid.

    `cost` is that of the delivered ones, in credits; None where there is nothing to settle.
    """

    key: str
    delivered: int
    failed: int
    dry_run: int
    charge_key: str = ""
    cost: int | None = None


# In the order of ids: two that take ends at once wait for each other, and the second one finds nothing left.
LOCK = """
SELECT id FROM notifications_notice WHERE id IN (
    SELECT notice_id FROM notifications_delivery WHERE end_awaited AND ended_at IS NOT NULL ORDER BY id LIMIT %s
) ORDER BY id FOR NO KEY UPDATE
"""

# Each that ended is looked at once, though others of its notice may take days: the last of them finds all ended.
HEARD = """
UPDATE notifications_delivery SET end_awaited = false
WHERE notice_id = ANY(%s::bigint[]) AND end_awaited AND ended_at IS NOT NULL
"""

# Later than HEARD, so that no end falls between the two. Deliveries of unknown end are not charged: the person may have
# nothing.
WHOLE = """
WITH whole AS (
    SELECT notice_id, count(*) FILTER (WHERE status = 'delivered') AS delivered,
           count(*) FILTER (WHERE status IN ('failed', 'unknown')) AS failed,
           count(*) FILTER (WHERE status = 'dry_run') AS dry_run
    FROM notifications_delivery WHERE notice_id = ANY(%s::bigint[])
    GROUP BY notice_id HAVING bool_and(ended_at IS NOT NULL)
), charged AS (
    UPDATE notifications_delivery AS d SET charged_at = now() FROM whole
    WHERE d.notice_id = whole.notice_id AND d.charge_key <> '' AND d.charged_at IS NULL
    RETURNING d.notice_id, d.charge_key, d.status, d.cost
), charge AS (
    SELECT notice_id, min(charge_key) AS key,
           coalesce(sum(cost) FILTER (WHERE status = 'delivered'), 0)::integer AS cost
    FROM charged GROUP BY notice_id
)
SELECT n.key, whole.delivered, whole.failed, whole.dry_run, coalesce(charge.key, ''), charge.cost
FROM whole JOIN notifications_notice AS n ON n.id = whole.notice_id LEFT JOIN charge USING (notice_id)
ORDER BY n.id
"""


@transaction.atomic
def take_ends(*, limit: int = 1000) -> tuple[int, list[NoticeEnd]]:
    """What has ended of the notices whose makers wait for that (those with a charge key).

    Returns how many deliveries were looked at, at least `limit` while there may be more, and the notices of which
    nothing is open any more. Each cost is given once, an end perhaps twice. Call it in the transaction that settles:
    rolled back, it is found again. It reads what ended since the last time, whatever else is on its way.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [limit])
        found = cursor.fetchall()
        if not found:
            return 0, []
        notices = integers(pk for (pk,) in found)
        cursor.execute(HEARD, [notices])
        heard = cursor.rowcount
        cursor.execute(WHOLE, [notices])
        return heard, [NoticeEnd(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class LateFailure:
    """A delivery whose `cost` was settled under the charge key, and that turned out later not to have arrived."""

    key: str
    delivery: UUID
    cost: int


LATE = """
WITH late AS (
    SELECT id FROM notifications_delivery WHERE refund_due ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE notifications_delivery AS d SET refund_due = false FROM late WHERE d.id = late.id
RETURNING d.charge_key, d.uuid, d.cost
"""


def take_late_failures(*, limit: int = 1000) -> list[LateFailure]:
    """What is to be given back, each once: in the transaction that does so."""
    with connection.cursor() as cursor:
        cursor.execute(LATE, [limit])
        return [LateFailure(*row) for row in cursor.fetchall()]
