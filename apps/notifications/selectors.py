"""Reads of the notifications room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.notifications.channels.registry import channels
from apps.notifications.choices import Urgency
from apps.notifications.models import Contact, Notice
from apps.notifications.rules.hours import zone_of
from apps.notifications.rules.planning import DIGEST_AT, Clock


def tariff() -> dict[str, int]:
    """What a delivery costs in credits, by channel."""
    return {
        channel.kind: settings.NOTIFICATIONS_CREDITS.get(channel.kind, channel.credits)
        for channel in channels()
    }


@dataclass(frozen=True, slots=True)
class Way:
    """A channel as people choose it."""

    kind: str
    words: str
    is_set_up: bool


def ways() -> list[Way]:
    """Every channel of this installation beside the inbox; one that is not set up sends nothing."""
    return [
        Way(channel.kind, channel.words, channel.is_set_up)
        for channel in channels()
        if channel.kind != "inbox"
    ]


def zone_named(name: str) -> ZoneInfo:
    """A person's time zone; UTC where there is none of that name."""
    return zone_of(name)


def inbox_of(person: User) -> QuerySet[Notice]:
    """What the person was told, newest first."""
    return Notice.objects.filter(person=person, in_inbox=True).order_by("-id")


def unread_count(person_id: int) -> int:
    return Notice.objects.filter(person_id=person_id, in_inbox=True, read_at=None).count()


def contacts_of(person: User) -> QuerySet[Contact]:
    """The person's contacts that were not removed."""
    return Contact.objects.filter(person=person).exclude(disabled_for="removed").order_by("channel", "id")


def deliveries_trace(person: User, uuid: UUID | str) -> Notice | None:
    """A notice of the person with its deliveries and each attempt on them."""
    return (
        inbox_of(person)
        .filter(uuid=uuid)
        .prefetch_related("deliveries__trace", "deliveries__contact")
        .first()
    )


@dataclass(frozen=True, slots=True)
class NoticeEnd:
    """How the deliveries of a notice ended, by number."""

    key: str
    delivered: int
    failed: int
    dry_run: int
    cancelled: int


ENDS = """
SELECT n.key, count(d.id) FILTER (WHERE d.status = 'delivered'),
       count(d.id) FILTER (WHERE d.status IN ('failed', 'unknown')),
       count(d.id) FILTER (WHERE d.status = 'dry_run'), count(d.id) FILTER (WHERE d.status = 'cancelled')
FROM notifications_notice AS n LEFT JOIN notifications_delivery AS d ON d.notice_id = n.id
WHERE n.key = ANY(%s) GROUP BY n.key HAVING bool_and(d.id IS NULL OR d.ended_at IS NOT NULL)
"""


def ends_of(keys: Iterable[str]) -> list[NoticeEnd]:
    """Those of these notices whose deliveries have all ended."""
    with connection.cursor() as cursor:
        cursor.execute(ENDS, [list(keys)])
        return [NoticeEnd(*row) for row in cursor.fetchall()]


SELECT_PEOPLE = """
SELECT u.id, u.timezone, h.quiet_from, h.quiet_until, h.breaks_through, h.digest_at,
       EXISTS (SELECT 1 FROM account_emailaddress AS a
               WHERE a.user_id = u.id AND a.verified AND lower(a.email) = lower(u.email))
FROM accounts_user AS u LEFT JOIN notifications_deliveryhours AS h ON h.person_id = u.id
WHERE u.id = ANY(%s) AND u.is_active AND u.erased_at IS NULL
"""


def clocks_of(person_ids: Iterable[int]) -> dict[int, tuple[Clock, bool]]:
    """For each of these people who is active: their clock, and whether their own e-mail address is confirmed."""
    made: dict[tuple[Any, ...], Clock] = {}
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(SELECT_PEOPLE, [list(person_ids)])
        for person_id, *wishes, is_confirmed in cursor.fetchall():
            key = tuple(wishes)
            if key not in made:
                made[key] = _clock(*wishes)
            found[person_id] = (made[key], is_confirmed)
    return found


def _clock(zone: str, begin: time | None, end: time | None, breaks: int | None, digest: time | None) -> Clock:
    return Clock(
        zone=zone_of(zone),
        quiet=(begin, end) if begin and end else None,
        breaks_through=Urgency(breaks) if breaks else Urgency.CRITICAL,
        digest_at=digest or DIGEST_AT,
    )
