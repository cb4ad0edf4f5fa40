# ruff: noqa: S608  statements are put together, no values
"""Taking deliveries for a worker: each by one worker only, and in order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from apps.notifications.choices import Urgency

LEASE = timedelta(seconds=90)  # longer than any attempt takes, with the waiting before it
HOLD = timedelta(seconds=60)  # a retry later than this does not hold up what stands behind it
WINDOW = 500  # so many that are due are looked at one by one


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in this worker's hands; outcomes count only while `number` is its newest attempt."""

    delivery_id: int
    number: int


# A delivery waits while one before it in its lane is being sent, due, or soon to be tried again.
FREE = """NOT EXISTS (
    SELECT 1 FROM notifications_delivery AS e
    WHERE e.lane = d.lane AND e.id < d.id AND e.status IN ('waiting', 'sending') AND NOT e.in_digest
      AND (e.status = 'sending' OR e.send_after <= %(now)s
           OR (e.attempts > 0 AND (e.strict OR e.send_after <= %(hold)s)))
)"""
DUE = """d.status = 'waiting' AND d.send_after <= %(now)s AND d.urgency >= %(urgency)s
    AND NOT d.in_digest AND d.channel <> ALL(%(shut)s)"""

# The oldest that are due: nearly all that can be claimed, as long as no lane is long.
NEAR = f"""
SELECT d.id, d.lane = '' OR {FREE} FROM (
    SELECT * FROM notifications_delivery AS d WHERE {DUE} ORDER BY d.send_after, d.id LIMIT %(window)s
) AS d
"""

# From lane to lane by the index, in each the first that is due: faster where lanes are long.
FAR = f"""
WITH RECURSIVE lanes AS (
    (SELECT lane FROM notifications_delivery
     WHERE status IN ('waiting', 'sending') AND lane > '' ORDER BY lane LIMIT 1)
    UNION ALL
    SELECT (SELECT d.lane FROM notifications_delivery AS d
            WHERE d.status IN ('waiting', 'sending') AND d.lane > lanes.lane ORDER BY d.lane LIMIT 1)
    FROM lanes WHERE lanes.lane IS NOT NULL
), first AS (
    SELECT d.* FROM lanes CROSS JOIN LATERAL (
        SELECT * FROM notifications_delivery AS d WHERE d.lane = lanes.lane AND {DUE} ORDER BY d.id LIMIT 1
    ) AS d
    WHERE lanes.lane IS NOT NULL
)
SELECT id FROM (
    (SELECT d.id, d.send_after FROM first AS d WHERE {FREE})
    UNION ALL
    (SELECT d.id, d.send_after FROM notifications_delivery AS d WHERE d.lane = '' AND {DUE}
     ORDER BY d.send_after, d.id LIMIT %(most)s)
) AS found ORDER BY send_after, id LIMIT 2 * %(most)s
"""

CLAIM = f"""
WITH due AS (
    SELECT d.id FROM notifications_delivery AS d
    WHERE d.id = ANY(%(found)s) AND {DUE} AND (d.lane = '' OR {FREE})
    ORDER BY d.send_after, d.id
    LIMIT %(most)s
    FOR NO KEY UPDATE OF d SKIP LOCKED
), taken AS (
    UPDATE notifications_delivery AS d
    SET status = 'sending', attempts = d.attempts + 1, lease_until = %(lease)s, worker = %(worker)s
    FROM due WHERE d.id = due.id
    RETURNING d.id, d.attempts, d.send_after
), begun AS (
    INSERT INTO notifications_attempt
        (delivery_id, number, worker, provider, began_at, outcome, provider_id, currency, error)
    SELECT id, attempts, %(worker)s, '', %(now)s, '', '', '', '' FROM taken
)
SELECT id, attempts FROM taken ORDER BY send_after, id
"""

LOST = """
WITH late AS (
    SELECT d.id FROM notifications_delivery AS d
    WHERE d.status = 'sending' AND d.lease_until < %(now)s
    ORDER BY d.lease_until LIMIT 500
    FOR NO KEY UPDATE SKIP LOCKED
), freed AS (
    UPDATE notifications_delivery AS d
    SET status = 'waiting', send_after = %(now)s, lease_until = NULL, worker = '', is_doubtful = true
    FROM late WHERE d.id = late.id
    RETURNING d.id, d.attempts
), noted AS (
    UPDATE notifications_attempt AS a SET outcome = 'lost', ended_at = %(now)s, error = 'the worker died'
    FROM freed WHERE a.delivery_id = freed.id AND a.number = freed.attempts
)
SELECT count(*) FROM freed
"""


def claim(
    most: int, *, worker: str, now: datetime, shut: Collection[str] = (), urgency: int = Urgency.LOW
) -> list[Claim]:
    """Take up to `most` deliveries of at least this urgency; those of channels in `shut` stay."""
    parameters: dict[str, Any] = {
        "now": now,
        "urgency": urgency,
        "shut": list(shut),
        "hold": now + HOLD,
        "lease": now + LEASE,
        "most": most,
        "window": WINDOW,
        "worker": worker,
    }
    with connection.cursor() as cursor:
        cursor.execute(NEAR, parameters)
        near = cursor.fetchall()
        found = [pk for pk, is_free in near if is_free]
        if len(found) < most and len(near) == WINDOW:
            cursor.execute(FAR, parameters)
            found += [pk for (pk,) in cursor.fetchall()]
        if not found:
            return []
        cursor.execute(CLAIM, parameters | {"found": found})
        return [Claim(*row) for row in cursor.fetchall()]


def free_lost(now: datetime) -> int:
    """Give back what workers held that are dead, or as slow as if they were. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(LOST, {"now": now})
        return int(cursor.fetchone()[0])
