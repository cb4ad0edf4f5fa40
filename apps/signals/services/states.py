"""Moving signals from state to state, with their history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.signals.choices import RejectedFor, SignalStatus

MOVE = """
WITH moved AS (
    UPDATE signals_signal AS s SET status = step.status, reason = step.reason, fired = s.fired + step.fired,
        updated_at = %s
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::integer[]) AS step (id, status, reason, fired)
    WHERE s.id = step.id AND s.status <> step.status
    RETURNING s.id, s.status, s.reason
)
INSERT INTO signals_signalstep (signal_id, status, reason, at)
SELECT id, status, reason, %s FROM moved ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Step:
    signal_id: int
    status: SignalStatus
    reason: RejectedFor | str = ""
    fired: int = 0


def move_signals(steps: Sequence[Step], *, at: datetime) -> None:
    """One statement for any number of signals; one that is there already stays as it is."""
    if not steps:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            MOVE,
            [
                at,
                [step.signal_id for step in steps],
                [str(step.status) for step in steps],
                [str(step.reason) for step in steps],
                [step.fired for step in steps],
                at,
            ],
        )
