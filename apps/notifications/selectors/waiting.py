"""What has not been sent yet, by channel: for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.notifications.channels.registry import words_of

WAITING = """
SELECT channel, count(*) FILTER (WHERE status = 'waiting' AND send_after <= now()),
       count(*) FILTER (WHERE status = 'waiting' AND send_after > now()),
       count(*) FILTER (WHERE status = 'sending'),
       min(send_after) FILTER (WHERE status = 'waiting' AND send_after <= now())
FROM notifications_delivery WHERE status IN ('waiting', 'sending') GROUP BY channel ORDER BY channel
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Deliveries of a channel that have not ended: due now, due later, being sent, and since when the oldest is due."""

    channel: str
    due: int
    later: int
    sending: int
    due_since: datetime | None

    @property
    def words(self) -> str:
        return words_of(self.channel)


def waiting_by_channel() -> list[Waiting]:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return [Waiting(*row) for row in cursor.fetchall()]
