"""A worker's run: claim, send, write, until nothing is due."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Sequence
from datetime import datetime

import structlog
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.translation import gettext

from apps.notifications.channels.registry import channels
from apps.notifications.choices import DeliveryStatus, Urgency
from apps.notifications.choices import Outcome as Word
from apps.notifications.services.sending.claiming import Claim, claim, free_lost
from apps.notifications.services.sending.courier import Courier
from apps.notifications.services.sending.digests import make_digests
from apps.notifications.services.sending.loading import Parcel, load
from apps.notifications.services.sending.outcomes import Outcome, Tried, write

log = structlog.get_logger(__name__)

RUN_S = 10.0  # then other jobs have their turn
SWEEP_EVERY_S = 5.0
AT_ONCE = 256
BATCH = 100
LINGER_S = 2.0  # a retry due so soon is waited for; beat queues the next run every 5 s
COLLECT_S = 0.2

NEXT = """
SELECT extract(epoch FROM min(send_after) - %s) FROM notifications_delivery
WHERE status = 'waiting' AND NOT in_digest AND channel <> ALL(%s)
"""


def send_due(*, run_s: float = RUN_S, linger_s: float = LINGER_S) -> bool:
    """Send what is due, and what comes due in this while, for about `run_s`. Returns whether that was too short."""
    worker = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
    stop_at = time.monotonic() + run_s
    sweep_at, idle_s, is_over = 0.0, 0.0, False
    with Courier() as courier:
        while True:
            if time.monotonic() >= sweep_at:
                _sweep()
                sweep_at = time.monotonic() + SWEEP_EVERY_S
            is_over = time.monotonic() >= stop_at
            claims = [] if is_over else _claim(courier, worker)
            if claims:
                idle_s = 0.0
                _dispatch(courier, claims)
            _write(courier.collect(COLLECT_S if courier.is_busy else 0.0))
            if claims or courier.is_busy:
                continue
            if is_over or idle_s > linger_s or not _is_soon(courier, linger_s):
                break
            time.sleep(0.05 + idle_s / 4)
            idle_s += 0.05 + idle_s / 4
    return is_over


def _sweep() -> None:
    now = timezone.now()
    lost = free_lost(now)
    if lost:
        log.warning("deliveries_lost", number=lost)
    make_digests(now)


def _claim(courier: Courier, worker: str) -> list[Claim]:
    """What is urgent first."""
    room = min(BATCH, AT_ONCE - courier.flying.total())
    if room <= 0:
        return []
    now, shut = timezone.now(), courier.shut(channels())
    claims = claim(room, worker=worker, now=now, shut=shut, urgency=Urgency.HIGH)
    if len(claims) < room:
        claims += claim(room - len(claims), worker=worker, now=now, shut=shut)
    return claims


def _dispatch(courier: Courier, claims: Sequence[Claim]) -> None:
    parcels, outcomes = load(claims, now=timezone.now())
    for parcel in parcels:
        if settings.NOTIFICATIONS_LIVE or parcel.channel.is_internal:
            courier.send(parcel)
        else:
            outcomes.append(_dry(parcel, timezone.now()))
    _write(outcomes)


def _dry(parcel: Parcel, now: datetime) -> Tried:
    provider = parcel.provider or parcel.channel.providers()[0]
    return Tried(
        parcel.claim,
        DeliveryStatus.DRY_RUN,
        Word.DRY_RUN,
        provider,
        provider,
        parcel.tries,
        now,
        now,
        error=gettext("NOTIFICATIONS_LIVE is off"),
    )


def _write(outcomes: Sequence[Outcome]) -> None:
    """Write them; of two workers that wait for each other one is refused by the database, and tries again."""
    for rest in (2, 1, 0):
        try:
            return write(outcomes, now=timezone.now())
        except OperationalError as error:
            if not rest or getattr(error.__cause__, "sqlstate", "") != "40P01" or connection.in_atomic_block:
                raise


def _is_soon(courier: Courier, within_s: float) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [timezone.now(), courier.shut(channels())])
        seconds = cursor.fetchone()[0]
    return seconds is not None and seconds <= within_s
