"""An edited history shows, and says where."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.formulas.services import create_formula
from apps.journal.models import Checkpoint, Entry, PersonalPart, Seal
from apps.journal.rules import HASHED_FIELDS, checkpoint_hash, content_hash, seal_hash
from apps.journal.services import erase_person, record, seal_entries, verify_journal, verify_workspace
from apps.journal.services.verifying import PERSON_ERASED
from tests.factories import workspace_of
from tests.journal.conftest import everything, without_guard


@pytest.fixture
def sealed(user: User, workspace, stranger: User) -> list[Entry]:
    """Five entries of the workspace under two seals, beside those of making it and of a stranger's workspace."""
    for number in range(3):
        create_formula(workspace, name=f"F{number}", text="", actor=user)
    create_formula(workspace_of(stranger), name="Other", text="", actor=stranger)
    seal_entries(up_to=everything())
    for number in range(2):
        create_formula(workspace, name=f"G{number}", text="", actor=user)
    seal_entries(up_to=everything())
    return list(
        Entry.objects.filter(action="formulas.formula.created", workspace_id=workspace.pk).order_by("id")
    )


def named(entry: Entry) -> str:
    return f"entry {entry.pk} ({entry.uuid}, {entry.action}, {entry.recorded_at.isoformat()})"


def only_fault() -> str:
    faults = verify_journal().faults
    assert len(faults) == 1, faults
    return faults[0]


def test_whole_journal_verifies(sealed, workspace):
    found = verify_journal()
    assert found.faults == []
    assert (found.entries, found.unsealed) == (Entry.objects.count(), 0)
    assert found.seals == Seal.objects.count()
    assert Seal.objects.filter(workspace_id=workspace.pk).count() == 2
    assert found.head == Checkpoint.objects.get(number=2).chain_hash


def test_unsealed_entries_are_verified_too(sealed, user, workspace):
    create_formula(workspace, name="New", text="", actor=user)
    assert verify_journal().unsealed == 1
    new = Entry.objects.latest("id")
    without_guard("UPDATE journal_entry SET action = 'formulas.formula.burned' WHERE id = %s", new.pk)
    assert "was edited" in only_fault()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor_id", 1),
        ("action", "'formulas.formula.burned'"),
        ("target_label", "'Another'"),
        ("changes", "'{\"a\": 1}'"),
        ("recorded_at", "recorded_at - interval '1 microsecond'"),
        ("via", "'admin'"),
        ("impersonator_id", 1),
        ("actor_commitment", "repeat('0', 64)"),
    ],
)
def test_edited_entry_is_named(sealed, column, value):
    without_guard(f"UPDATE journal_entry SET {column} = {value} WHERE id = %s", sealed[1].pk)
    fault = only_fault()
    assert named(sealed[1]) in fault
    assert "edited" in fault


def test_entry_edited_with_its_hash_is_named(sealed):
    """Whoever knows how entries are hashed still has the seal against him."""
    entry = Entry.objects.get(pk=sealed[1].pk)
    entry.target_label = "Another"
    new = content_hash({name: getattr(entry, name) for name in HASHED_FIELDS})
    sql = "UPDATE journal_entry SET target_label = 'Another', content_hash = %s WHERE id = %s"
    without_guard(sql, new, entry.pk)
    fault = only_fault()
    assert named(sealed[1]) in fault
    assert "was edited, and its hash with it" in fault


def test_removed_entry_is_named(sealed):
    without_guard("DELETE FROM journal_personalpart WHERE entry_id = %s", sealed[1].pk)
    without_guard("DELETE FROM journal_entry WHERE id = %s", sealed[1].pk)
    assert only_fault().endswith(f"{named(sealed[1])} was removed")


def test_inserted_entry_is_named(sealed, user, workspace):
    record(actor=user, workspace=workspace, action="formulas.formula.forged")
    forged = Entry.objects.get(action="formulas.formula.forged")
    without_guard("UPDATE journal_entry SET xid = xid - 1 WHERE id = %s", forged.pk)
    fault = only_fault()
    assert named(forged) in fault
    assert "was inserted" in fault


def test_entry_moved_to_another_workspace_is_named_in_both(sealed, stranger):
    other = workspace_of(stranger)
    without_guard("UPDATE journal_entry SET workspace_id = %s WHERE id = %s", other.pk, sealed[1].pk)
    faults = verify_journal().faults
    assert all(named(sealed[1]) in fault for fault in faults)
    assert any(f"moved to workspace {other.pk}" in fault for fault in faults)


def test_exchanged_entries_are_named(sealed):
    one, two = sealed[0].pk, sealed[1].pk
    for sql in (
        "UPDATE journal_personalpart SET entry_id = %s WHERE entry_id = %s",
        "UPDATE journal_entry SET id = %s WHERE id = %s",
    ):
        for new, old in ((0, one), (one, two), (two, 0)):
            without_guard(sql, new, old)
    faults = verify_journal().faults
    assert len(faults) == 2
    assert named(sealed[0]) in faults[0]
    assert "was moved: its place is taken by" in faults[0]


def test_entry_moved_in_the_order_is_named(sealed):
    without_guard("UPDATE journal_entry SET xid = xid - 1 WHERE id = %s", sealed[1].pk)
    fault = only_fault()
    assert named(sealed[1]) in fault
    assert "another place in the order" in fault


def test_edited_personal_part_is_named(sealed):
    without_guard(
        'UPDATE journal_personalpart SET data = \'{"label": "Mallory"}\' WHERE entry_id = %s', sealed[1].pk
    )
    fault = only_fault()
    assert named(sealed[1]) in fault
    assert "personal part (actor) that was edited" in fault


def test_personal_part_removed_without_an_erasure_is_named(sealed):
    PersonalPart.objects.filter(entry=sealed[1]).delete()
    fault = only_fault()
    assert named(sealed[1]) in fault
    assert "without a record of an erasure" in fault


def test_removed_last_seal_shows(sealed, workspace):
    """With its entries, so that the chain alone looks whole."""
    last = Seal.objects.get(workspace_id=workspace.pk, number=2)
    ids = [line[0] for line in last.manifest]
    without_guard("DELETE FROM journal_personalpart WHERE entry_id = ANY(%s)", ids)
    without_guard("DELETE FROM journal_entry WHERE id = ANY(%s)", ids)
    without_guard("DELETE FROM journal_seal WHERE id = %s", last.pk)
    assert only_fault() == f"workspace {workspace.pk}: its end was cut off, seal 2 that the checkpoints name"
    assert verify_workspace(workspace.pk).faults == verify_journal().faults


def test_removed_first_seal_shows(sealed, workspace):
    without_guard("DELETE FROM journal_seal WHERE workspace_id = %s AND number = 1", workspace.pk)
    assert f"workspace {workspace.pk}: seals 1 to 1 were removed" in verify_journal().faults


def test_edited_manifest_shows(sealed, workspace):
    without_guard(
        "UPDATE journal_seal SET manifest = manifest - 0 WHERE workspace_id = %s AND number = 1", workspace.pk
    )
    assert f"workspace {workspace.pk}: seal 1 was edited" in verify_journal().faults


def test_chain_written_anew_shows_by_the_checkpoints(sealed, workspace):
    last = Seal.objects.get(workspace_id=workspace.pk, number=2)
    manifest = last.manifest[:1]
    new = seal_hash(last.previous_hash, workspace.pk, 2, manifest)
    without_guard(
        "UPDATE journal_seal SET manifest = manifest - 1, chain_hash = %s WHERE id = %s", new, last.pk
    )
    faults = verify_journal().faults
    assert any("seal 2 is not the one that the checkpoints name" in fault for fault in faults)
    assert any(named(sealed[4]) in fault for fault in faults)


def test_end_cut_off_everywhere_shows_by_a_head_noted_elsewhere(sealed, workspace):
    head = verify_journal().head
    last = Seal.objects.get(workspace_id=workspace.pk, number=2)
    ids = [line[0] for line in last.manifest]
    without_guard("DELETE FROM journal_personalpart WHERE entry_id = ANY(%s)", ids)
    without_guard("DELETE FROM journal_entry WHERE id = ANY(%s)", ids)
    without_guard("DELETE FROM journal_seal WHERE id = %s", last.pk)
    without_guard("DELETE FROM journal_checkpoint WHERE number = 2")
    assert verify_journal().faults == [], "nothing in the database can tell"
    assert head in verify_journal(head=head).faults[0]


def test_edited_checkpoint_shows(sealed):
    point = Checkpoint.objects.get(number=1)
    without_guard("UPDATE journal_checkpoint SET end_id = end_id + 1 WHERE number = 1")
    assert only_fault() == "checkpoint 1 was edited"
    new = checkpoint_hash("", 1, point.heads, (point.end_xid, point.end_id + 1))
    without_guard("UPDATE journal_checkpoint SET chain_hash = %s WHERE number = 1", new)
    assert only_fault() == "checkpoint 2 does not continue the one before it"


def test_workspace_is_verified_alone(sealed, workspace, stranger):
    other = Entry.objects.get(workspace_id=workspace_of(stranger).pk, action="formulas.formula.created")
    without_guard("UPDATE journal_entry SET via = 'admin' WHERE id = %s", other.pk)
    assert verify_workspace(workspace.pk).faults == []
    assert len(verify_workspace(other.workspace_id).faults) == 1


def test_erased_person_leaves_the_chain_whole(sealed, user, workspace):
    before = list(Entry.objects.values_list("content_hash", flat=True).order_by("id"))
    parts = PersonalPart.objects.filter(person_id=user.pk).count()
    assert erase_person(user.pk) == parts > 0
    found = verify_journal()
    assert found.faults == []
    assert found.erased == parts
    assert (
        list(
            Entry.objects.exclude(action=PERSON_ERASED).values_list("content_hash", flat=True).order_by("id")
        )
        == before
    )
    entry = Entry.objects.get(pk=sealed[0].pk)
    assert (entry.actor_id, entry.actor_label, entry.ip) == (user.pk, "an erased person", None)
    seal_entries(up_to=everything())
    assert verify_journal().faults == []


def test_erasure_does_not_cover_what_is_written_after_it(sealed, user, workspace):
    erase_person(user.pk)
    create_formula(workspace, name="Later", text="", actor=user)
    later = Entry.objects.latest("id")
    later.parts.all().delete()
    assert named(later) in only_fault()


def test_command_tells_the_state_and_its_exit_code(sealed, workspace):
    out = StringIO()
    call_command("journal", "verify", "--workspace", str(workspace.uuid), stdout=out)
    assert "The journal is whole: 6 entries, 2 seals." in out.getvalue()
    without_guard("UPDATE journal_entry SET via = 'admin' WHERE id = %s", sealed[1].pk)
    err = StringIO()
    with pytest.raises(CommandError, match=r"not whole: 1 fault$"):
        call_command("journal", "verify", stderr=err)
    assert named(sealed[1]) in err.getvalue()
