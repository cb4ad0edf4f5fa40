"""Writers never wait for one another or for the sealer, and a late commit is never passed over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import connection, transaction

from apps.journal.models import Checkpoint, Clock, Cursor, Entry, Seal
from apps.journal.services import begin_consumers, record, run_consumers, seal_entries, verify_journal

pytestmark = pytest.mark.django_db(transaction=True)


def write(action: str) -> int:
    with transaction.atomic():
        return record(actor=None, workspace=None, action=action).pk


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """A second connection to the same database."""
    params = connection.get_connection_params()
    params = {
        key: params[key] for key in ("dbname", "user", "password", "host", "port", "options") if key in params
    }
    with psycopg.connect(**params) as made:
        yield made


def write_in(other: psycopg.Connection, action: str) -> int:
    """An entry of a transaction that stays open: the row of a real one, under another name."""
    columns = [
        field.column for field in Entry._meta.fields if field.column not in ("id", "uuid", "xid", "action")
    ]
    listed = ", ".join(columns)
    row = other.execute(
        f"INSERT INTO journal_entry (uuid, action, {listed}) SELECT gen_random_uuid(), %s, {listed} "
        "FROM journal_entry ORDER BY id LIMIT 1 RETURNING id",
        [action],
    ).fetchone()
    assert row
    return int(row[0])


def eventually(check: Callable[[], bool], seconds: float = 90) -> None:
    """What was just committed may wait a moment for a transaction of the server itself (autovacuum) in this database."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "not settled in time"
        time.sleep(0.05)


def sealed_ids() -> list[int]:
    seal_entries()
    return sorted(line[0] for seal in Seal.objects.all() for line in seal.manifest)


def test_late_commit_is_sealed_and_read_after_all(reader, other):
    """The earlier transaction commits after the later one was there to be read."""
    seen: list[int] = []
    reader("test.late", lambda entry: seen.append(entry.pk), "core.*")
    first = write("core.thing.first")
    late = write_in(other, "core.thing.late")
    after = write("core.thing.after")
    assert late < after

    def first_is_sealed() -> bool:
        run_consumers(names=["test.late"])
        return sealed_ids() == [first]

    eventually(first_is_sealed)
    for _ in range(3):
        run_consumers(names=["test.late"])
        assert sealed_ids() == [first], "nothing behind an open transaction is read"
    assert seen == [first]
    other.commit()

    def all_are_sealed() -> bool:
        run_consumers(names=["test.late"])
        return sealed_ids() == [first, late, after]

    eventually(all_are_sealed)
    eventually(lambda: bool(run_consumers(names=["test.late"])) or len(seen) == 3)
    assert seen == [first, late, after]


def test_two_writers_and_the_sealer_never_wait(other):
    """Each breaks off where it waits for another; a slow machine may take its time."""
    write("core.thing.first")
    eventually(lambda: len(sealed_ids()) == 1)
    other.execute("SET lock_timeout = '1s'")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")
    try:
        write_in(other, "core.thing.open")
        write("core.thing.beside")
        seal_entries()
        write_in(other, "core.thing.open_still")
        with transaction.atomic():
            record(actor=None, workspace=None, action="core.thing.inside")
            other.commit()
            write_in(other, "core.thing.again")
            other.commit()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert Entry.objects.count() == 6


def test_rolled_back_transaction_holds_nothing_up(other):
    first = write("core.thing.first")
    write_in(other, "core.thing.never")
    after = write("core.thing.after")
    other.rollback()
    eventually(lambda: sealed_ids() == [first, after])
    assert verify_journal().faults == []


def test_restored_dump_goes_on_where_it_was(reader):
    """A new cluster counts transactions from the beginning: what is written there comes after what was restored."""
    seen: list[str] = []
    reader("test.restored", lambda entry: seen.append(entry.action), "core.*")
    Clock.objects.get_or_create(pk=1)
    ahead = 10**12
    write("core.thing.before")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE journal_entry SET xid = xid + %s", [ahead])
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("UPDATE journal_clock SET settled_to = (SELECT max(xid) FROM journal_entry)")
    begin_consumers()
    Cursor.objects.update(xid=0, entry_id=0)
    write("core.thing.after")
    before, after = Entry.objects.order_by("id")
    assert after.xid > before.xid
    assert Clock.objects.get().shift >= ahead
    eventually(lambda: len(sealed_ids()) == 2)
    eventually(lambda: bool(run_consumers(names=["test.restored"])) or len(seen) == 2)
    assert seen == ["core.thing.before", "core.thing.after"]
    assert Checkpoint.objects.count() >= 1
    assert verify_journal().faults == []


def test_another_database_of_the_server_holds_up_nothing(reader):
    """A transaction of another database has an older number and stays open."""
    seen: list[int] = []
    reader("test.apart", lambda entry: seen.append(entry.pk), "core.*")
    params = connection.get_connection_params()
    server = {key: params[key] for key in ("user", "password", "host", "port") if key in params}
    with psycopg.connect(**server, dbname="postgres") as elsewhere:
        older = elsewhere.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        entry = write("core.thing.made")
        assert older[0] < Entry.objects.get(pk=entry).xid

        def is_settled() -> bool:
            run_consumers(names=["test.apart"])
            return sealed_ids() == [entry] and seen == [entry]

        eventually(is_settled, seconds=20)


ADA = "ada@example.com"
CONVERT = """
INSERT INTO journal_entry (uuid, workspace_id, actor_id, actor_label, action, target_type, target_id, target_label,
    changes, request_id, ip, recorded_at, content_hash)
VALUES ('8f6b1c1e-7a51-4c7c-9a53-0d2c33a6b1a0', 5, 7, 'ada@example.com', 'formulas.formula.created', 'formulas.formula',
        3, 'Cross', '{}', '', '203.0.113.7', '2026-11-01 10:00:00+00',
        repeat('1', 64)),
       ('0b0f7f0e-6c0b-4a59-8dc0-1c6c9c1b2a11', NULL, 7, 'ada@example.com', 'accounts.profile.changed', 'accounts.user',
        7, 'ada@example.com', '{"name": ["", "Ada"]}', '', NULL, '2026-11-01 10:01:00+00', repeat('0', 64));
"""


STEPS = """
import json, sys, django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from apps.journal.models import Entry
from apps.journal.services import verify_journal
MigrationExecutor(connection).migrate([("journal", "0002_append_only")])
with connection.cursor() as cursor:
    cursor.execute(sys.argv[1])
executor = MigrationExecutor(connection)
executor.migrate([leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] == "journal"])
entries = [
    [entry.action, entry.target_label, entry.target_name, entry.changes, entry.actor_label, entry.ip]
    for entry in Entry.objects.order_by("id")
]
print(json.dumps({"entries": entries, "faults": verify_journal().faults}))
"""


def test_old_journal_is_converted_and_its_faults_are_told():
    """In a database of its own, by the real migrations: entries as they were before personal parts."""
    params = connection.get_connection_params()
    name = f"{params['dbname']}_old"
    server = {key: params[key] for key in ("user", "password", "host", "port") if key in params}
    url = f"postgres://{server['user']}:{server.get('password', '')}@{server['host']}:{server['port']}/{name}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    with psycopg.connect(**server, dbname="postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}"')
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            command = [sys.executable, "-c", STEPS, CONVERT]
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=200
            )
            assert done.returncode == 0, done.stderr
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    found = json.loads(done.stdout)
    assert found["faults"] == []
    cross, profile, converted = found["entries"]
    assert cross == ["formulas.formula.created", "Cross", "Cross", {}, ADA, "203.0.113.7"]
    assert profile == ["accounts.profile.changed", "", ADA, {}, ADA, None]
    assert converted[0] == "journal.entries.converted"
    assert converted[3]["entries"] == 2
    assert len(converted[3]["faults"]) == 2, "the hashes above are not theirs"
