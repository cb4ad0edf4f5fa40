"""What the database holds, in one number a table, to see that nothing has changed."""

from __future__ import annotations

from functools import cache

from django.apps import apps
from django.db import connection

# Columns that note use and tables that count it: they change with every request, also with one that is refused.
NOTES = {
    "accounts_apikey": ("last_used_at", "last_used_ip"),
    "accounts_login": ("last_seen_at", "ip"),
    "accounts_device": ("last_seen_at", "ip", "user_agent"),
}
LOGS = {"core_apirequest", "django_session"}


@cache
def _query() -> str:
    tables = sorted({model._meta.db_table for model in apps.get_models() if model._meta.managed} - LOGS)
    parts = []
    for table in tables:
        row = "to_jsonb(t)" + "".join(f" - '{column}'" for column in NOTES.get(table, ()))
        parts.append(
            f"SELECT '{table}', count(*), coalesce(sum(hashtextextended(({row})::text, 0)), 0) FROM \"{table}\" t"
        )
    return " UNION ALL ".join(parts)


def digest() -> dict[str, tuple[int, int]]:
    """Number of rows and a sum over all of them, by table."""
    with connection.cursor() as cursor:
        cursor.execute(_query())
        return {table: (rows, total) for table, rows, total in cursor.fetchall()}


def rows_written() -> int:
    """How many rows this transaction has written so far, those taken back included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
        return int(cursor.fetchone()[0] or 0)


class Watch:
    """Sees what changes in the database from now on."""

    def __init__(self) -> None:
        self.before = digest()
        self.written = rows_written()

    def changed(self) -> list[str]:
        """The tables that are not as they were; the sums are made only when anything was written."""
        written, self.written = self.written, rows_written()
        if written == self.written:
            return []
        after = digest()
        return [table for table in after if after[table] != self.before[table]]
