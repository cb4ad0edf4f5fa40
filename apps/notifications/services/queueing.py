"""From what is to be told to the rows that workers send: a constant number of statements, however many people.

`plan_notices` reads, decides and changes nothing; it says what each notice would cost. `queue_planned` writes. A room
that must be paid first does so in between, in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from apps.core.jobs import enqueue_on_commit
from apps.notifications.channels.registry import CHANNELS, channel_of
from apps.notifications.choices import Mode
from apps.notifications.models import Contact, Ladder, Preference
from apps.notifications.rules.codes import CODE
from apps.notifications.rules.events import Event, event_of
from apps.notifications.rules.planning import Clock, plan
from apps.notifications.selectors import clocks_of, tariff


@dataclass(frozen=True, slots=True)
class NewNotice:
    """One thing to tell one person; a second one of the same `key` is the first one come again.

    `channels` None leaves the choice to the person's preferences. Given, it adds to the inbox exactly these, except for
    those the person switched off, and `contact_ids` keeps it to some of their contacts. A ladder takes the channels'
    place. `charge_key` is kept with what is to be paid for.
    """

    person_id: int
    event: str
    key: str
    data: Mapping[str, Any]
    workspace_id: int | None = None
    urgency: int | None = None
    channels: tuple[str, ...] | None = None
    contact_ids: tuple[int, ...] | None = None
    ladder_id: int | None = None
    deadline_at: datetime | None = None
    charge_key: str = ""
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    channel: str
    contact_id: int | None
    step: int
    send_after: datetime
    lane: str
    strict: bool
    in_digest: bool
    cost: int


@dataclass(frozen=True, slots=True)
class PlannedNotice:
    """A notice and the deliveries it will have; `cost` is what they cost if all of them are delivered."""

    notice: NewNotice
    urgency: int
    until: str
    in_inbox: bool
    deliveries: tuple[PlannedDelivery, ...]

    @property
    def cost(self) -> int:
        return sum(delivery.cost for delivery in self.deliveries)


@dataclass
class _Wishes:
    """What the plan of a batch needs to know of its people, read once."""

    clocks: dict[int, tuple[Clock, bool]]
    modes: dict[tuple[int, str, str], str]
    contacts: dict[tuple[int, str], list[Contact]]
    ladders: dict[int, Ladder]
    prices: dict[str, int]


def queue_notices(notices: Sequence[NewNotice], *, now: datetime | None = None) -> int:
    """Plan and write. Returns how many notices are new."""
    return queue_planned(plan_notices(notices, now=now), now=now)


def plan_notices(notices: Sequence[NewNotice], *, now: datetime | None = None) -> list[PlannedNotice]:
    """What becomes of each notice. People who are gone or suspended are left out.

    Raises KeyError for an event that no room registered or a channel that does not exist.
    """
    now = now or timezone.now()
    wishes = _read_wishes(notices)
    return [
        _plan_one(notice, crc32(notice.key.encode()), wishes, now)
        for notice in notices
        if notice.person_id in wishes.clocks
    ]


def _read_wishes(notices: Sequence[NewNotice]) -> _Wishes:
    people = list({notice.person_id for notice in notices})
    names = list({notice.event for notice in notices})
    chosen = Preference.objects.filter(person_id__in=people, event__in=names)
    contacts: dict[tuple[int, str], list[Contact]] = defaultdict(list)
    usable = Contact.objects.filter(person_id__in=people, disabled_at=None)
    if CODE.name not in names:  # which goes to those that are not confirmed yet
        usable = usable.filter(verified_at__isnull=False)
    columns = ("person_id", "workspace_id", "channel", "options", "verified_at")
    for contact in usable.only(*columns).order_by("id"):
        contacts[contact.person_id, contact.channel].append(contact)
    ladder_ids = {notice.ladder_id for notice in notices} - {None}
    return _Wishes(
        clocks=clocks_of(people),
        modes={(p, e, c): m for p, e, c, m in chosen.values_list("person_id", "event", "channel", "mode")},
        contacts=contacts,
        ladders=Ladder.objects.in_bulk(ladder_ids) if ladder_ids else {},
        prices=tariff(),
    )


def _plan_one(notice: NewNotice, serial: int, wishes: _Wishes, now: datetime) -> PlannedNotice:
    event = event_of(notice.event)
    urgency = notice.urgency or event.urgency
    ladder = wishes.ladders.get(notice.ladder_id) if notice.ladder_id else None
    inbox = event.mode("inbox", wishes.modes.get((notice.person_id, event.name, "inbox")))
    in_inbox = inbox != Mode.OFF or ladder is not None
    ways = [("inbox", 0, 0.0)] if in_inbox else []
    if ladder is not None:
        waited = 0.0
        for number, step in enumerate(ladder.steps, start=1):
            waited += step["wait_s"]
            ways.append((step["channel"], number, waited))
    else:
        kinds = CHANNELS if notice.channels is None else notice.channels
        ways += [(kind, 0, 0.0) for kind in kinds if kind != "inbox"]
    deliveries = [
        delivery
        for kind, step, wait_s in ways
        for delivery in _deliveries(
            notice, event, urgency, kind, step, now + timedelta(seconds=wait_s), serial, wishes
        )
    ]
    return PlannedNotice(notice, urgency, ladder.until if ladder else "", in_inbox, tuple(deliveries))


def _deliveries(
    notice: NewNotice,
    event: Event,
    urgency: int,
    kind: str,
    step: int,
    when: datetime,
    serial: int,
    wishes: _Wishes,
) -> Iterable[PlannedDelivery]:
    channel = channel_of(kind)
    if not channel.is_set_up:
        return
    chosen = wishes.modes.get((notice.person_id, event.name, kind))
    if (chosen is None and notice.channels is not None) or (step and chosen != Mode.OFF):
        chosen = Mode.NOW
    clock, is_confirmed = wishes.clocks[notice.person_id]
    mode = event.mode(kind, chosen)
    by_contact = chosen is None and mode == Mode.OFF  # then only those that list the event themselves take it
    due = plan(
        when,
        clock,
        event,
        Mode.NOW if by_contact else mode,
        urgency,
        interrupts=channel.interrupts,
        is_test=notice.is_test,
    )
    if due is None:
        return
    for contact_id, options in _targets(notice, kind, is_confirmed, wishes):
        if by_contact and not options.get("events") and not notice.is_test:
            continue
        lane, strict = channel.lane(notice.person_id, contact_id, options, serial)
        yield PlannedDelivery(
            kind,
            contact_id,
            step,
            due.send_after,
            lane,
            strict,
            due.in_digest,
            0 if due.in_digest or notice.is_test else wishes.prices[kind],
        )


def _targets(
    notice: NewNotice, kind: str, is_confirmed: bool, wishes: _Wishes
) -> Iterable[tuple[int | None, Mapping[str, Any]]]:
    """Every contact of the channel; without one, the account itself where the channel can do with that."""
    found = False
    for contact in wishes.contacts.get((notice.person_id, kind), ()):
        if contact.workspace_id not in (None, notice.workspace_id):
            continue
        if contact.verified_at is None and notice.event != CODE.name:
            continue
        found = True
        if notice.contact_ids is not None and contact.pk not in notice.contact_ids:
            continue
        if notice.is_test or notice.event == CODE.name or _wants(contact.options, notice.event):
            yield contact.pk, contact.options
    if not found and not channel_of(kind).needs_contact and (kind != "email" or is_confirmed):
        yield None, {}


def _wants(options: Mapping[str, Any], event: str) -> bool:
    """Whether a contact takes this event: `options["events"]` lists names or beginnings ("signals.*"); none: all."""
    patterns = options.get("events")
    return not patterns or any(
        event == pattern or (pattern.endswith("*") and event.startswith(pattern[:-1])) for pattern in patterns
    )


INSERT = """
WITH incoming AS (
    SELECT * FROM unnest(
        %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::integer[], %s::smallint[], %s::text[],
        %s::timestamptz[], %s::boolean[], %s::boolean[]
    ) AS row (key, person_id, workspace_id, event, place, urgency, until, deadline_at, in_inbox, is_test)
    JOIN unnest(%s::jsonb[]) WITH ORDINALITY AS shared (data, place) USING (place)
), told AS (
    INSERT INTO notifications_notice
        (uuid, person_id, workspace_id, event, key, data, urgency, until, deadline_at, created_at, read_at,
         acknowledged_at, acknowledged_by, in_inbox, is_test)
    SELECT gen_random_uuid(), person_id, workspace_id, event, key, data, urgency, until, deadline_at, %s, NULL,
           NULL, '', in_inbox, is_test
    FROM incoming ORDER BY key
    ON CONFLICT (key) DO NOTHING
    RETURNING id, key, person_id, urgency
), planned AS (
    INSERT INTO notifications_delivery
        (uuid, notice_id, person_id, contact_id, channel, step, status, urgency, send_after, lane, strict,
         in_digest, attempts, tries, is_doubtful, worker, provider, provider_id, currency, cost, charge_key,
         error, created_at)
    SELECT gen_random_uuid(), told.id, told.person_id, way.contact_id, way.channel, way.step, 'waiting',
           told.urgency, way.send_after, way.lane, way.strict, way.in_digest, 0, 0, false, '', '', '', '',
           way.cost, way.charge_key, '', %s
    FROM unnest(
        %s::text[], %s::bigint[], %s::text[], %s::smallint[], %s::timestamptz[], %s::text[], %s::boolean[],
        %s::boolean[], %s::integer[], %s::text[]
    ) WITH ORDINALITY AS way
        (key, contact_id, channel, step, send_after, lane, strict, in_digest, cost, charge_key, number)
    JOIN told USING (key) ORDER BY way.number
    RETURNING id
)
SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM planned)
"""


def queue_planned(planned: Sequence[PlannedNotice], *, now: datetime | None = None) -> int:
    """Write notices and their deliveries, and wake a worker at commit. Returns how many notices are new."""
    if not planned:
        return 0
    now = now or timezone.now()
    planned = list({one.notice.key: one for one in reversed(planned)}.values())[::-1]
    places: dict[int, int] = {}  # many notices of one thing share their data, which is sent once
    shared: list[Jsonb] = []
    for one in planned:
        if id(one.notice.data) not in places:
            shared.append(Jsonb(one.notice.data))
            places[id(one.notice.data)] = len(shared)
    ways = [
        (one.notice.key, way, one.notice.charge_key if way.cost else "")
        for one in planned
        for way in one.deliveries
    ]
    parameters: list[Any] = [
        [one.notice.key for one in planned],
        [one.notice.person_id for one in planned],
        [one.notice.workspace_id for one in planned],
        [one.notice.event for one in planned],
        [places[id(one.notice.data)] for one in planned],
        [int(one.urgency) for one in planned],
        [one.until for one in planned],
        [one.notice.deadline_at for one in planned],
        [one.in_inbox for one in planned],
        [one.notice.is_test for one in planned],
        shared,
        now,
        now,
        [key for key, _, _ in ways],
        [way.contact_id for _, way, _ in ways],
        [way.channel for _, way, _ in ways],
        [way.step for _, way, _ in ways],
        [way.send_after for _, way, _ in ways],
        [way.lane for _, way, _ in ways],
        [way.strict for _, way, _ in ways],
        [way.in_digest for _, way, _ in ways],
        [way.cost for _, way, _ in ways],
        [charge for _, _, charge in ways],
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT, parameters)
        new, _ = cursor.fetchone()
        if new:
            enqueue_on_commit("notifications.send_due")
    return int(new)
