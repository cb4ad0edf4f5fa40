"""No entry without its change, no change without its entry, and an edited history shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from apps.accounts.models import User
from apps.formulas.models import Formula
from apps.formulas.services import create_formula
from apps.journal.models import Entry
from apps.journal.services import record, seal_entries, verify_journal


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_entry_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        record(actor=None, workspace=None, action="core.thing.happened")
    assert not Entry.objects.exists()


def test_entry_says_who_what_and_which(user: User, workspace):
    formula = create_formula(workspace, name="Mine", text="", actor=user)
    entry = Entry.objects.get(action="formulas.formula.created")
    assert (entry.actor_id, entry.actor_label) == (user.pk, user.email)
    assert (entry.workspace_id, entry.target_type, entry.target_id) == (
        workspace.pk,
        "formulas.formula",
        formula.pk,
    )


def test_entry_falls_with_its_change(user: User, workspace):
    with transaction.atomic():
        create_formula(workspace, name="Never", text="", actor=user)
        transaction.set_rollback(True)
    assert not Formula.objects.filter(name="Never").exists()
    assert not Entry.objects.filter(action="formulas.formula.created").exists()


@pytest.fixture
def sealed(user: User, workspace):
    """Five entries under two seals."""
    for number in range(3):
        create_formula(workspace, name=f"F{number}", text="", actor=user)
    seal_entries(older_than=timedelta(0))
    for number in range(2):
        create_formula(workspace, name=f"G{number}", text="", actor=user)
    seal_entries(older_than=timedelta(0))
    return list(Entry.objects.order_by("id"))


def _without_guard(sql: str, *values: object) -> None:
    """What an intruder with the database password would do."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_whole_journal_verifies(sealed):
    result = verify_journal()
    assert result.faults == []
    assert (result.entries, result.seals) == (len(sealed), 2)


def test_edited_entry_is_named(sealed):
    _without_guard("UPDATE journal_entry SET actor_label = 'nobody' WHERE id = %s", sealed[1].pk)
    faults = verify_journal().faults
    assert any(f"entry {sealed[1].pk} " in fault and "edited" in fault for fault in faults)


def test_removed_entry_is_noticed(sealed):
    _without_guard("DELETE FROM journal_entry WHERE id = %s", sealed[1].pk)
    assert any("removed" in fault for fault in verify_journal().faults)


def test_database_refuses_to_change_an_entry(sealed):
    with pytest.raises(Exception, match="only ever inserted"), transaction.atomic():
        Entry.objects.filter(pk=sealed[0].pk).update(action="x.y.z")
    with pytest.raises(Exception, match="only ever inserted"), transaction.atomic():
        Entry.objects.filter(pk=sealed[0].pk).delete()
