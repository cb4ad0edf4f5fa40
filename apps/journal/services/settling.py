"""Which entries are settled: nothing can turn up before them any more.

A transaction takes its number when it first writes, and commits when it likes. Entries are read in the order of those
numbers, up to the oldest one that is still open: a late commit is then always ahead of whoever reads, never behind.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q, QuerySet

from apps.journal.models import Entry

# Numbers are given by the whole server. What other databases have open cannot write here; a backend whose number may
# not be seen (another role's) is taken for one of ours.
HORIZON = """
SELECT COALESCE((SELECT shift FROM journal_clock WHERE id = 1), 0) - 1 + COALESCE(
    (
        SELECT min(running::text::bigint) FROM pg_snapshot_xip(pg_current_snapshot()) AS running
        WHERE NOT EXISTS (
            SELECT 1 FROM pg_stat_activity
            WHERE datname <> current_database() AND backend_xid = running::xid
        )
    ),
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint
)
"""
KEEP = """
UPDATE journal_clock SET settled_to = %(horizon)s
WHERE id = 1 AND settled_to < %(horizon)s
    AND EXISTS (SELECT 1 FROM journal_entry WHERE xid > settled_to AND xid <= %(horizon)s)
"""


def settled_horizon() -> int:
    """The highest number of a transaction of which, and of all before it, nothing can turn up any more.

    Keeps how far that was, by which a database restored elsewhere notices that numbers began anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(HORIZON)
        horizon = int(cursor.fetchone()[0])
        cursor.execute(KEEP, {"horizon": horizon})
    return horizon


def settled_after(xid: int, entry_id: int, up_to: int) -> QuerySet[Entry]:
    """Entries behind the given place, in settled order."""
    behind = Q(xid__gte=xid) & (Q(xid__gt=xid) | Q(id__gt=entry_id))
    return Entry.objects.filter(behind, xid__lte=up_to).order_by("xid", "id")


def wanted(actions: Iterable[str]) -> Q:
    """The condition for `rules.matches` in the database."""
    condition = Q(pk__in=[])
    for pattern in actions:
        if pattern == "*":
            return Q()
        exact = Q(action__startswith=pattern[:-1]) if pattern.endswith("*") else Q(action=pattern)
        condition |= exact
    return condition
