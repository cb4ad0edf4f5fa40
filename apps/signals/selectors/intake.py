"""How the intake does, over all workspaces: for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from apps.signals.models import AlertSource, SecurityEvent

MOST_SOURCES = 50

DEPTH = """
SELECT
    (SELECT count(*) FROM signals_alert WHERE status = 'received'),
    (SELECT min(received_at) FROM signals_alert WHERE status = 'received'),
    (SELECT count(*) FROM signals_signal WHERE status = 'validated'),
    (SELECT min(received_at) FROM signals_signal WHERE status = 'validated'),
    (SELECT count(*) FROM signals_alert WHERE status = 'rejected'),
    (SELECT count(*) FROM signals_alert WHERE status = 'failed' AND received_at > %(day)s),
    (SELECT count(*) FROM signals_firing WHERE state = 'queued'),
    (SELECT coalesce(sum(held), 0) FROM signals_firing WHERE state = 'queued')
"""
RATES = """
SELECT source_id, count(*), count(*) FILTER (WHERE status = 'rejected'),
       count(*) FILTER (WHERE received_at > %(hour)s),
       count(*) FILTER (WHERE received_at > %(hour)s AND status = 'rejected'),
       count(*) FILTER (WHERE received_at > %(minute)s), max(received_at)
FROM signals_alert WHERE received_at > %(day)s
GROUP BY source_id ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
MINUTES = """
SELECT date_trunc('minute', received_at), count(*), count(*) FILTER (WHERE status = 'rejected')
FROM signals_alert WHERE received_at > %(hour)s GROUP BY 1
"""
HOURS = """
SELECT date_trunc('hour', received_at), count(*), count(*) FILTER (WHERE status = 'rejected')
FROM signals_alert WHERE received_at > %(day)s GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits between the POST and the last message, and since when the oldest does."""

    alerts: int
    alerts_since: datetime | None
    signals: int
    signals_since: datetime | None
    for_review: int
    failed_today: int
    firings: int
    credits_held: int


@dataclass(frozen=True, slots=True)
class Rate:
    """What a source sent."""

    source: AlertSource
    day: int
    day_refused: int
    hour: int
    hour_refused: int
    minute: int
    last_at: datetime

    @property
    def refused_share(self) -> float:
        return self.day_refused / self.day


@dataclass(frozen=True, slots=True)
class Span:
    """A minute or an hour: how many alerts came, and how many of them were refused."""

    begin: datetime
    alerts: int
    refused: int


def intake_depth() -> Depth:
    with connection.cursor() as cursor:
        cursor.execute(DEPTH, {"day": timezone.now() - timedelta(days=1)})
        return Depth(*cursor.fetchone())


def intake_rates(*, most: int = MOST_SOURCES) -> list[Rate]:
    """The sources that sent most in the last day. A repeat is not counted: an alert counts once."""
    now = timezone.now()
    spans = {
        "minute": now - timedelta(minutes=1),
        "hour": now - timedelta(hours=1),
        "day": now - timedelta(days=1),
    }
    with connection.cursor() as cursor:
        cursor.execute(RATES, {**spans, "most": most})
        rows = cursor.fetchall()
    sources = AlertSource.objects.select_related("workspace").in_bulk([row[0] for row in rows])
    return [Rate(sources[pk], *counts) for pk, *counts in rows if pk in sources]


def last_hour() -> list[Span]:
    """Sixty minutes up to this one, also those in which nothing came."""
    now = timezone.now().replace(second=0, microsecond=0)
    return _spans(MINUTES, {"hour": now - timedelta(minutes=59)}, now, timedelta(minutes=1), 60)


def last_day() -> list[Span]:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    return _spans(HOURS, {"day": now - timedelta(hours=23)}, now, timedelta(hours=1), 24)


def turned_away() -> list[tuple[str, int]]:
    """Requests of the last day that nothing was stored of, by reason."""
    kinds = (
        SecurityEvent.objects.filter(minute__gt=timezone.now() - timedelta(days=1))
        .values_list("kind")
        .annotate(total=Sum("count"))
        .order_by("-total", "kind")
    )
    words = dict(SecurityEvent._meta.get_field("kind").flatchoices)
    return [(words.get(kind, kind), total) for kind, total in kinds]


def _spans(
    statement: str, since: dict[str, datetime], now: datetime, step: timedelta, number: int
) -> list[Span]:
    with connection.cursor() as cursor:
        cursor.execute(statement, since)
        counted = {begin: counts for begin, *counts in cursor.fetchall()}
    begins = [now - step * back for back in reversed(range(number))]
    return [Span(begin, *counted.get(begin, (0, 0))) for begin in begins]
