"""Routing by cost: of the channels that a notice would take, the cheapest that arrive in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from apps.core.arrays import integers
from apps.notifications.channels.registry import channel_of
from apps.notifications.choices import DeliveryStatus
from apps.notifications.models import ChannelSpeed, Delivery
from apps.notifications.rules.routing import BOUNDS, Routing, Speed, route, speed_of
from apps.notifications.selectors import Reader, month_of
from apps.notifications.services.plans import NewNotice, PlannedDelivery

MEASURED_DAYS = 30


@dataclass
class Routes:
    """What routing needs to know of the people of a batch. `left` goes down as notices of the batch are planned."""

    wishes: dict[tuple[int, str], int]
    speeds: dict[tuple[int | None, str], Speed]
    left: dict[int, int]


WISHES = """
SELECT person_id, event, within_s FROM notifications_arrivalwish WHERE person_id = ANY(%s::bigint[]) AND event = ANY(%s)
"""


def read_routes(notices: Sequence[NewNotice], readers: Mapping[int, Reader]) -> Routes:
    """By one query where nobody asked for routing, else by two or, with budgets, three."""
    with connection.cursor() as cursor:
        cursor.execute(WISHES, [integers(readers), list({notice.event for notice in notices})])
        wishes = {(person, event): within_s for person, event, within_s in cursor.fetchall()}
    people = {person for person, _ in wishes}
    people |= {notice.person_id for notice in notices if notice.within_s and notice.person_id in readers}
    if not people:
        return Routes(wishes, {}, {})
    measured = ChannelSpeed.objects.filter(Q(person=None) | Q(person_id__in=people))
    speeds = {
        (row.person_id, row.channel): Speed(
            row.deliveries, tuple(row.within), row.p95_s, "you" if row.person_id else "everybody"
        )
        for row in measured
        if len(row.within) == len(BOUNDS)
    }
    budgets = {person: budget for person in people if (budget := readers[person].budget) is not None}
    return Routes(wishes, speeds, _left(budgets) if budgets else {})


def _left(budgets: Mapping[int, int]) -> dict[int, int]:
    """What is left of each budget in this month, where what is on its way counts as spent."""
    spent: dict[int, int] = dict(
        Delivery.objects.filter(
            person_id__in=list(budgets),
            created_at__gte=month_of(timezone.now()),
            cost__gt=0,
            status__in=(DeliveryStatus.WAITING, DeliveryStatus.SENDING, DeliveryStatus.DELIVERED),
        )
        .values_list("person_id")
        .annotate(spent=Sum("cost"))
    )
    return {person: budget - spent.get(person, 0) for person, budget in budgets.items()}


def routed(
    notice: NewNotice, deliveries: list[PlannedDelivery], routes: Routes, now: datetime
) -> tuple[list[PlannedDelivery], Routing | None]:
    """The deliveries that are left when a notice is to arrive by the cheapest channels, and how they were chosen.

    What goes to programs, to the inbox or into a digest is not part of the choice. The next best channel is kept as a
    second step, for when the first ones fail or are late.
    """
    person = notice.person_id
    within_s = notice.within_s or routes.wishes.get((person, notice.event))
    if not within_s:
        return deliveries, None
    by_channel: dict[str, list[PlannedDelivery]] = defaultdict(list)
    for delivery in deliveries:
        if channel_of(delivery.channel).interrupts and not delivery.in_digest:
            by_channel[delivery.channel].append(delivery)
    speeds = {
        kind: speed_of(kind, routes.speeds.get((person, kind)), routes.speeds.get((None, kind)))
        for kind in by_channel
    }
    costs = {kind: sum(one.cost for one in ways) for kind, ways in by_channel.items()}
    routing = route(costs, speeds, within_s, budget_left=routes.left.get(person))
    if routing is None:
        return deliveries, None
    kept = [one for one in deliveries if one.channel not in by_channel or one.in_digest]
    kept += _as_step(1, routing.chosen, by_channel, timedelta())
    kept += _as_step(2, (routing.then,), by_channel, timedelta(seconds=within_s))
    if person in routes.left:
        routes.left[person] -= sum(one.cost for one in kept)
    return kept, routing


def _as_step(
    step: int, channels: Collection[str], by_channel: Mapping[str, list[PlannedDelivery]], later: timedelta
) -> Iterable[PlannedDelivery]:
    for channel in channels:
        for one in by_channel.get(channel, ()):
            yield one._replace(step=step, send_after=one.send_after + later)


_WITHIN = ", ".join(f"count(*) FILTER (WHERE took <= {bound})" for bound in BOUNDS)
# One that failed is late for ever. One of a person and a channel, then of all people.
MEASURE = f"""
WITH ended AS (
    SELECT person_id, channel,
           CASE WHEN status = 'delivered' THEN extract(epoch FROM coalesce(arrived_at, ended_at) - due_at)::float8
           END AS took
    FROM notifications_delivery
    WHERE ended_at IS NOT NULL AND ended_at > %(since)s AND status IN ('delivered', 'failed', 'unknown')
      AND channel <> 'inbox'
)
INSERT INTO notifications_channelspeed (person_id, channel, deliveries, within, p95_s, measured_at)
SELECT person_id, channel, count(*), ARRAY[{_WITHIN}],
       nullif(percentile_disc(0.95) WITHIN GROUP (ORDER BY coalesce(took, 'Infinity')), 'Infinity'), %(now)s
FROM ended GROUP BY GROUPING SETS ((person_id, channel), (channel))
ON CONFLICT ON CONSTRAINT notifications_channelspeed_once DO UPDATE
SET deliveries = excluded.deliveries, within = excluded.within, p95_s = excluded.p95_s,
    measured_at = excluded.measured_at
"""  # noqa: S608  the bounds are numbers of ours


@transaction.atomic
def measure_speeds(*, now: datetime | None = None) -> int:
    """Measure how fast each channel was for each person in the last 30 days. Returns the number of rows."""
    now = now or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(MEASURE, {"since": now - timedelta(days=MEASURED_DAYS), "now": now})
        number = int(cursor.rowcount)
    ChannelSpeed.objects.filter(measured_at__lt=now).delete()
    return number
