"""Writing what came of attempts: many at once, and only by who still holds the delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction

from apps.notifications.channels.registry import channel_of
from apps.notifications.choices import DeliveryStatus, DisabledFor
from apps.notifications.choices import Outcome as Word
from apps.notifications.models import Contact
from apps.notifications.services.contacts import disable_contact
from apps.notifications.services.sending.claiming import Claim


@dataclass(frozen=True, slots=True)
class Held:
    """It was not tried: its turn comes again later, and nothing is counted."""

    claim: Claim
    send_after: datetime
    error: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """It was not tried and never will be."""

    claim: Claim
    status: DeliveryStatus
    error: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt was made: `status` is the delivery's from now on, WAITING for another one at `send_after`."""

    claim: Claim
    status: DeliveryStatus
    word: Word
    provider: str
    next_provider: str
    tries: int
    began_at: datetime
    ended_at: datetime
    send_after: datetime | None = None
    is_doubtful: bool = False
    error: str = ""
    http_status: int | None = None
    provider_id: str = ""
    price: Decimal | None = None
    currency: str = ""
    contact_id: int | None = None
    gone: bool = False
    cost: int | None = None  # where it turned out to be less than what was planned


Outcome = Held | Ended | Tried

# What a late worker says counts only where it is that the message went out and nobody has tried again since.
FINISH = """
WITH done AS (
    SELECT * FROM unnest(
        %s::bigint[], %s::integer[], %s::text[], %s::text[], %s::text[], %s::text[], %s::integer[],
        %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::boolean[], %s::text[], %s::smallint[],
        %s::text[], %s::numeric[], %s::text[], %s::integer[]
    ) AS row (id, number, status, word, provider, next_provider, tries, began_at, ended_at, send_after,
              is_doubtful, error, http_status, provider_id, price, currency, cost)
), noted AS (
    UPDATE notifications_attempt AS a
    SET outcome = done.word, provider = done.provider, began_at = done.began_at, ended_at = done.ended_at,
        http_status = done.http_status, provider_id = done.provider_id, price = done.price,
        currency = done.currency, error = done.error
    FROM done WHERE a.delivery_id = done.id AND a.number = done.number
)
UPDATE notifications_delivery AS d
SET status = done.status, tries = done.tries, provider = done.next_provider,
    send_after = coalesce(done.send_after, d.send_after),
    ended_at = CASE WHEN done.status = 'waiting' THEN NULL ELSE done.ended_at END,
    is_doubtful = done.is_doubtful, error = done.error, lease_until = NULL, worker = '',
    provider_id = done.provider_id, price = coalesce(done.price + coalesce(d.price, 0), d.price),
    currency = coalesce(nullif(done.currency, ''), d.currency), cost = least(d.cost, done.cost)
FROM done
WHERE d.id = done.id AND d.attempts = done.number
  AND (d.status = 'sending' OR (d.status = 'waiting' AND done.status = 'delivered'))
RETURNING d.id, d.notice_id, d.step, d.status
"""

# Held and ended ones were never tried: the attempt that was begun by the claim is taken back.
PUT_BACK = """
WITH back AS (
    SELECT * FROM unnest(%s::bigint[], %s::integer[], %s::text[], %s::timestamptz[], %s::text[], %s::text[])
        AS row (id, number, status, send_after, error, provider)
), undone AS (
    DELETE FROM notifications_attempt AS a USING back WHERE a.delivery_id = back.id AND a.number = back.number
)
UPDATE notifications_delivery AS d
SET status = back.status, attempts = d.attempts - 1, send_after = coalesce(back.send_after, d.send_after),
    ended_at = CASE WHEN back.status = 'waiting' THEN NULL ELSE %s::timestamptz END,
    error = back.error, lease_until = NULL, worker = '',
    provider = coalesce(nullif(back.provider, ''), d.provider)
FROM back WHERE d.id = back.id AND d.attempts = back.number AND d.status = 'sending'
RETURNING d.id, d.notice_id, d.step, d.status
"""

# A step that failed does not let the next one wait for nothing.
NEXT_STEP = """
UPDATE notifications_delivery AS d SET send_after = %s
FROM (
    SELECT failed.notice_id, min(n.step) AS step
    FROM unnest(%s::bigint[], %s::smallint[]) AS failed (notice_id, step)
    JOIN notifications_delivery AS n ON n.notice_id = failed.notice_id AND n.step > failed.step
    WHERE failed.step > 0 AND n.status = 'waiting'
      AND NOT EXISTS (SELECT 1 FROM notifications_delivery AS same
                      WHERE same.notice_id = failed.notice_id AND same.step = failed.step
                        AND same.status NOT IN ('failed', 'cancelled', 'unknown'))
    GROUP BY failed.notice_id, failed.step
) AS following
WHERE d.notice_id = following.notice_id AND d.step = following.step AND d.status = 'waiting'
  AND d.attempts = 0 AND d.send_after > %s
"""

STEP_DELIVERED = """
UPDATE notifications_delivery AS d SET status = 'cancelled', ended_at = %s, error = 'an earlier step was delivered'
FROM notifications_notice AS n
WHERE n.id = d.notice_id AND n.id = ANY(%s) AND n.until = 'delivered' AND d.step > 0 AND d.status = 'waiting'
"""

BUNDLES = """
UPDATE notifications_delivery AS d SET status = b.status, ended_at = b.ended_at, error = b.error
FROM notifications_delivery AS b
WHERE d.bundle_id = b.id AND b.id = ANY(%s) AND d.status = 'bundled'
"""

# In the order of ids, for workers that write about the same contacts at once; `last_ok_at` is good to a minute.
CONTACT_OK = """
UPDATE notifications_contact SET failing_since = NULL, last_ok_at = %(now)s
WHERE id IN (
    SELECT id FROM notifications_contact
    WHERE id = ANY(%(ids)s)
      AND (failing_since IS NOT NULL OR last_ok_at IS NULL OR last_ok_at < %(now)s - interval '1 minute')
    ORDER BY id FOR NO KEY UPDATE
)
"""
CONTACT_FAILED = """
UPDATE notifications_contact SET failing_since = coalesce(failing_since, %(now)s)
WHERE id IN (SELECT id FROM notifications_contact WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE)
RETURNING id, channel, failing_since
"""


def write(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write all of them and what follows from them, in one transaction."""
    if not outcomes:
        return
    tried = [one for one in outcomes if isinstance(one, Tried)]
    untried = [one for one in outcomes if not isinstance(one, Tried)]
    with transaction.atomic():
        rows = _finish(tried) + _put_back(untried, now)
        _follow(rows, now)
        _contacts(tried, now)


def _finish(tried: Sequence[Tried]) -> list[tuple[int, int, int, str]]:
    if not tried:
        return []
    tried = sorted(tried, key=lambda one: one.claim.delivery_id)  # one order for all workers
    with connection.cursor() as cursor:
        cursor.execute(
            FINISH,
            [
                [one.claim.delivery_id for one in tried],
                [one.claim.number for one in tried],
                [str(one.status) for one in tried],
                [str(one.word) for one in tried],
                [one.provider for one in tried],
                [one.next_provider for one in tried],
                [one.tries for one in tried],
                [one.began_at for one in tried],
                [one.ended_at for one in tried],
                [one.send_after for one in tried],
                [one.is_doubtful for one in tried],
                [one.error[:300] for one in tried],
                [one.http_status for one in tried],
                [one.provider_id[:200] for one in tried],
                [one.price for one in tried],
                [one.currency for one in tried],
                [one.cost for one in tried],
            ],
        )
        return cursor.fetchall()


def _put_back(untried: Sequence[Held | Ended], now: datetime) -> list[tuple[int, int, int, str]]:
    if not untried:
        return []
    untried = sorted(untried, key=lambda one: one.claim.delivery_id)
    held = [one if isinstance(one, Held) else None for one in untried]
    with connection.cursor() as cursor:
        cursor.execute(
            PUT_BACK,
            [
                [one.claim.delivery_id for one in untried],
                [one.claim.number for one in untried],
                [str(one.status) if isinstance(one, Ended) else "waiting" for one in untried],
                [one.send_after if one else None for one in held],
                [one.error[:300] for one in untried],
                [one.provider if one else "" for one in held],
                now,
            ],
        )
        return cursor.fetchall()


def _follow(rows: Sequence[tuple[int, int, int, str]], now: datetime) -> None:
    """Ladders go on or end, and what a digest bundled ends as the digest did."""
    failed = [
        (notice, step)
        for _, notice, step, status in rows
        if status in ("failed", "cancelled", "unknown") and step
    ]
    delivered = [notice for _, notice, step, status in rows if status == "delivered" and step]
    ended = [delivery for delivery, _, _, status in rows if status != "waiting"]
    with connection.cursor() as cursor:
        if failed:
            cursor.execute(NEXT_STEP, [now, [row[0] for row in failed], [row[1] for row in failed], now])
        if delivered:
            cursor.execute(STEP_DELIVERED, [now, delivered])
        if ended:
            cursor.execute(BUNDLES, [ended])


def _contacts(tried: Sequence[Tried], now: datetime) -> None:
    """Since when a contact fails, and those that are switched off for it."""
    ok = {one.contact_id for one in tried if one.contact_id and one.status == DeliveryStatus.DELIVERED}
    errors: dict[int, str] = {
        one.contact_id: one.error
        for one in tried
        if one.contact_id and one.word in (Word.REFUSED, Word.FAULT, Word.UNCLEAR)
    }
    gone = {one.contact_id: one.error for one in tried if one.contact_id and one.gone}
    off: dict[int, tuple[DisabledFor, str]] = {}
    with connection.cursor() as cursor:
        if ok:
            cursor.execute(CONTACT_OK, {"now": now, "ids": list(ok)})
        if errors.keys() - ok:
            cursor.execute(CONTACT_FAILED, {"now": now, "ids": list(errors.keys() - ok)})
            for contact_id, kind, since in cursor.fetchall():
                after = channel_of(kind).disable_after
                if after is not None and now - since >= after:
                    off[contact_id] = (DisabledFor.FAILING, errors[contact_id])
    off |= {contact_id: (DisabledFor.GONE, error) for contact_id, error in gone.items()}
    for contact in Contact.objects.filter(pk__in=off).select_related("workspace", "person").order_by("pk"):
        why, note = off[contact.pk]
        disable_contact(contact, why=why, note=note)
