"""Webhooks of gateways: verified, stored once, answered; worked off afterwards.

An event only says which objects changed. They are asked for while the lock of their subject is held, so the state that
is applied last is the newest, whatever order, number or delay the events came with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from apps.billing.errors import GatewayUnreachable
from apps.billing.gateways.registry import gateway
from apps.billing.models import GatewayCustomer, GatewayEvent
from apps.billing.services.applying import apply_states
from apps.core.errors import DomainError
from apps.core.jobs import enqueue, enqueue_on_commit

log = structlog.get_logger(__name__)

TASK = "billing.work_off"
SOON = timedelta(seconds=30)  # by then the message has come, or was lost and the sweep does it
LONGEST_PAUSE = timedelta(hours=1)
ALARMING = 10  # so many tries, about three hours, and staff are told


def subject_of(workspace_id: int, code: str, otherwise: str) -> str:
    """What the gateway's events about a workspace are worked off under: its customer, or what stands for it."""
    customer = GatewayCustomer.objects.filter(workspace_id=workspace_id, gateway=code).first()
    return customer.external_id if customer else otherwise


@contextmanager
def subject_locked(code: str, subject: str) -> Iterator[None]:
    """A transaction in which nobody else asks this gateway about this subject, so that no older answer comes later."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 8))", [f"{code}:{subject}"])
        yield


@transaction.atomic
def take_event(code: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Store a webhook if it is new, and have it worked off. Returns whether it was.

    One statement; nothing is asked of the gateway. Raises SignatureWrong, NotificationBroken, UnknownGateway.
    """
    told = gateway(code).read_notification(body, headers)
    if told is None:
        return False
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO billing_gatewayevent (uuid, created_at, updated_at, gateway, event_id, kind, subject,
                objects_named, made_at, received_at, due_at, tries, trouble)
            VALUES (gen_random_uuid(), %(now)s, %(now)s, %(gateway)s, %(event)s, %(kind)s, %(subject)s,
                %(objects)s::jsonb, %(made)s, %(now)s, %(due)s, 0, '')
            ON CONFLICT (gateway, event_id) DO NOTHING RETURNING id
            """,
            {
                "now": now,
                "gateway": code,
                "event": told.event_id,
                "kind": told.kind,
                "subject": told.subject,
                "objects": GatewayEvent._meta.get_field("objects_named").get_db_prep_value(  # type: ignore[union-attr]
                    [list(one) for one in told.objects], connection
                ),
                "made": told.made_at,
                "due": now + SOON,
            },
        )
        is_new = cursor.fetchone() is not None
    if is_new:
        enqueue_on_commit(TASK, code=code, subject=told.subject)
    return is_new


def work_off(code: str, subject: str) -> int:
    """Bring everything that waits about a subject up to the gateway's present state. Returns how many events ended.

    What fails is tried again later, after a longer pause each time; nothing is dropped.
    """
    asked: list[int] = []
    try:
        with subject_locked(code, subject):
            events = list(
                GatewayEvent.objects.filter(gateway=code, subject=subject, done_at=None).order_by("id")
            )
            asked = [event.pk for event in events]
            if not events:
                return 0
            named = dict.fromkeys((kind, key) for event in events for kind, key in event.objects_named)
            apply_states(code, gateway(code).fetch(named))
            GatewayEvent.objects.filter(pk__in=asked).update(
                done_at=timezone.now(), tries=F("tries") + 1, trouble=""
            )
    except Exception as error:
        _try_again(code, subject, asked, error)
        if not isinstance(error, GatewayUnreachable):
            log.exception("gateway_event_failed", gateway=code, subject=subject)
        return 0
    return len(asked)


def work_off_due() -> int:
    """Queue every subject whose events wait for longer than they should: lost messages, dead workers, retries."""
    due = (
        GatewayEvent.objects.filter(done_at=None, due_at__lte=timezone.now())
        .order_by()
        .values_list("gateway", "subject")
        .distinct()
    )
    found = list(due)
    for code, subject in found:
        enqueue(TASK, code=code, subject=subject)
    return len(found)


def _try_again(code: str, subject: str, asked: list[int], error: Exception) -> None:
    """Put the events off, longer after each try. `asked` is empty when even reading them failed."""
    waiting = GatewayEvent.objects.filter(gateway=code, subject=subject, done_at=None, pk__in=asked)
    tries = max(waiting.values_list("tries", flat=True), default=0) + 1
    told = str(error) if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"
    pause = min(LONGEST_PAUSE, timedelta(seconds=15 * 2**tries))
    waiting.update(tries=tries, trouble=told[:500], due_at=timezone.now() + pause)
    if tries == ALARMING:
        log.error("gateway_event_stuck", gateway=code, subject=subject, events=len(asked), trouble=told)
