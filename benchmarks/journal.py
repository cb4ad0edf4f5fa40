"""What an entry costs: `record()` against one bare insert of the same row, each in its own transaction."""

from __future__ import annotations

import os


def measure_journal(entries: int = 300, rounds: int = 5) -> dict[str, float]:
    """Median seconds of one entry: "record" as services write it, "bare" one plain insert of as many bytes.

    Everything is rolled back. Needs DATABASE_URL.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    import django

    django.setup()
    from django.db import connection, transaction

    from apps.journal.models import Entry
    from apps.journal.services import record
    from benchmarks.measure import medians

    columns = [field.column for field in Entry._meta.concrete_fields if field.column != "id"]
    with transaction.atomic():
        with connection.cursor() as cursor:
            listed = ", ".join(columns)
            cursor.execute(
                f"CREATE TEMPORARY TABLE bench_journal AS SELECT {listed} FROM journal_entry LIMIT 0"  # noqa: S608
            )
        model = record(actor=None, workspace=None, action="core.thing.made", changes={"name": ["a", "b"]})
        row = [getattr(model, column) for column in columns]
        row[columns.index("changes")] = '{"name": ["a", "b"]}'
        insert = f"INSERT INTO bench_journal VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608

        def bare() -> None:
            for _ in range(entries):
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(insert, row)

        def recorded() -> None:
            for _ in range(entries):
                with transaction.atomic():
                    record(actor=None, workspace=None, action="core.thing.made", changes={"name": ["a", "b"]})

        seconds = medians({"record": recorded, "bare": bare}, rounds)
        transaction.set_rollback(True)
    return {name: value / entries for name, value in seconds.items()}


if __name__ == "__main__":
    cost = measure_journal()
    print(
        f"an entry: {cost['record'] * 1e6:.0f} µs; a bare insert: {cost['bare'] * 1e6:.0f} µs;"
        f" the journal adds {(cost['record'] - cost['bare']) * 1e6:.0f} µs"
    )
