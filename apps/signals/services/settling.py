"""What firings came to: credits settled, each firing's end, each signal's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import connection, transaction
from django.utils import timezone

from apps.billing.errors import LedgerRefused
from apps.billing.services.credits import Refund, refund_many, settle_many
from apps.notifications.selectors import NoticeEnd, ends_of
from apps.notifications.services import Charge, LateFailure, take_ended_charges, take_late_failures
from apps.signals.choices import FiringState
from apps.signals.models import Firing

log = structlog.get_logger(__name__)
T = TypeVar("T")

PAGE = 5000

SPENT = """
UPDATE signals_firing AS f SET spent = charge.cost
FROM unnest(%s::text[], %s::integer[]) AS charge (key, cost) WHERE f.key = charge.key
"""

GIVEN_BACK = """
UPDATE signals_firing AS f SET spent = greatest(f.spent - late.cost, 0)
FROM (
    SELECT key, sum(cost)::integer AS cost FROM unnest(%s::text[], %s::integer[]) AS one (key, cost) GROUP BY key
) AS late
WHERE f.key = late.key
"""

END_FIRINGS = """
UPDATE signals_firing AS f SET state = ended.state, ended_at = %s,
    spent = coalesce(f.spent, CASE f.held WHEN 0 THEN 0 END)
FROM unnest(%s::text[], %s::text[]) AS ended (key, state) WHERE f.key = ended.key AND f.state = 'queued'
"""

# Looks at the signals, not at what ended just now: two workers that each ended half of a signal's firings miss nothing.
END_SIGNALS = """
WITH ended AS (
    SELECT s.id, EXISTS (SELECT FROM signals_firing AS f WHERE f.signal_id = s.id
        AND f.state IN ('delivered', 'partly', 'dry_run')) AS told
    FROM signals_signal AS s
    WHERE s.status = 'matched'
      AND NOT EXISTS (SELECT FROM signals_firing AS f WHERE f.signal_id = s.id AND f.state = 'queued')
    ORDER BY s.id LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
), moved AS (
    UPDATE signals_signal AS s SET status = CASE WHEN told THEN 'delivered' ELSE 'rejected' END,
        reason = CASE WHEN told THEN '' ELSE 'undelivered' END, updated_at = %s
    FROM ended WHERE s.id = ended.id RETURNING s.id, s.status, s.reason
)
INSERT INTO signals_signalstep (signal_id, status, reason, at)
SELECT id, status, reason, %s FROM moved ORDER BY id
"""


def settle_firings(*, limit: int = 1000) -> int:
    """Settle charges whose deliveries have ended, and note how firings and signals ended. Returns the charges."""
    taken = 0
    while charges := _settle(limit):
        taken += charges
    while _refund(limit):
        pass
    _end_firings()
    with connection.cursor() as cursor:
        now = timezone.now()
        cursor.execute(END_SIGNALS, [now, now])
    return taken


@transaction.atomic
def _settle(limit: int) -> int:
    charges = take_ended_charges(limit=limit)
    settled = _accepted(charges, _settle_charges, "charge_refused")
    if settled:
        with connection.cursor() as cursor:
            cursor.execute(SPENT, [[charge.key for charge in settled], [charge.cost for charge in settled]])
    return len(charges)


def _accepted(items: list[T], act: Callable[[list[T]], object], refused: str) -> list[T]:
    """Those that the ledger took. One that it refuses holds up no other: what it holds stays held, and staff see it."""
    try:
        act(items)
    except LedgerRefused as error:
        if len(items) == 1:
            log.error(refused, what=items[0], error=str(error))
            return []
        return [good for one in items for good in _accepted([one], act, refused)]
    return items


def _settle_charges(charges: list[Charge]) -> None:
    settle_many((charge.key, charge.cost) for charge in charges)


@transaction.atomic
def _refund(limit: int) -> int:
    """Give back what deliveries cost that turned out later not to have arrived. Returns how many."""
    late = take_late_failures(limit=limit)
    given_back = _accepted(late, _refund_failures, "refund_refused")
    if given_back:
        with connection.cursor() as cursor:
            cursor.execute(GIVEN_BACK, [[one.key for one in given_back], [one.cost for one in given_back]])
    return len(late)


def _refund_failures(late: list[LateFailure]) -> None:
    refund_many(Refund(one.key, f"late:{one.delivery}", one.cost) for one in late)


def _end_firings() -> None:
    after = 0
    while True:
        queued = Firing.objects.filter(state=FiringState.QUEUED, pk__gt=after).order_by("pk")
        page = list(queued.values_list("pk", "key")[:PAGE])
        if not page:
            return
        after = page[-1][0]
        ends = [(end.key, _state(end)) for end in ends_of(key for _, key in page)]
        if ends:
            with connection.cursor() as cursor:
                cursor.execute(
                    END_FIRINGS, [timezone.now(), [key for key, _ in ends], [state for _, state in ends]]
                )


def _state(end: NoticeEnd) -> str:
    if end.delivered and end.failed:
        return FiringState.PARTLY.value
    if end.failed:
        return FiringState.FAILED.value
    if end.dry_run:
        return FiringState.DRY_RUN.value
    return FiringState.DELIVERED.value if end.delivered else FiringState.CANCELLED.value
