"""What ended deliveries cost, for the room that holds the money."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection


@dataclass(frozen=True, slots=True)
class Charge:
    """All deliveries under one charge key have ended; `cost` is that of the delivered ones, in credits."""

    key: str
    cost: int


# Deliveries of unknown end are not charged: the person may have nothing.
TAKE = """
WITH ended AS (
    SELECT charge_key FROM notifications_delivery
    WHERE charged_at IS NULL AND charge_key <> ''
    GROUP BY charge_key HAVING bool_and(ended_at IS NOT NULL)
    LIMIT %s
), taken AS (
    UPDATE notifications_delivery AS d SET charged_at = now() FROM ended
    WHERE d.charge_key = ended.charge_key AND d.charged_at IS NULL AND d.ended_at IS NOT NULL
    RETURNING d.charge_key, d.status, d.cost
)
SELECT charge_key, coalesce(sum(cost) FILTER (WHERE status = 'delivered'), 0) FROM taken GROUP BY charge_key
"""


def take_ended_charges(*, limit: int = 1000) -> list[Charge]:
    """What is to be settled, each once. Call it in the transaction that settles: rolled back, it is found again."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [limit])
        return [Charge(key, int(cost)) for key, cost in cursor.fetchall()]


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
