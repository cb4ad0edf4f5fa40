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
def _tables() -> list[str]:
    return sorted({model._meta.db_table for model in apps.get_models() if model._meta.managed} - LOGS)


def digest(tables: list[str]) -> dict[str, tuple[int, int]]:
    """Number of rows and a sum over all of them, by table."""
    if not tables:
        return {}
    parts = []
    for table in tables:
        row = "to_jsonb(t)" + "".join(f" - '{column}'" for column in NOTES.get(table, ()))
        parts.append(
            f"SELECT '{table}', count(*), coalesce(sum(hashtextextended(({row})::text, 0)), 0) FROM \"{table}\" t"
        )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {table: (rows, total) for table, rows, total in cursor.fetchall()}


def rows_written() -> dict[str, int]:
    """How many rows of each table this transaction has written so far, those taken back included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables")
        return dict(cursor.fetchall())


class Watch:
    """Sees what changes in the database from now on."""

    def __init__(self) -> None:
        self.before = digest(_tables())
        self.written = rows_written()

    def changed(self) -> list[str]:
        """The tables that are not as they were; only those that were written to are looked at."""
        before, self.written = self.written, rows_written()
        after = digest([table for table in _tables() if self.written.get(table) != before.get(table)])
        return [table for table, held in after.items() if held != self.before[table]]
