"""Which key each stored secret is under, and writing them all anew under the newest, while the site runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.apps import apps
from django.db import connection, models, transaction

from apps.core.secrets.cipher import SCHEME, SecretUnreadable, keyring, seal, unseal
from apps.core.secrets.fields import EncryptedTextField

NOT_ENCRYPTED = "not encrypted"
Progress = Callable[[str, int, int], None]


@dataclass
class Rotation:
    """What a rotation did: secrets written anew, those other transactions kept locked, and those that do not open."""

    changed: int = 0
    locked: int = 0
    unreadable: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return not self.locked and not self.unreadable


def encrypted_fields(of: Iterable[type[models.Model]] | None = None) -> list[EncryptedTextField]:
    """Every encrypted field of every table, found by walking the models."""
    return [
        column
        for model in (apps.get_models(include_auto_created=True) if of is None else of)
        if model._meta.managed and not model._meta.proxy
        for column in model._meta.local_fields
        if isinstance(column, EncryptedTextField)
    ]


def count_by_key(column: EncryptedTextField) -> dict[str, int]:
    """Rows per key id; what is no encrypted text is counted as such."""
    table, name, _ = _quoted(column)
    key_id = f"CASE WHEN {name} LIKE %s THEN split_part({name}, ':', 2) ELSE %s END"
    query = f"SELECT {key_id}, count(*) FROM {table} WHERE {name} <> '' GROUP BY 1"  # noqa: S608  names of ours
    with connection.cursor() as cursor:
        cursor.execute(query, [f"{SCHEME}:%:%", NOT_ENCRYPTED])
        return dict(cursor.fetchall())


def rotate(
    columns: Iterable[EncryptedTextField],
    *,
    batch: int = 200,
    wait_seconds: float = 10.0,
    progress: Progress = lambda place, done, left: None,
) -> Rotation:
    """Write every secret that is under an older key anew under the newest one.

    Each batch is a short transaction that passes over rows somebody else has locked; they are tried again for
    `wait_seconds`. Killed at any moment, it can be started again: what is done stays done. Two at once share the work.
    """
    result = Rotation()
    for column in columns:
        given_up: set[int] = set()
        until = time.monotonic() + wait_seconds
        done = 0
        while left := _older(column) - len(given_up):
            changed, unreadable = _rotate_batch(column, batch, given_up)
            done += changed
            given_up |= set(unreadable)
            result.unreadable += unreadable.values()
            progress(column.place, done, left - changed - len(unreadable))
            if changed or unreadable:
                until = time.monotonic() + wait_seconds
            elif time.monotonic() > until:
                result.locked += left
                break
            else:
                time.sleep(0.1)
        result.changed += done
    return result


@transaction.atomic
def _rotate_batch(column: EncryptedTextField, batch: int, given_up: set[int]) -> tuple[int, dict[int, str]]:
    """How many were written anew, and by row those that cannot be opened."""
    table, name, pk = _quoted(column)
    changed = []
    unreadable = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {pk}, {name} FROM {table} WHERE {name} <> '' AND {name} NOT LIKE %s AND NOT {pk} = ANY(%s)"  # noqa: S608
            f" ORDER BY {pk} LIMIT %s FOR UPDATE SKIP LOCKED",
            [_newest_pattern(), list(given_up), batch],
        )
        for row, stored in cursor.fetchall():
            try:
                changed.append((seal(unseal(stored, column.place), column.place), row))
            except SecretUnreadable as problem:
                unreadable[row] = f"row {row}: {problem}"
        cursor.executemany(f"UPDATE {table} SET {name} = %s WHERE {pk} = %s", changed)  # noqa: S608
    return len(changed), unreadable


def _older(column: EncryptedTextField) -> int:
    table, name, _ = _quoted(column)
    with connection.cursor() as cursor:
        query = f"SELECT count(*) FROM {table} WHERE {name} <> '' AND {name} NOT LIKE %s"  # noqa: S608
        cursor.execute(query, [_newest_pattern()])
        return int(cursor.fetchone()[0])


def _newest_pattern() -> str:
    escaped = keyring().newest.replace("_", r"\_")
    return f"{SCHEME}:{escaped}:%"


def _quoted(column: EncryptedTextField) -> tuple[str, str, str]:
    """Table, column and primary key, quoted for SQL."""
    quote = connection.ops.quote_name
    meta = column.model._meta
    return quote(meta.db_table), quote(column.column or ""), quote(meta.pk.column or "")
