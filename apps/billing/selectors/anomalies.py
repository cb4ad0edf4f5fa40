"""What staff should look at: workspaces that spend far more than they use to, and credits held for too long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.billing.choices import LedgerKind
from apps.billing.models import LedgerTransaction
from apps.billing.models.credits import CLOSING

FACTOR = 5  # times the usual day
LEAST_SPENT = 50  # credits a day, below which nothing is unusual
LEAST_DAYS = 5  # with use, below which nothing is usual
HELD_LONG = timedelta(days=5)  # longer than the longest work that is paid from credits

UNUSUAL = """
WITH spent AS (
    SELECT workspace_id, (created_at AT TIME ZONE 'UTC')::date AS day, sum(amount - change) AS used
    FROM billing_ledgertransaction
    WHERE kind = 'settle' AND created_at >= %(since)s AND created_at < %(until)s
    GROUP BY 1, 2
), usual AS (
    SELECT workspace_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY used) AS median
    FROM spent WHERE day < %(day)s GROUP BY workspace_id HAVING count(*) >= %(least_days)s
)
SELECT s.workspace_id, s.used::bigint, u.median
FROM spent AS s JOIN usual AS u USING (workspace_id)
WHERE s.day = %(day)s AND s.used >= %(least)s AND s.used > %(factor)s * u.median
ORDER BY s.used / u.median DESC, s.workspace_id
"""


@dataclass(frozen=True)
class UnusualDay:
    """A workspace's spending of a day, and the median of those of the last 30 days on which it spent any."""

    workspace_id: int
    used: int
    median: float

    @property
    def factor(self) -> float:
        return self.used / self.median


def unusual_spending(now: datetime | None = None) -> list[UnusualDay]:
    """Workspaces that today (UTC) spent more than five times their usual day, the most unusual first."""
    day = (now or timezone.now()).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    values: dict[str, Any] = {
        "day": day.date(),
        "since": day - timedelta(days=30),
        "until": day + timedelta(days=1),
        "least": LEAST_SPENT,
        "least_days": LEAST_DAYS,
        "factor": FACTOR,
    }
    with connection.cursor() as cursor:
        cursor.execute(UNUSUAL, values)
        return [UnusualDay(*row) for row in cursor.fetchall()]


def held_for_long(now: datetime | None = None) -> QuerySet[LedgerTransaction]:
    """Holds older than any work takes that were neither settled nor released: somebody forgot them."""
    closed = LedgerTransaction.objects.filter(hold=OuterRef("pk"), kind__in=CLOSING)
    old = LedgerTransaction.objects.filter(
        kind=LedgerKind.HOLD, created_at__lt=(now or timezone.now()) - HELD_LONG
    )
    return old.filter(~Exists(closed)).order_by("id")
