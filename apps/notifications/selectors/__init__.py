"""Reads of the notifications room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.core.arrays import integers
from apps.notifications.channels.base import Channel
from apps.notifications.channels.registry import channel_of, channels
from apps.notifications.choices import Mode, Until, Urgency
from apps.notifications.models import (
    ArrivalWish,
    Contact,
    Delivery,
    DeliveryHours,
    Ladder,
    Notice,
    Preference,
)
from apps.notifications.rules.codes import CODE
from apps.notifications.rules.events import (
    DIGEST,
    TEST,
    Content,
    Event,
    content_of_data,
    event_of,
    events,
)
from apps.notifications.rules.hours import zone_of
from apps.notifications.rules.planning import DIGEST_AT, Clock
from apps.notifications.rules.routing import BOUNDS, duration_words

NOT_CHOSEN = (CODE.name, DIGEST.name, TEST.name)  # asked for each time, or made of others


def tariff() -> dict[str, int]:
    """What a delivery costs in credits at most, by channel."""
    return {channel.kind: price_of(channel) * channel.parts for channel in channels()}


def price_of(channel: Channel) -> int:
    """What one part of a message costs in credits."""
    return int(settings.NOTIFICATIONS_CREDITS.get(channel.kind, channel.credits))


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


def ways_of(person: User) -> list[Way]:
    """The same for one person: set up is what can reach them, by a contact that is confirmed or without one."""
    there = Contact.objects.filter(person=person, verified_at__isnull=False, disabled_at=None)
    kinds = set(there.values_list("channel", flat=True))
    return [
        replace(
            way, is_set_up=way.is_set_up and (way.kind in kinds or not channel_of(way.kind).needs_contact)
        )
        for way in ways()
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


SELECT_PEOPLE = """
SELECT u.id, u.timezone, h.quiet_from, h.quiet_until, h.breaks_through, h.digest_at,
       h.monthly_budget, u.language,
       EXISTS (SELECT 1 FROM account_emailaddress AS a
               WHERE a.user_id = u.id AND a.verified AND lower(a.email) = lower(u.email))
       AND NOT EXISTS (SELECT 1 FROM notifications_contact AS c
                       WHERE c.person_id = u.id AND c.channel = 'email' AND c.disabled_at IS NOT NULL
                         AND lower(c.options ->> 'account') = lower(u.email))
FROM accounts_user AS u LEFT JOIN notifications_deliveryhours AS h ON h.person_id = u.id
WHERE u.id = ANY(%s::bigint[]) AND u.is_active AND u.erased_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who is told something, in which `language`. `has_mail`: the account's own address is confirmed and takes mail."""

    clock: Clock
    has_mail: bool
    budget: int | None  # credits that routing by cost may spend in a month
    language: str


def readers_of(person_ids: Iterable[int]) -> dict[int, Reader]:
    """Those of these people who are active."""
    made: dict[tuple[Any, ...], Clock] = {}
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(SELECT_PEOPLE, [integers(person_ids)])
        for person_id, *wishes, budget, language, has_mail in cursor.fetchall():
            key = tuple(wishes)
            if key not in made:
                made[key] = _clock(*wishes)
            found[person_id] = Reader(made[key], has_mail, budget, language)
    return found


def _clock(zone: str, begin: time | None, end: time | None, breaks: int | None, digest: time | None) -> Clock:
    return Clock(
        zone=zone_of(zone),
        quiet=(begin, end) if begin and end else None,
        breaks_through=Urgency(breaks) if breaks else Urgency.CRITICAL,
        digest_at=digest or DIGEST_AT,
    )


def month_of(now: datetime) -> datetime:
    """When the month began, in UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def arrival_times() -> list[tuple[int, str]]:
    """The times within which messages can be asked to arrive by the cheapest channels: seconds, and words."""
    return [(bound, duration_words(bound)) for bound in BOUNDS]


def saved_by_routing(person: User) -> int:
    """The credits that routing by cost saved the person in this month."""
    rows = Notice.objects.filter(person=person, created_at__gte=month_of(timezone.now()), saved__gt=0)
    return int(rows.aggregate(sum=Sum("saved"))["sum"] or 0)


# what the pages and the API show


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """Which notices of the inbox; an empty value chooses all."""

    state: str = ""  # "unread", "archived", or "open": an answer is waited for
    event: str = ""
    urgency: int | None = None  # at least
    text: str = ""


def filter_inbox(rows: QuerySet[Notice], chosen: InboxFilter) -> QuerySet[Notice]:
    """Those of the rows that are chosen, archived ones among them.

    The text is looked for in what was told and in the words for its event.
    """
    if chosen.state == "unread":
        rows = rows.filter(read_at=None)
    elif chosen.state == "open":
        rows = rows.filter(until=Until.ACKNOWLEDGED, acknowledged_at=None)
    elif chosen.state == "archived":
        rows = rows.exclude(archived_at=None)
    if chosen.event:
        rows = rows.filter(event=chosen.event)
    if chosen.urgency:
        rows = rows.filter(urgency__gte=chosen.urgency)
    if chosen.text:
        names = [event.name for event in events() if chosen.text.lower() in event.words.lower()]
        rows = rows.annotate(told=Cast("data", TextField())).filter(
            Q(told__icontains=chosen.text) | Q(event__in=names)
        )
    return rows


def with_content(notices: Iterable[Notice]) -> list[tuple[Notice, Content]]:
    """Notices with what they say."""
    return [(notice, content_of(notice)) for notice in notices]


def content_of(notice: Notice) -> Content:
    """What a notice says; one of an event that is not told any more says what its data does."""
    try:
        return event_of(notice.event).content(notice.data)
    except KeyError:
        content = content_of_data(notice.data)
        return content if content.title else replace(content, title=notice.event)


def endpoints_of(workspace: Workspace) -> QuerySet[Contact]:
    """The workspace's outgoing webhooks that were not removed, newest first."""
    rows = Contact.objects.filter(workspace=workspace, channel="webhook").exclude(disabled_for="removed")
    return rows.select_related("person").order_by("-id")


DAY_COUNTED = 1000
COUNT_DAY = """
SELECT contact.id,
       count(*) FILTER (WHERE newest.status = 'delivered'),
       count(*) FILTER (WHERE newest.status IN ('failed', 'unknown')),
       count(*) FILTER (WHERE newest.status IN ('waiting', 'sending'))
FROM unnest(%s::bigint[]) AS contact (id) CROSS JOIN LATERAL (
    SELECT status, created_at FROM notifications_delivery
    WHERE contact_id = contact.id ORDER BY id DESC LIMIT %s
) AS newest
WHERE newest.created_at > %s
GROUP BY contact.id
"""


@dataclass(frozen=True, slots=True)
class Day:
    """What became of a contact's deliveries of the last 24 hours, of the newest thousand at most."""

    delivered: int = 0
    failed: int = 0
    waiting: int = 0


def with_day(endpoints: Iterable[Contact]) -> list[tuple[Contact, Day]]:
    """Each with its last 24 hours, in one query."""
    rows = list(endpoints)
    since = timezone.now() - timedelta(hours=24)
    with connection.cursor() as cursor:
        cursor.execute(COUNT_DAY, [[row.pk for row in rows], DAY_COUNTED, since])
        days = {pk: Day(*counts) for pk, *counts in cursor.fetchall()}
    return [(row, days.get(row.pk, Day())) for row in rows]


def deliveries_to(contact: Contact) -> QuerySet[Delivery]:
    """What went, or was to go, to a contact, newest first."""
    return Delivery.objects.filter(contact=contact).select_related("notice").order_by("-id")


def deliveries_of(person: User) -> QuerySet[Delivery]:
    """Every way that the person's notices took, newest first."""
    rows = Delivery.objects.filter(person=person).select_related("notice", "contact", "person")
    return rows.order_by("-id")


def arrival_wishes_of(person: User) -> dict[str, int]:
    """The events that go out by the cheapest channels, with the seconds they may take."""
    return dict(ArrivalWish.objects.filter(person=person).values_list("event", "within_s"))


def ladders_of(person: User) -> QuerySet[Ladder]:
    return Ladder.objects.filter(person=person).order_by("name", "id")


def hours_of(person: User) -> DeliveryHours:
    """The person's quiet hours and digest; unsaved defaults for who has chosen nothing."""
    return DeliveryHours.objects.filter(person=person).first() or DeliveryHours(person=person)


@dataclass(frozen=True, slots=True)
class Choice:
    """One event on one channel: what the person gets, and what may be chosen instead (nothing: it is fixed)."""

    channel: str
    words: str
    mode: Mode
    options: tuple[Mode, ...]
    is_default: bool


def choices_of(person: User) -> list[tuple[Event, list[Choice]]]:
    """Each event that people are told, with its mode on each channel the installation is set up for."""
    chosen = {
        (event, channel): mode
        for event, channel, mode in Preference.objects.filter(person=person).values_list(
            "event", "channel", "mode"
        )
    }
    ways = [way for way in channels() if way.is_set_up]
    return [
        (event, [_choice(event, way, chosen.get((event.name, way.kind))) for way in ways])
        for event in events()
        if event.name not in NOT_CHOSEN
    ]


def _choice(event: Event, way: Channel, chosen: str | None) -> Choice:
    if event.required:
        options: tuple[Mode, ...] = ()
    elif way.interrupts:
        options = (Mode.NOW, Mode.DIGEST, Mode.OFF)
    else:
        options = (Mode.NOW, Mode.OFF)
    return Choice(way.kind, way.words, event.mode(way.kind, chosen), options, chosen is None)
