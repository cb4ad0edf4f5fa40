"""Rotation while the site writes, beside another rotation, after a kill, and with rows that do not open."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.accounts.models import TotpDevice
from apps.core.secrets.rotation import count_by_key, encrypted_fields, rotate
from tests.accounts.privacy.planting import Garden
from tests.core.secrets.safe import NEW, OLD, Safe
from tests.factories import UserFactory

ROOT = Path(__file__).resolve().parents[3]
COLUMNS = encrypted_fields([Safe])
CODE, OTHER = COLUMNS


def fill(count: int) -> None:
    Safe.objects.bulk_create(
        [Safe(name=str(i), code=f"code {i}", other="" if i % 2 else f"other {i}") for i in range(count)]
    )


def codes() -> dict[str, str]:
    return {row.name: row.code.reveal() for row in Safe.objects.all()}


def test_every_row_of_every_field_moves_and_stays_the_same(safe, settings):
    fill(23)
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    seen: list[tuple[str, int, int]] = []
    result = rotate(COLUMNS, batch=5, progress=lambda *step: seen.append(step))
    assert (result.changed, result.is_complete) == (23 + 12, True)
    assert count_by_key(CODE) == {"new": 23}
    assert count_by_key(OTHER) == {"new": 12}
    assert [step for step in seen if step[0] == "core.safe.code"] == [
        ("core.safe.code", done, 23 - done) for done in (5, 10, 15, 20, 23)
    ]
    settings.FIELD_KEYS = NEW  # the old key may go
    assert codes() == {str(i): f"code {i}" for i in range(23)}
    assert rotate(COLUMNS).changed == 0


def test_key_ids_are_compared_as_they_are_written(safe, settings):
    """An underscore is a wildcard of LIKE: a_b must not pass for aXb."""
    settings.FIELD_KEYS = OLD.replace("old:", "aXb:")
    fill(1)
    settings.FIELD_KEYS = f"{NEW.replace('new:', 'a_b:')},{OLD.replace('old:', 'aXb:')}"
    rotate(COLUMNS)
    assert count_by_key(CODE) == {"a_b": 1}


def test_rows_that_do_not_open_are_named_and_the_others_move(safe, settings):
    fill(4)
    first, second = Safe.objects.order_by("id")[:2]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE test_core_safe SET code = 'plain' WHERE id = %s", [first.pk])
        cursor.execute("UPDATE test_core_safe SET code = other WHERE id = %s", [second.pk])
        cursor.execute("UPDATE test_core_safe SET code = 'enc1:lost:QUJDRA==' WHERE id = %s", [second.pk])
    assert count_by_key(CODE) == {"not encrypted": 1, "lost": 1, "old": 2}
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    result = rotate([CODE], batch=1)
    assert result.changed == 2
    assert not result.is_complete
    assert [line.partition(":")[0] for line in result.unreadable] == [f"row {first.pk}", f"row {second.pk}"]
    assert "the key lost" in result.unreadable[1]
    assert count_by_key(CODE) == {"not encrypted": 1, "lost": 1, "new": 2}


def test_a_row_that_stays_locked_is_left_and_told(real_safe, settings):
    fill(6)
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(Safe.objects.select_for_update().order_by("id")[:2])
            locked.set()
            release.wait(30)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert locked.wait(30)
    try:
        result = rotate([CODE], batch=2, wait_seconds=0.3)
    finally:
        release.set()
        other.join()
    assert (result.changed, result.locked, result.is_complete) == (4, 2, False)
    assert rotate([CODE]).changed == 2


def test_writes_during_a_rotation_are_kept(real_safe, settings):
    """A second connection changes every row while two rotations run: no write is lost, none is left behind."""
    fill(200)
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    results = []

    def write() -> None:
        for i in range(0, 200, 2):
            Safe.objects.filter(name=str(i)).update(code=f"changed {i}")
        connection.close()

    def turn() -> None:
        results.append(rotate([CODE], batch=3))
        connection.close()

    threads = [threading.Thread(target=work) for work in (turn, write, turn)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result.is_complete for result in results)
    assert count_by_key(CODE) == {"new": 200}
    assert codes() == {str(i): f"changed {i}" if i % 2 == 0 else f"code {i}" for i in range(200)}


def test_a_killed_rotation_goes_on_where_it_stopped(real_safe, settings):
    fill(400)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.core.secrets.turn", connection.settings_dict["NAME"]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    for _ in range(5):
        assert process.stdout.readline().startswith("core.safe.code")
    process.kill()
    process.wait()
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    halfway = count_by_key(CODE)
    assert halfway["new"] >= 25
    assert halfway["old"] > 0, "the process was not killed in the middle"
    assert codes() == {str(i): f"code {i}" for i in range(400)}
    result = rotate([CODE])
    assert result.changed == halfway["old"]
    assert count_by_key(CODE) == {"new": 400}
    assert codes() == {str(i): f"code {i}" for i in range(400)}


def run(*arguments: str) -> tuple[int, str]:
    """Exit status and all output of the command."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("secrets", *arguments, stdout=out, stderr=err)
    except CommandError as problem:
        return problem.returncode, out.getvalue() + err.getvalue() + str(problem)
    return 0, out.getvalue() + err.getvalue()


@pytest.mark.usefixtures("db", "old_key")
def test_the_commands_tell_what_is_due_and_end_with_a_status(settings):
    """With a table of the product: the keys of three authenticator apps."""
    for _ in range(3):
        TotpDevice.objects.create(user=UserFactory(), name="App", key="JBSWY3DPEHPK3PXP")
    status, text = run("status")
    assert status == 0
    assert text.startswith("Keys, newest first: old\n")
    assert "accounts.totpdevice.key: 3 under old\n" in text
    assert "core.idempotentrequest.answer: no rows\n" in text
    assert text.endswith("All secrets are under old.\n")
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    status, text = run("status")
    assert status == 1
    assert "3 secrets are under older keys: manage.py secrets rotate" in text
    status, text = run("rotate", "--batch", "2")
    assert status == 0
    assert "accounts.totpdevice.key: 2 done, 1 left" in text
    assert "3 secrets written anew under new." in text
    assert run("status")[0] == 0
    assert {device.secret for device in TotpDevice.objects.all()} == {"JBSWY3DPEHPK3PXP"}
    settings.FIELD_KEYS = OLD
    status, text = run("status")
    assert status == 1
    assert "accounts.totpdevice.key: 3 rows need the key new, which FIELD_KEYS lacks" in text
    status, text = run("rotate")
    assert status == 1
    assert "3 cannot be opened" in text
    assert run("rotate", "--batch", "0") == (1, "--batch: at least 1")


@pytest.mark.usefixtures("db", "old_key")
def test_rotation_finds_every_sealed_text_of_the_database(settings):
    """A row in every table with an encrypted field; what is sealed is then found by reading the whole database."""
    garden = Garden("Adalind")
    for column in encrypted_fields():
        garden.plant(column.model)
    assert sealed_under("old") == {(field.model._meta.db_table, field.column) for field in encrypted_fields()}
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    assert run("rotate")[0] == 0
    assert sealed_under("old") == set()
    assert len(sealed_under("new")) == len(encrypted_fields())
    settings.FIELD_KEYS = NEW  # the old key is gone
    assert run("status")[0] == 0


def sealed_under(key_id: str) -> set[tuple[str, str]]:
    """Table and column of every text anywhere that is sealed under this key."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY')"
        )
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" WHERE "{column}"::text LIKE %s', [f"%enc1:{key_id}:%"]
            )
            if cursor.fetchone()[0]:
                found.add((table, column))
    return found
