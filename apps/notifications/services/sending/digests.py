"""Putting what waited for the digest into one message for each person and contact."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext

from apps.accounts.language import writing_to
from apps.notifications.channels.registry import channel_of
from apps.notifications.choices import DeliveryStatus
from apps.notifications.models import Delivery
from apps.notifications.rules.events import DIGEST, event_of
from apps.notifications.services.plans import NewNotice, PlannedDelivery, PlannedNotice
from apps.notifications.services.queueing import queue_planned

LOCK = 0x6E6F7469  # one worker at a time: a digest must not be split
AT_ONCE = 5000
SHOWN = 100

BUNDLE = """
UPDATE notifications_delivery AS d SET status = 'bundled', bundle_id = whole.id
FROM unnest(%s::bigint[], %s::text[]) AS part (id, key)
JOIN notifications_notice AS n ON n.key = part.key
JOIN notifications_delivery AS whole ON whole.notice_id = n.id
WHERE d.id = part.id
"""


def make_digests(now: datetime) -> int:
    """Make the digests that are due. Returns how many; none while another worker makes them."""
    if not _due(now).exists():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        groups: dict[tuple[int, str, int | None], list[Delivery]] = defaultdict(list)
        rows = (
            _due(now)
            .select_related("notice", "contact", "person__preferences")
            .select_for_update(of=("self",), no_key=True)
        )
        for delivery in rows.order_by("person_id", "id")[:AT_ONCE]:
            groups[delivery.person_id, delivery.channel, delivery.contact_id].append(delivery)
        planned = [_digest(now, *group, deliveries) for group, deliveries in groups.items()]
        queue_planned(planned, now=now)
        parts = [
            (delivery.pk, one.notice.key)
            for one, deliveries in zip(planned, groups.values(), strict=True)
            for delivery in deliveries
        ]
        cursor.execute(BUNDLE, [[pk for pk, _ in parts], [key for _, key in parts]])
    return len(planned)


def _due(now: datetime) -> Any:
    return Delivery.objects.filter(status=DeliveryStatus.WAITING, in_digest=True, send_after__lte=now)


def _digest(
    now: datetime, person_id: int, kind: str, contact_id: int | None, deliveries: list[Delivery]
) -> PlannedNotice:
    with writing_to(deliveries[0].person):
        data = _said(deliveries)
    notice = NewNotice(
        person_id=person_id,
        event=DIGEST.name,
        key=f"digest:{kind}:{contact_id or 0}:{person_id}:{deliveries[0].pk}",
        data=data,
    )
    contact = deliveries[0].contact
    lane, strict = channel_of(kind).lane(
        person_id, contact_id, contact.options if contact else {}, deliveries[0].pk
    )
    way = PlannedDelivery(kind, contact_id, 0, now, lane, strict, False, 0)
    return PlannedNotice(notice, int(DIGEST.urgency), "", False, (way,))


def _said(deliveries: list[Delivery]) -> dict[str, Any]:
    number = len(deliveries)
    contents = [event_of(one.notice.event).content(one.notice.data) for one in deliveries[:SHOWN]]
    facts = [
        [f"{one.notice.created_at:%Y-%m-%d %H:%M} UTC", content.title]
        for one, content in zip(deliveries, contents, strict=False)
    ]
    if number > SHOWN:
        facts.append(["…", f"and {number - SHOWN} more in your inbox"])
    title = (
        gettext("1 notice of the last day")
        if number == 1
        else gettext("{number} notices of the last day").format(number=number)
    )
    return {"title": title, "facts": facts, "url": "/"}
