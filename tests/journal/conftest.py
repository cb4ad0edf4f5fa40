"""What tests of the journal share: everything settled at once, and a way around the guards."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from apps.journal.models import Entry
from apps.journal.services import begin_consumers, consumer
from apps.journal.services.registry import Handler, withdraw


def everything() -> int:
    """As if every transaction up to this one had ended; what `up_to` takes.

    A test inside one transaction would otherwise never see its own entries settle.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT journal_xid()")
        return int(cursor.fetchone()[0])


def without_guard(sql: str, *values: object) -> None:
    """What an intruder with the database password would do."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


@pytest.fixture
def reader(db: None) -> Iterator[Callable[..., None]]:
    """Declares consumers for one test."""
    names: list[str] = []

    def declare(name: str, handler: Handler, *actions: str, soon: bool = False) -> None:
        consumer(name, actions=actions or ("*",), soon=soon)(handler)
        names.append(name)
        begin_consumers()

    yield declare
    for name in names:
        withdraw(name)


def entry_of(action: str) -> Entry:
    return Entry.objects.get(action=action)
