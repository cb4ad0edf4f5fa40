"""What firings came to: credits settled, each firing's end, each signal's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import connection, transaction
from django.utils import timezone

from apps.billing.errors import LedgerRefused
from apps.billing.services.credits import Refund, refund_many, settle_many
from apps.notifications.services import LateFailure, NoticeEnd, take_ends, take_late_failures
from apps.signals.choices import FiringState

log = structlog.get_logger(__name__)
T = TypeVar("T")

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
RETURNING f.signal_id
"""

# Two workers may each end half of a signal's firings: the second one waits here, and looks when the first is done.
LOCK_SIGNALS = """
SELECT id FROM signals_signal WHERE id = ANY(%s) AND status = 'matched' ORDER BY id FOR NO KEY UPDATE
"""

END_SIGNALS = """
WITH ended AS (
    SELECT s.id, EXISTS (SELECT FROM signals_firing AS f WHERE f.signal_id = s.id
        AND f.state IN ('delivered', 'partly', 'dry_run')) AS told
    FROM signals_signal AS s
    WHERE s.id = ANY(%s) AND s.status = 'matched'
      AND NOT EXISTS (SELECT FROM signals_firing AS f WHERE f.signal_id = s.id AND f.state = 'queued')
), moved AS (
    UPDATE signals_signal AS s SET status = CASE WHEN told THEN 'delivered' ELSE 'rejected' END,
        reason = CASE WHEN told THEN '' ELSE 'undelivered' END, updated_at = %s
    FROM ended WHERE s.id = ended.id RETURNING s.id, s.status, s.reason
)
INSERT INTO signals_signalstep (signal_id, status, reason, at)
SELECT id, status, reason, %s FROM moved ORDER BY id
"""


# Their firings went with their person's alarms, or with what the plan keeps no longer.
LEFT_SIGNALS = """
SELECT s.id FROM signals_signal AS s
WHERE s.status = 'matched' AND NOT EXISTS (
    SELECT FROM signals_firing AS f WHERE f.signal_id = s.id AND f.state = 'queued')
"""


def settle_firings(*, limit: int = 1000) -> int:
    """Settle what ended deliveries cost, and note how firings and signals ended. Returns how many deliveries.

    Reads what ended since the last time: with nothing ended, two statements, however much is on its way.
    """
    taken = 0
    while ended := _settle(limit):
        taken += ended
    while _refund(limit):
        pass
    return taken


@transaction.atomic
def _settle(limit: int) -> int:
    taken, ends = take_ends(limit=limit)
    charges = [(end.charge_key, end.cost) for end in ends if end.cost is not None]
    settled = _accepted(charges, settle_many, "charge_refused")
    with connection.cursor() as cursor:
        if settled:
            cursor.execute(SPENT, [[key for key, _ in settled], [cost for _, cost in settled]])
        if ends:
            keys, states = [end.key for end in ends], [_state(end) for end in ends]
            cursor.execute(END_FIRINGS, [timezone.now(), keys, states])
            _end_signals({signal for (signal,) in cursor.fetchall()})
    return taken


@transaction.atomic
def end_left_signals() -> int:
    """End the signals whose last open firings are gone. Reads all that are on their way. Returns how many ended."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT_SIGNALS)
        return _end_signals({signal for (signal,) in cursor.fetchall()})


def _end_signals(signals: set[int]) -> int:
    """End those of these signals that wait for no firing any more."""
    if not signals:
        return 0
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(LOCK_SIGNALS, [list(signals)])
        cursor.execute(END_SIGNALS, [list(signals), now, now])
        return cursor.rowcount


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


def _state(end: NoticeEnd) -> str:
    if end.delivered and end.failed:
        return FiringState.PARTLY.value
    if end.failed:
        return FiringState.FAILED.value
    if end.dry_run:
        return FiringState.DRY_RUN.value
    return FiringState.DELIVERED.value if end.delivered else FiringState.CANCELLED.value
