"""No entry without its change, no change without its entry; what an entry tells."""

from __future__ import annotations

import enum
import json
import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.accounts.models import User
from apps.accounts.services import update_profile
from apps.core.request_context import came_via, device_of
from apps.formulas.models import Formula
from apps.formulas.services import create_formula
from apps.journal.models import Entry, PersonalPart
from apps.journal.rules import HASHED_FIELDS, content_hash, matches, storable
from apps.journal.services import record
from tests.journal.conftest import entry_of


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_entry_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        record(actor=None, workspace=None, action="core.thing.happened")
    assert not Entry.objects.exists()


def test_entry_says_who_what_and_which(user: User, workspace):
    formula = create_formula(workspace, name="Mine", text="", actor=user)
    entry = entry_of("formulas.formula.created")
    assert (entry.actor_id, entry.actor_label) == (user.pk, user.email)
    assert (entry.workspace_id, entry.target_type) == (workspace.pk, "formulas.formula")
    assert (entry.target_id, entry.target_uuid, entry.target_name) == (formula.pk, formula.uuid, "Mine")


def test_entry_falls_with_its_change(user: User, workspace):
    with transaction.atomic():
        create_formula(workspace, name="Never", text="", actor=user)
        transaction.set_rollback(True)
    assert not Formula.objects.filter(name="Never").exists()
    assert not Entry.objects.filter(action="formulas.formula.created").exists()
    assert not PersonalPart.objects.filter(entry__action="formulas.formula.created").exists()


def test_entry_of_a_request_says_from_where(web, workspace):
    web.post(
        "/signals/sources/new/",
        {"name": "Program"},
        REMOTE_ADDR="203.0.113.7",
        HTTP_X_FORWARDED_FOR="198.51.100.1",  # anybody can send that
        HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    )
    entry = entry_of("signals.source.created")
    assert (entry.ip, entry.device) == ("203.0.113.7", "Firefox 132 on Windows 10")
    assert entry.via == "page"
    assert len(entry.request_id) == 36


def test_entry_outside_of_requests_is_of_a_command(user, workspace):
    create_formula(workspace, name="Mine", text="", actor=user)
    entry = entry_of("formulas.formula.created")
    assert (entry.via, entry.ip, entry.request_id) == ("command", None, "")


def test_unknown_way_is_refused():
    with pytest.raises(ValueError, match="one of page, api key"):
        came_via("carrier pigeon")


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("", ""),
        ("curl/8.5.0", "curl 8"),
        ("candlewright-sdk/1.2 (linux)", "candlewright-sdk/1.2 on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.5 Mobile/15E148 Safari/604.1",
            "Mobile Safari 17 on iOS 17",
        ),
    ],
)
def test_device_in_words(agent: str, label: str):
    assert device_of(agent) == label


def test_person_as_target_is_kept_apart(user: User):
    """A person's name and address stand in the part that can be erased, nowhere else in the entry."""
    user = update_profile(user, name="Ada Lovelace", timezone="UTC")
    entry = entry_of("accounts.profile.changed")
    assert entry.subject_id == user.pk
    assert entry.target_name == user.email
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(entry)::text FROM journal_entry entry WHERE id = %s", [entry.pk])
        assert user.email not in cursor.fetchone()[0]


def test_personal_changes_are_kept_apart(user: User, workspace):
    record(
        actor=user,
        workspace=workspace,
        action="accounts.member.invited",
        target=workspace,
        changes={"role": "trader"},
        personal={"email": "ada@example.com"},
        subject=user,
    )
    entry = entry_of("accounts.member.invited")
    assert entry.changes == {"role": "trader"}
    assert entry.all_changes == {"role": "trader", "email": "ada@example.com"}
    assert entry.target_label == ""
    assert entry.target_name == workspace.name


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (Decimal("1.50"), "1.50"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00+00:00"),
        (Colour.RED, "red"),
        (math.nan, "nan"),
        (-0.0, 0.0),
        (1e22, 10**22),
        ("a\x00b", "a\ufffdb"),
        ("\ud800", "?"),
        ({1: (2, None, True)}, {"1": [2, None, True]}),
        ({"b", "a"}, ["a", "b"]),
    ],
)
def test_what_is_not_json_is_kept_as_text(value, kept):
    assert storable(value) == kept


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


class RoundTrip(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(changes=st.dictionaries(st.text(), JSON, max_size=4))
    def test_what_was_hashed_is_what_is_read(self, changes):
        """PostgreSQL's JSON gives other numbers and texts back than it was given; the hash must not notice."""
        with transaction.atomic():
            pk = record(actor=None, workspace=None, action="core.thing.happened", changes=changes).pk
        entry = Entry.objects.get(pk=pk)
        assert json.dumps(entry.changes, sort_keys=True) == json.dumps(storable(changes), sort_keys=True)
        assert content_hash({name: getattr(entry, name) for name in HASHED_FIELDS}) == entry.content_hash


def test_database_refuses_to_change_an_entry(user, workspace):
    entry = Entry.objects.first()
    with pytest.raises(Exception, match="only ever inserted"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(action="x.y.z")
    with (
        pytest.raises(Exception, match="only ever inserted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM journal_entry")


def test_database_refuses_to_change_a_personal_part(user, workspace):
    with pytest.raises(Exception, match="may be erased, never changed"), transaction.atomic():
        PersonalPart.objects.update(data={})


@pytest.mark.parametrize(
    "table", ["journal_entry", "journal_seal", "journal_checkpoint", "journal_personalpart"]
)
def test_database_refuses_to_empty_the_journal(db, table: str):
    """Only the tests' own connections may, since theirs are emptied after each test with real transactions."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL journal.may_truncate = ''")
        with pytest.raises(Exception, match="never emptied"):
            cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    ("action", "patterns", "expected"),
    [
        ("accounts.login.failed", ("accounts.login.*",), True),
        ("accounts.logins.ended", ("accounts.login.*",), False),
        ("accounts.login.failed", ("accounts.login.failed",), True),
        ("accounts.login.failed_twice", ("accounts.login.failed",), False),
        ("any.thing.done", ("*",), True),
        ("any.thing.done", (), False),
    ],
)
def test_patterns_of_actions(action, patterns, expected):
    assert matches(action, patterns) is expected


def test_patterns_mean_the_same_in_the_database(db):
    from apps.journal.services.settling import wanted

    actions = ["accounts.login.failed", "accounts.logins.ended", "signals.source.made"]
    for action in actions:
        record(actor=None, workspace=None, action=action)
    for patterns in (("accounts.login.*",), ("signals.source.made", "accounts.*"), ("*",), ()):
        found = Entry.objects.filter(wanted(patterns), action__in=actions).values_list("action", flat=True)
        assert sorted(found) == sorted(action for action in actions if matches(action, patterns))
