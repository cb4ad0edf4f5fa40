"""From what is to be told to the rows that workers send: a constant number of statements, however many people.

`plan_notices` reads, decides and changes nothing; it says what each notice would cost. `queue_planned` writes. A room
that must be paid first does so in between, in the same transaction.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from django.db import connection, transaction
from django.utils import timezone, translation
from psycopg.types.json import Jsonb

from apps.core.arrays import integers, texts
from apps.core.jobs import enqueue_on_commit
from apps.core.quotas import plan_holds
from apps.engine.lang import FormulaError
from apps.engine.lang.payloads import compile_condition
from apps.notifications.channels.registry import CHANNELS, channel_of, channels
from apps.notifications.choices import Mode, Until, Urgency
from apps.notifications.models import Ladder
from apps.notifications.rules.codes import CODE
from apps.notifications.rules.events import Event, event_of
from apps.notifications.rules.planning import plan
from apps.notifications.selectors import Reader, readers_of, tariff
from apps.notifications.services.plans import NewNotice, PlannedDelivery, PlannedNotice, settled
from apps.notifications.services.routing import Routes, read_routes, routed


@dataclass(frozen=True, slots=True)
class _Contact:
    """What the plan needs of a contact that can be used."""

    pk: int
    workspace_id: int | None
    options: Mapping[str, Any]
    is_verified: bool


@dataclass
class _Wishes:
    """What the plan of a batch needs to know of its people and the installation, read once."""

    readers: dict[int, Reader]
    modes: dict[tuple[int, str, str], str]
    contacts: dict[tuple[int, str], list[_Contact]]
    ladders: dict[int, Ladder]
    prices: dict[str, int]
    routes: Routes
    discreet: set[int | None]
    set_up: Collection[str]


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
        _plan_one(_worded(notice, wishes.readers[notice.person_id]), crc32(notice.key.encode()), wishes, now)
        for notice in notices
        if notice.person_id in wishes.readers
    ]


def _worded(notice: NewNotice, reader: Reader) -> NewNotice:
    """The notice with its words, in the language of whom it is for."""
    with translation.override(reader.language):
        return notice._replace(data=settled(notice.data() if callable(notice.data) else notice.data))


# Not by the ORM: of thousands of people it looks at each one, for each query.
CHOSEN = """
SELECT person_id, event, channel, mode FROM notifications_preference
WHERE person_id = ANY(%s::bigint[]) AND event = ANY(%s)
"""

# Codes alone go to those that are not confirmed yet.
USABLE = """
SELECT c.id, c.person_id, c.channel, c.workspace_id, c.options, c.verified_at IS NOT NULL, w.plan_code, w.plan_version
FROM notifications_contact AS c LEFT JOIN accounts_workspace AS w ON w.id = c.workspace_id
WHERE c.person_id = ANY(%s::bigint[]) AND c.disabled_at IS NULL AND (%s OR c.verified_at IS NOT NULL) ORDER BY c.id
"""


def _read_wishes(notices: Sequence[NewNotice]) -> _Wishes:
    ids = {notice.person_id for notice in notices}
    people = integers(ids)
    names = list({notice.event for notice in notices})
    contacts: dict[tuple[int, str], list[_Contact]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(CHOSEN, [people, names])
        modes = {(person, event, channel): mode for person, event, channel, mode in cursor.fetchall()}
        cursor.execute(USABLE, [people, CODE.name in names])
        rows = cursor.fetchall()
    for pk, person_id, channel, workspace_id, options, is_verified, code, version in rows:
        if channel == "webhook" and workspace_id and not plan_holds(code, version, "can.send_webhooks"):
            continue  # it stays, and hears nothing until the plan has webhooks again
        contact = _Contact(pk, workspace_id, json.loads(options), is_verified)
        contacts[person_id, channel].append(contact)
    ladder_ids = {notice.ladder_id for notice in notices} - {None}
    readers = readers_of(ids)
    return _Wishes(
        readers=readers,
        modes=modes,
        contacts=contacts,
        ladders=Ladder.objects.in_bulk(ladder_ids) if ladder_ids else {},
        prices=tariff(),
        routes=read_routes(notices, readers),
        discreet={one.pk for some in contacts.values() for one in some if one.options.get("discreet")},
        set_up={channel.kind for channel in channels() if channel.is_set_up},
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
    # what a message keeps behind the log-in must be found there
    in_inbox = in_inbox or any(one.contact_id in wishes.discreet for one in deliveries)
    until, routing = ladder.until if ladder else "", None
    if ladder is None and not notice.is_test and not event.required:
        deliveries, routing = routed(notice, deliveries, wishes.routes, now)
        until = Until.DELIVERED if routing else ""
    return PlannedNotice(notice, urgency, until, in_inbox, tuple(deliveries), routing)


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
    if kind not in wishes.set_up:
        return
    chosen = wishes.modes.get((notice.person_id, event.name, kind))
    if (chosen is None and notice.channels is not None) or (step and chosen != Mode.OFF):
        chosen = Mode.NOW
    reader = wishes.readers[notice.person_id]
    mode = event.mode(kind, chosen)
    by_contact = chosen is None and mode == Mode.OFF  # then only those that list the event themselves take it
    due = plan(
        when,
        reader.clock,
        event,
        Mode.NOW if by_contact else mode,
        urgency,
        interrupts=channel.interrupts,
        is_test=notice.is_test,
    )
    if due is None:
        return
    for contact_id, options in _targets(notice, kind, reader.has_mail, wishes):
        if by_contact and not options.get("events") and not notice.is_test:
            continue
        field = options.get("ordered_by")
        split = crc32(str(notice.said.get(field, "")).encode()) if field else serial
        lane, strict = channel.lane(notice.person_id, contact_id, options, split)
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
    notice: NewNotice, kind: str, has_mail: bool, wishes: _Wishes
) -> Iterable[tuple[int | None, Mapping[str, Any]]]:
    """Every contact of the channel; without one, the account itself where the channel can do with that."""
    found = False
    for contact in wishes.contacts.get((notice.person_id, kind), ()):
        if contact.workspace_id not in (None, notice.workspace_id):
            continue
        if not contact.is_verified and notice.event != CODE.name:
            continue
        found = True
        if notice.contact_ids is not None and contact.pk not in notice.contact_ids:
            continue
        if notice.is_test or notice.event == CODE.name or _wants(contact.options, notice):
            yield contact.pk, contact.options
    if not found and not channel_of(kind).needs_contact and (kind != "email" or has_mail):
        yield None, {}


def _wants(options: Mapping[str, Any], notice: NewNotice) -> bool:
    """Whether a contact takes it: `events` lists names or beginnings ("signals.*"), none: all; `filter` is a condition
    in the formula language over the data."""
    event, patterns = notice.event, options.get("events")
    if patterns and not any(
        event == pattern or (pattern.endswith("*") and event.startswith(pattern[:-1])) for pattern in patterns
    ):
        return False
    condition = options.get("filter")
    if not condition:
        return True
    urgency = Urgency(notice.urgency or event_of(event).urgency).name.lower()
    try:
        return compile_condition(condition).holds({"event": event, "urgency": urgency, **notice.said})
    except FormulaError:  # kept before the language lost a word: better too much than nothing
        return True


# What many notices and deliveries share is sent once and named by its place.
INSERT = """
WITH shared AS (
    SELECT * FROM unnest(
        %s::jsonb[], %s::bigint[], %s::text[], %s::smallint[], %s::text[], %s::timestamptz[], %s::boolean[],
        %s::boolean[], %s::jsonb[], %s::integer[]
    ) WITH ORDINALITY AS row (data, workspace_id, event, urgency, until, deadline_at, in_inbox, is_test, routing,
                              saved, place)
), incoming AS (
    SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::integer[])
        WITH ORDINALITY AS row (key, person_id, charge_key, place, number)
), told AS (
    INSERT INTO notifications_notice
        (uuid, person_id, workspace_id, event, key, data, urgency, until, deadline_at, created_at, read_at,
         acknowledged_at, acknowledged_by, in_inbox, is_test, routing, saved)
    SELECT gen_random_uuid(), person_id, workspace_id, event, key, data, urgency, until, deadline_at, %s, NULL,
           NULL, '', in_inbox, is_test, routing, saved
    FROM incoming JOIN shared USING (place) ORDER BY key COLLATE "C"
    ON CONFLICT (key) DO NOTHING
    RETURNING id, key, person_id, urgency
), planned AS (
    INSERT INTO notifications_delivery
        (uuid, notice_id, person_id, contact_id, channel, step, status, urgency, send_after, lane, strict,
         in_digest, attempts, tries, is_doubtful, worker, provider, provider_id, currency, cost, charge_key,
         error, refund_due, end_awaited, created_at, due_at)
    SELECT gen_random_uuid(), told.id, told.person_id, way.contact_id, kind.channel, kind.step, 'waiting',
           told.urgency, kind.send_after, way.lane, kind.strict, kind.in_digest, 0, 0, false, '', '', '', '',
           kind.cost, CASE WHEN kind.cost > 0 THEN incoming.charge_key ELSE '' END, '', false,
           incoming.charge_key <> '', %s, kind.send_after
    FROM unnest(%s::integer[], %s::bigint[], %s::text[], %s::integer[])
        WITH ORDINALITY AS way (number, contact_id, lane, place, turn)
    JOIN unnest(%s::text[], %s::smallint[], %s::timestamptz[], %s::boolean[], %s::boolean[], %s::integer[])
        WITH ORDINALITY AS kind (channel, step, send_after, strict, in_digest, cost, place) USING (place)
    JOIN incoming USING (number)
    JOIN told USING (key)
    ORDER BY way.turn
    RETURNING id
)
SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM planned)
"""

# Whoever waits for the end of a notice that has no way at all finds it ended.
NOWHERE = """
INSERT INTO notifications_delivery
    (uuid, notice_id, person_id, channel, step, status, urgency, send_after, lane, strict, in_digest, attempts, tries,
     is_doubtful, worker, provider, provider_id, currency, cost, charge_key, error, refund_due, end_awaited,
     created_at, due_at, ended_at)
SELECT gen_random_uuid(), n.id, n.person_id, 'inbox', 0, 'cancelled', n.urgency, %(now)s, '', false, false, 0, 0,
       false, '', '', '', '', 0, '', 'the person wants it nowhere', false, true, %(now)s, %(now)s, %(now)s
FROM notifications_notice AS n
WHERE n.key = ANY(%(keys)s)
  AND NOT EXISTS (SELECT FROM notifications_delivery AS d WHERE d.notice_id = n.id)
ORDER BY n.id
ON CONFLICT DO NOTHING
"""


def queue_planned(planned: Sequence[PlannedNotice], *, now: datetime | None = None) -> int:
    """Write notices and their deliveries, and wake a worker at commit. Returns how many notices are new."""
    if not planned:
        return 0
    now = now or timezone.now()
    planned = list({one.notice.key: one for one in reversed(planned)}.values())[::-1]
    shared: dict[tuple[Any, ...], int] = {}
    kinds: dict[tuple[Any, ...], int] = {}
    said: dict[int, Jsonb | None] = {id(None): None}
    places: list[int] = []
    ways: list[tuple[int, int | None, str, int]] = []
    for number, one in enumerate(planned, start=1):
        notice = one.notice
        said.setdefault(id(notice.said), Jsonb(notice.said))
        if one.routing:
            said.setdefault(id(one.routing), Jsonb(one.routing.as_json()))
        common = (
            id(notice.said),
            notice.workspace_id,
            notice.event,
            int(one.urgency),
            one.until,
            notice.deadline_at,
            one.in_inbox,
            notice.is_test,
            id(one.routing),
            one.routing.saved if one.routing else 0,
        )
        places.append(shared.setdefault(common, len(shared) + 1))
        for way in one.deliveries:
            kind = (way.channel, way.step, way.send_after, way.strict, way.in_digest, way.cost)
            ways.append((number, way.contact_id, way.lane, kinds.setdefault(kind, len(kinds) + 1)))
    parameters: list[Any] = [
        [said[common[0]] for common in shared],
        *([common[column] for common in shared] for column in range(1, 8)),
        [said[common[8]] for common in shared],
        [common[9] for common in shared],
        texts(one.notice.key for one in planned),
        integers(one.notice.person_id for one in planned),
        texts(one.notice.charge_key for one in planned),
        integers(places),
        now,
        now,
        integers(number for number, _, _, _ in ways),
        integers(contact_id for _, contact_id, _, _ in ways),
        texts(lane for _, _, lane, _ in ways),
        integers(place for _, _, _, place in ways),
        *([kind[column] for kind in kinds] for column in range(6)),
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT, parameters)
        new, _ = cursor.fetchone()
        nowhere = [one.notice.key for one in planned if one.notice.charge_key and not one.deliveries]
        if nowhere:
            cursor.execute(NOWHERE, {"keys": nowhere, "now": now})
        if new:
            enqueue_on_commit("notifications.send_due")
    return int(new)
