"""Published versions never change, forks remember where they came from."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from apps.formulas.models import Formula, FormulaVersion
from apps.formulas.selectors import lineage_of
from apps.formulas.services import (
    add_case,
    archive_formula,
    create_formula,
    fork_formula,
    publish_formula,
    save_formula,
)
from apps.journal.models import Entry
from tests.factories import CROSS, UserFactory, workspace_of

QUIET = {"name": "quiet", "bars": [1, 1, 1], "signals": []}


@pytest.fixture
def formula(workspace, user) -> Formula:
    return create_formula(workspace, name="Cross", text=CROSS, actor=user)


@pytest.mark.parametrize(
    "change", [{"text": "x"}, {"number": 2}, {"content_hash": "y"}, {"cases": [1]}, {"note": "new"}]
)
def test_database_refuses_to_change_a_version(formula, user, change):
    version = publish_formula(formula, actor=user)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        FormulaVersion.objects.filter(pk=version.pk).update(**change)


def test_database_refuses_to_remove_a_version_alone(formula, user):
    version = publish_formula(formula, actor=user)
    with transaction.atomic():
        version.delete()
        with connection.cursor() as cursor, pytest.raises(DatabaseError, match="only with its formula"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def test_versions_go_with_their_formula_and_outlive_their_publisher(formula, workspace):
    publisher = UserFactory()
    version = publish_formula(formula, actor=publisher)
    publisher.delete()
    version.refresh_from_db()
    assert version.published_by is None
    fork = fork_formula(version, workspace=workspace, actor=formula.workspace.owner)
    formula.delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not FormulaVersion.objects.exists()
    fork.refresh_from_db()
    assert (fork.forked_from, fork.forked_from_label) == (None, "Cross v1")
    assert fork.forked_from_hash == version.content_hash
    ancestors, _ = lineage_of(fork)
    assert [(one.label, one.uuid) for one in ancestors] == [("Cross v1", None)]


def test_version_keeps_note_and_tests(formula, user):
    add_case(formula, QUIET, actor=user)
    version = publish_formula(formula, actor=user, note="  First one  ")
    version.refresh_from_db()
    assert (version.note, version.cases) == ("First one", [QUIET])


def test_empty_note_says_what_changed(formula, user):
    assert publish_formula(formula, actor=user).note == "First version"
    save_formula(formula, name="Cross", text=CROSS.replace("9", "12"), actor=user)
    note = publish_formula(formula, actor=user).note
    assert "9 → 12" in note
    many = "\n".join(f'plot close * {i} as "A rather long name of a plot, number {i}"' for i in range(20))
    save_formula(formula, name="Cross", text=CROSS + many, actor=user)
    note = publish_formula(formula, actor=user).note
    assert len(note) == 500
    assert note.endswith("…")


def test_fork_of_a_version_takes_its_text_and_tests(formula, user, workspace):
    add_case(formula, QUIET, actor=user)
    version = publish_formula(formula, actor=user)
    add_case(formula, QUIET | {"name": "later"}, actor=user)
    save_formula(formula, name="Cross", text="long when close > open", actor=user)
    fork = fork_formula(version, workspace=workspace, actor=user, name="Mine")
    assert (fork.name, fork.text, fork.forked_from) == ("Mine", CROSS, version)
    assert [case.content for case in fork.cases.all()] == [QUIET]
    entry = Entry.objects.get(action="formulas.formula.forked")
    assert entry.changes == {"from": "Cross v1", "hash": version.content_hash, "tests": 1}
    of_draft = fork_formula(formula, workspace=workspace, actor=user)
    assert (of_draft.name, of_draft.text) == ("Cross (fork)", "long when close > open")
    assert [case.name for case in of_draft.cases.all()] == ["quiet", "later"]
    assert of_draft.forked_from == version


def test_lineage_goes_both_ways(formula, user, workspace, django_assert_num_queries):
    version = publish_formula(formula, actor=user)
    child = fork_formula(version, workspace=workspace, actor=user, name="Child")
    grandchild = fork_formula(
        publish_formula(child, actor=user), workspace=workspace, actor=user, name="Grandchild"
    )
    other = fork_formula(version, workspace=workspace, actor=user, name="Other")
    archive_formula(other, actor=user)
    with django_assert_num_queries(1):
        ancestors, descendants = lineage_of(grandchild)
    assert [(one.name, one.label, one.uuid, one.depth) for one in ancestors] == [
        ("Child", "Child v1", child.uuid, 1),
        ("Cross", "Cross v1", formula.uuid, 2),
    ]
    assert descendants == []
    ancestors, descendants = lineage_of(formula)
    assert ancestors == []
    assert [(one.name, one.uuid, one.depth) for one in descendants] == [
        ("Child", child.uuid, 1),
        ("Grandchild", grandchild.uuid, 2),
        ("Other", None, 1),
    ]


def test_lineage_shows_nothing_of_another_workspace(formula, user, stranger):
    version = publish_formula(formula, actor=user)
    theirs = fork_formula(version, workspace=workspace_of(stranger), actor=stranger)
    ancestors, _ = lineage_of(theirs)
    assert [(one.label, one.name, one.uuid) for one in ancestors] == [("Cross v1", "", None)]
    _, descendants = lineage_of(formula)
    assert descendants == []
