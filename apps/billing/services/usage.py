"""Counting what is used, for everything that is not reserved piece by piece.

Two ways, both exact and neither a write per use on a busy path:

- **Rolled up** (`meter_from`): what is used leaves a row anyway (a firing, a delivery, a bar), so a statement counts
  those of yesterday and today anew and keeps the larger number. A worker that died in between changes nothing.
- **Counted** (`count_usage`): what leaves no row of its own is added by its writer, gathered, in the transaction that
  writes what it is about. Calls of the API are: their answer waits for it (`apps.core.api.log`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from apps.billing.models import UsageDay
from apps.core.arrays import integers, texts
from apps.core.models import ApiRequest
from apps.core.words import gettext_lazy

log = structlog.get_logger(__name__)

LONGEST = timedelta(days=31)  # so far back a roll-up looks that has been waiting
API_CALLS = "api_calls"


@dataclass(frozen=True)
class UsageSource:
    """Where a meter is counted: SQL giving workspace_id, day (UTC) and amount, from %(since)s until %(until)s."""

    meter: str
    words: str  # for people, with small letters: "alarms fired"
    sql: str


_sources: dict[str, UsageSource] = {}
_words = {API_CALLS: gettext_lazy("API calls")}


def meter_from(source: UsageSource) -> None:
    """Let a meter be rolled up. Called by the room that holds the rows, in its `ready`."""
    _sources[source.meter] = source
    _words[source.meter] = source.words


def usage_meters() -> Mapping[str, str]:
    """Every meter that is counted by day, with its words."""
    return dict(sorted(_words.items()))


ROLL_UP = """
INSERT INTO billing_usageday (workspace_id, meter, day, amount, kept)
SELECT found.workspace_id, %(meter)s, found.day, found.amount, 0
FROM ({sql}) AS found (workspace_id, day, amount)
JOIN accounts_workspace ON accounts_workspace.id = found.workspace_id
WHERE found.amount > 0 ORDER BY found.workspace_id, found.day
ON CONFLICT (workspace_id, meter, day) DO UPDATE SET amount = billing_usageday.kept + excluded.amount
WHERE billing_usageday.amount < billing_usageday.kept + excluded.amount
"""
# Rows are counted, or kept and deleted, never both at once: the second of the two would count them again.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('billing.usage'), hashtext(%s))"


def roll_up_usage(now: datetime | None = None) -> int:
    """Count yesterday and today, and any days before them that were missed. Returns how many numbers are new.

    A source that fails is logged and leaves the others alone.
    """
    now = now or timezone.now()
    newest = dict(
        UsageDay.objects.filter(meter__in=_sources).values_list("meter").annotate(Max("day")).order_by()
    )
    changed = 0
    for source in _sources.values():
        first = min(newest.get(source.meter, date.min), now.astimezone(UTC).date() - timedelta(days=1))
        since = max(datetime.combine(first, time.min, UTC), _midnight(now - LONGEST))
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(ALONE, [source.meter])
                cursor.execute(
                    ROLL_UP.format(sql=source.sql), {"meter": source.meter, "since": since, "until": now}
                )
                changed += cursor.rowcount
        except DatabaseError:
            log.exception("usage_not_rolled_up", meter=source.meter)
    return changed


COUNT = """
INSERT INTO billing_usageday (workspace_id, meter, day, amount, kept)
SELECT found.workspace_id, %(meter)s, found.day, found.amount, found.amount
FROM unnest(%(workspaces)s::bigint[], %(days)s::date[], %(amounts)s::bigint[]) AS found (workspace_id, day, amount)
JOIN accounts_workspace ON accounts_workspace.id = found.workspace_id
ORDER BY found.workspace_id, found.day
ON CONFLICT (workspace_id, meter, day) DO UPDATE SET kept = billing_usageday.kept + excluded.kept,
amount = {amount}
"""


def count_usage(meter: str, amounts: Mapping[tuple[int, date], int]) -> None:
    """Add amounts by workspace and day in one statement, in the caller's transaction.

    Rows are taken in one order, so that callers at once cannot wait in a circle; workspaces that are gone are left out.
    """
    _add(meter, amounts, "billing_usageday.amount + excluded.amount")


def keep_usage(meter: str, amounts: Mapping[tuple[int, date], int]) -> None:
    """Rows of a meter that is rolled up are being deleted, in this transaction: they stay counted."""
    if meter not in _sources:
        raise KeyError(meter)
    with connection.cursor() as cursor:
        cursor.execute(ALONE, [meter])
    _add(meter, amounts, "greatest(billing_usageday.amount, billing_usageday.kept + excluded.kept)")


def _add(meter: str, amounts: Mapping[tuple[int, date], int], amount: str) -> None:
    if not amounts:
        return
    keys = list(amounts)
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT.format(amount=amount),
            {
                "meter": meter,
                "workspaces": integers(workspace for workspace, _ in keys),
                "days": texts(day.isoformat() for _, day in keys),
                "amounts": integers(amounts[key] for key in keys),
            },
        )


def count_api_calls(lines: Sequence[ApiRequest]) -> None:
    """Of the request log's lines, what programs asked and got an answer to.

    Not counted: what browsers ask for our own pages, what was refused for its rate (429), and our own faults (5xx).
    """
    count_usage(
        API_CALLS,
        Counter(
            (line.workspace_id, line.at.astimezone(UTC).date())
            for line in lines
            if line.workspace_id is not None
            and line.via in ("key", "token")
            and line.status != 429
            and line.status < 500
        ),
    )


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time.min, UTC)


BACKTESTS = """
SELECT used.workspace_id, (held.updated_at AT TIME ZONE 'UTC')::date, sum(held.amount)
FROM billing_reservation held JOIN billing_meterusage used ON used.id = held.usage_id
WHERE used.meter = 'backtests' AND held.state = 'settled'
  AND held.updated_at >= %(since)s AND held.updated_at < %(until)s
GROUP BY 1, 2
"""
NOTIFICATIONS = """
SELECT notice.workspace_id, (sent.ended_at AT TIME ZONE 'UTC')::date, count(*)
FROM notifications_delivery sent JOIN notifications_notice notice ON notice.id = sent.notice_id
WHERE sent.status = 'delivered' AND sent.channel <> 'inbox' AND NOT notice.is_test
  AND notice.workspace_id IS NOT NULL AND sent.ended_at >= %(since)s AND sent.ended_at < %(until)s
GROUP BY 1, 2
"""
meter_from(UsageSource("backtests", gettext_lazy("backtests run"), BACKTESTS))
meter_from(UsageSource("notifications", gettext_lazy("messages delivered"), NOTIFICATIONS))
