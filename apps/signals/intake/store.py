"""The intake's own connections to PostgreSQL, beside Django's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from apps.signals import statements
from apps.signals.intake.records import SourceRecord, record_of
from apps.signals.statements import AlertRow, Stored, batch_of

CONNECT_TIMEOUT_S = 2
POOL_TIMEOUT_S = 0.9
STATEMENT_TIMEOUT_MS = 1500


class StoreUnavailable(Exception):
    """PostgreSQL did not take the statement: down, unreachable, too slow or refusing."""


class SourceGone(Exception):
    """The source of an alert was deleted between look-up and insert."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request turned away for its token, to be counted."""

    kind: str
    source_id: int | None
    remote_ip: str | None
    at: datetime


def conninfo_from(database: dict[str, Any]) -> str:
    """A libpq connection string for an entry of Django's DATABASES."""
    parts = {
        "dbname": database["NAME"],
        "user": database.get("USER"),
        "password": database.get("PASSWORD"),
        "host": database.get("HOST"),
        "port": database.get("PORT"),
        "sslmode": database.get("OPTIONS", {}).get("sslmode"),
    }
    return make_conninfo("", **{name: value for name, value in parts.items() if value})


class Store:
    """A small connection pool. Every statement commits by itself and is durable when its call returns."""

    def __init__(self, conninfo: str) -> None:
        self._pool = AsyncConnectionPool(
            conninfo,
            min_size=1,
            max_size=4,
            open=False,
            timeout=POOL_TIMEOUT_S,
            reconnect_timeout=5,  # then the next request starts afresh, without the grown delay
            kwargs={
                "autocommit": True,
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": "candlewright-intake",
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c synchronous_commit=on",
            },
        )

    async def open(self) -> None:
        """Start connecting; does not wait, so that the process also starts while PostgreSQL is down."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close(timeout=5)

    async def insert(self, rows: Sequence[AlertRow]) -> list[Stored | Exception]:
        """Store a batch in one statement. A row the database refuses fails alone."""
        rows = _join_minutes(rows)
        try:
            left_out = {uuid for (uuid,) in await self._execute(statements.INSERT_ALERTS, [batch_of(rows)])}
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(rows) == 1:
                gone = isinstance(error, psycopg.errors.ForeignKeyViolation)
                return [SourceGone() if gone else StoreUnavailable(str(error))]
            return [(await self.insert([row]))[0] for row in rows]
        if not left_out:
            return [Stored(row.uuid, duplicate=False) for row in rows]
        repeats = batch_of([row for row in rows if row.uuid in left_out])
        originals = dict(await self._execute(statements.INSERT_REPEATS, [repeats]))
        outcomes: list[Stored | Exception] = []
        for row in rows:
            if row.uuid not in left_out:
                outcomes.append(Stored(row.uuid, duplicate=False))
            elif row.uuid in originals:
                outcomes.append(Stored(originals[row.uuid], duplicate=originals[row.uuid] != row.uuid))
            else:  # its original was deleted between the two statements
                outcomes.append(StoreUnavailable("the original of a repeat is gone"))
        return outcomes

    async def load_sources(self, hashes: Sequence[str]) -> list[SourceRecord | None]:
        """The source of each token hash, current or replaced; None where there is none."""
        records = await self._execute(statements.SELECT_SOURCES, {"hashes": list(set(hashes))})
        found: dict[str | None, SourceRecord] = {}
        for record in records:
            source = record_of(record)
            found[source.token_hash] = source
            found[source.previous_token_hash] = source
        return [found.get(digest) for digest in hashes]

    async def count_refusals(self, refusals: Sequence[Refusal]) -> list[None]:
        """Add to the counters of this minute."""
        counted = Counter(
            (refusal.source_id, refusal.kind, refusal.remote_ip, refusal.at.replace(second=0, microsecond=0))
            for refusal in refusals
        )
        columns = [list(column) for column in zip(*counted, strict=True)]
        await self._execute(statements.COUNT_SECURITY_EVENTS, [*columns, list(counted.values())])
        return [None] * len(refusals)

    async def _execute(self, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement; once more when the connection had died, was picked as deadlock victim or the like."""
        for attempt in (1, 2):
            try:
                async with self._pool.connection() as connection:
                    cursor = await connection.execute(statement, parameters)
                    return await cursor.fetchall() if cursor.description else []
            except PoolTimeout as error:
                raise StoreUnavailable("no connection to PostgreSQL") from error
            except psycopg.errors.QueryCanceled as error:
                raise StoreUnavailable("PostgreSQL took too long") from error
            except psycopg.OperationalError as error:
                if attempt == 2:
                    raise StoreUnavailable(str(error)) from error
            except (psycopg.DataError, psycopg.IntegrityError):
                raise
            except psycopg.Error as error:
                raise StoreUnavailable(str(error)) from error
        raise AssertionError("unreachable")


def _join_minutes(rows: Sequence[AlertRow]) -> list[AlertRow]:
    """Undated repeats on the two sides of a minute's end, in one batch, get the earlier one's key."""
    if not any(row.previous_key for row in rows):
        return list(rows)
    keys = {(row.source_id, row.dedupe_key) for row in rows}
    return [
        row._replace(dedupe_key=row.previous_key, previous_key=None)
        if row.previous_key and (row.source_id, row.previous_key) in keys
        else row
        for row in rows
    ]
