"""How deliveries fare, by channel and provider: for staff. Four queries, whatever there is to count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.notifications.channels.registry import CHANNELS, channel_of, words_of

log = structlog.get_logger(__name__)

SPANS = {
    "hour": (timedelta(hours=1), "last hour"),
    "day": (timedelta(days=1), "last day"),
    "month": (timedelta(days=30), "last 30 days"),
}
ERRORS = 12

DELIVERIES = """
SELECT channel,
       count(*) FILTER (WHERE status = 'delivered'),
       count(*) FILTER (WHERE status IN ('failed', 'unknown')),
       count(*) FILTER (WHERE status = 'cancelled'),
       count(*) FILTER (WHERE status = 'dry_run'),
       percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
           ORDER BY extract(epoch FROM coalesce(arrived_at, ended_at) - due_at)::float8
       ) FILTER (WHERE status = 'delivered'),
       coalesce(sum(cost) FILTER (WHERE status = 'delivered'), 0)
FROM notifications_delivery WHERE ended_at IS NOT NULL AND ended_at > %s GROUP BY channel
"""
WAITING = """
SELECT channel, count(*), extract(epoch FROM %s - min(send_after))::float8
FROM notifications_delivery WHERE status = 'waiting' AND send_after <= %s AND NOT in_digest GROUP BY channel
"""
ATTEMPTS = """
SELECT d.channel, a.provider, count(*),
       count(*) FILTER (WHERE a.outcome IN ('delivered', 'found')),
       count(*) FILTER (WHERE a.outcome = 'refused'),
       count(*) FILTER (WHERE a.outcome IN ('fault', 'unclear', 'lost')),
       percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
           ORDER BY extract(epoch FROM a.ended_at - a.began_at)::float8 * 1000
       ) FILTER (WHERE a.outcome IN ('delivered', 'found')),
       sum(a.price) FILTER (WHERE a.price IS NOT NULL), max(a.currency)
FROM notifications_attempt AS a JOIN notifications_delivery AS d ON d.id = a.delivery_id
WHERE a.began_at > %s AND a.ended_at IS NOT NULL AND a.provider <> '' AND a.outcome <> 'dry_run'
GROUP BY d.channel, a.provider
"""
LAST_ERRORS = """
SELECT a.began_at, d.channel, a.provider, a.outcome, a.http_status, a.error
FROM notifications_attempt AS a JOIN notifications_delivery AS d ON d.id = a.delivery_id
WHERE a.began_at > %s AND a.error <> '' AND a.outcome <> 'dry_run'
ORDER BY a.began_at DESC, a.id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class ChannelNumbers:
    """Deliveries that ended; times count from when they were due, and include retries."""

    channel: str
    words: str
    delivered: int = 0
    failed: int = 0
    cancelled: int = 0
    dry_run: int = 0
    p50_s: float | None = None
    p95_s: float | None = None
    credits: int = 0
    waiting: int = 0
    oldest_s: float | None = None

    @property
    def failed_share(self) -> float | None:
        ended = self.delivered + self.failed
        return self.failed / ended if ended else None


@dataclass(frozen=True, slots=True)
class ProviderNumbers:
    """Attempts; `circuit` is closed, open (for so many seconds), probing, or unknown without Redis."""

    channel: str
    provider: str
    attempts: int = 0
    delivered: int = 0
    refused: int = 0
    faults: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    price: Decimal | None = None
    currency: str = ""
    circuit: str = "closed"
    open_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LastError:
    at: datetime
    channel: str
    provider: str
    outcome: str
    http_status: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Analytics:
    channels: list[ChannelNumbers]
    providers: list[ProviderNumbers]
    errors: list[LastError]


def analytics_of(span: str, *, now: datetime | None = None) -> Analytics:
    """The numbers of a span of SPANS until now: of channels and providers of which there is something to say."""
    now = now or timezone.now()
    since = now - SPANS[span][0]
    with connection.cursor() as cursor:
        cursor.execute(DELIVERIES, [since])
        ended = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(WAITING, [now, now])
        waiting = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(ATTEMPTS, [since])
        tried = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}
        cursor.execute(LAST_ERRORS, [since, ERRORS])
        errors = [LastError(*row) for row in cursor.fetchall()]
    return Analytics(_channels(ended, waiting), _providers(tried), errors)


def _channels(ended: dict[str, tuple[Any, ...]], waiting: dict[str, tuple[Any, ...]]) -> list[ChannelNumbers]:
    rows = []
    for kind in [*CHANNELS, *(ended.keys() - CHANNELS.keys())]:
        delivered, failed, cancelled, dry, times, cost = ended.get(kind, (0, 0, 0, 0, None, 0))
        number, oldest = waiting.get(kind, (0, None))
        p50, p95 = times if isinstance(times, list) else (None, None)
        if kind in ended or number:
            rows.append(
                ChannelNumbers(
                    kind, words_of(kind), delivered, failed, cancelled, dry, p50, p95, cost, number, oldest
                )
            )
    return rows


def _providers(tried: dict[tuple[str, str], tuple[Any, ...]]) -> list[ProviderNumbers]:
    known = [
        (kind, provider)
        for kind in CHANNELS
        for provider in channel_of(kind).providers()
        if channel_of(kind).has_breaker
    ]
    names = list(dict.fromkeys([*known, *sorted(tried)]))
    circuits = _circuits(names)
    rows = []
    for name in names:
        attempts, delivered, refused, faults, times, price, currency = tried.get(
            name, (0, 0, 0, 0, None, None, "")
        )
        if not attempts and circuits[name][0] == "closed":
            continue
        p50, p95 = times if isinstance(times, list) else (None, None)
        rows.append(
            ProviderNumbers(
                *name,
                attempts,
                delivered,
                refused,
                faults,
                p50,
                p95,
                price,
                currency or "",
                *circuits[name],
            )
        )
    return rows


def _circuits(names: list[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, float]]:
    """The state of each circuit breaker, as workers keep it in Redis."""
    prefix = settings.CACHES["default"].get("KEY_PREFIX", "candlewright")
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        pipeline = client.pipeline(transaction=False)
        pipeline.time()
        for kind, provider in names:
            pipeline.hget(f"{prefix}:circuit:{kind}:{provider}", "till")
        (seconds, micros), *tills = pipeline.execute()
    except (redis.RedisError, OSError) as error:
        log.warning("circuits_unknown", error=str(error))
        return dict.fromkeys(names, ("unknown", 0.0))
    finally:
        client.close()
    now = seconds + micros / 1e6
    found = {}
    for name, till in zip(names, tills, strict=True):
        left = float(till or 0) / 1000 - now
        found[name] = ("closed", 0.0) if not till else ("open", left) if left > 0 else ("probing", 0.0)
    return found
