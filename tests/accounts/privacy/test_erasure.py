"""After the grace period nothing of a person is left: every table counted, every text of the database searched."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.errors import ErasureBlocked
from apps.accounts.models import FileRemoval, Membership, User, Workspace
from apps.accounts.services import create_api_key, update_profile
from apps.accounts.services.privacy import (
    GRACE,
    cancel_erasure,
    close_due_workspaces,
    erase_due_people,
    erase_user,
    remove_files,
    request_erasure,
)
from apps.core.privacy import holdings
from apps.formulas.models import Formula
from apps.journal.models import Entry
from apps.journal.services import verify_journal
from apps.markets.models import BarSet
from tests.accounts.privacy.planting import Garden
from tests.factories import UserFactory

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.django_db


def every_text_with(*needles: str) -> list[str]:
    """Table and column of every text, JSON, array and byte column of the whole database that holds a needle."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN"
            " ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'bytea')"
        )
        for table, column, kind in cursor.fetchall():
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            for needle in needles:
                cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {text} ILIKE %s', [f"%{needle}%"])
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column} holds {needle}")
    return found


def counts() -> dict[str, int]:
    return {m._meta.label_lower: m._base_manager.count() for m in apps.get_models(include_auto_created=True)}


def due(user: User) -> User:
    request_erasure(user, actor=user)
    User.objects.filter(pk=user.pk).update(erase_at=timezone.now())
    return User.objects.get(pk=user.pk)


def test_nothing_of_the_person_is_left_and_nothing_of_another_is_touched():
    bob = Garden("Bobosaur").plant_all()
    before = counts()
    ada = Garden("Adalind")
    update_profile(ada.user, name="Adalind Smith-Jones", actor=ada.user)
    create_api_key(ada.workspace, name="laptop", actor=ada.user)
    ada.plant_all()
    assert every_text_with("Adalind@example.com"), "the search finds nothing"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    user = due(ada.user)
    assert erase_due_people() == 1
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what a commit would check

    stays = {label for label, holding in holdings().items() if holding.stays}
    ledger = {"billing.creditbucket", "billing.ledgertransaction", "billing.ledgerentry"}
    books = {f"billing.{name}" for name in ("payment", "refund", "invoice", "invoiceline", "difference")}
    sums = {"billing.subscriptionchange", "billing.trialuse"}
    assert stays == {"accounts.user", "journal.entry", "backtests.trial"} | ledger | books | sums
    after = counts()
    for label, count in after.items():
        if label not in stays | {"journal.personalpart", "admin.logentry"}:
            assert count == before[label], label
    named = ("backtests_trial.", *(f"{label.replace('.', '_')}." for label in books | sums))
    kept = [line for line in every_text_with("Adalind") if not line.startswith(named)]
    assert kept == []
    assert every_text_with("Adalind@example.com", "Smith-Jones") == []
    assert not [path for path in ada.files if default_storage.exists(path)]
    assert all(default_storage.exists(path) for path in bob.files)
    assert FileRemoval.objects.count() == 0

    user.refresh_from_db()
    assert user.email.endswith("@deleted.invalid")
    assert (user.name, user.is_active, user.display_name) == ("", False, "a deleted person")
    assert not user.has_usable_password()
    assert verify_journal().faults == []


def test_what_the_person_did_for_others_stays_under_a_pseudonym():
    bob = Garden("Bobosaur").plant_all()
    ada = Garden("Adalind")
    Membership.objects.create(workspace=bob.workspace, user=ada.user, role="analyst")
    bars = bob.rows["markets.barset"]
    BarSet.objects.filter(pk=bars.pk).update(imported_by=ada.user)
    due(ada.user)
    assert erase_due_people() == 1
    bars.refresh_from_db()
    assert bars.imported_by.display_name == "a deleted person"
    assert list(bob.workspace.memberships.values_list("user_id", flat=True)) == [bob.user.pk]
    assert Formula.objects.filter(workspace=bob.workspace).exists()


def test_the_grace_period_is_fourteen_days_and_can_be_taken_back():
    ada = Garden("Adalind")
    request_erasure(ada.user, actor=ada.user)
    first = ada.user.erase_at
    assert timedelta(days=14) - timedelta(minutes=1) < first - timezone.now() <= GRACE == timedelta(days=14)
    request_erasure(ada.user, actor=ada.user)
    assert ada.user.erase_at == first, "asking again does not move the day"
    assert erase_due_people() == 0
    cancel_erasure(ada.user, actor=ada.user)
    assert ada.user.erase_at is None
    User.objects.filter(pk=ada.user.pk).update(erase_at=None)
    assert not erase_user(ada.user)
    mine = Entry.objects.filter(target_id=ada.user.pk, action__startswith="accounts.erasure").order_by("id")
    assert [entry.action for entry in mine] == ["accounts.erasure.requested", "accounts.erasure.cancelled"]


def test_who_owns_a_team_hands_it_over_first():
    ada = Garden("Adalind")
    team = Workspace.objects.create(name="Desk", slug="desk", kind="team", owner=ada.user)
    Membership.objects.create(workspace=team, user=ada.user, role="owner")
    request_erasure(ada.user, actor=ada.user)  # alone in it: it goes with the person
    cancel_erasure(ada.user, actor=ada.user)
    colleague = Membership.objects.create(workspace=team, user=UserFactory(), role="trader")
    with pytest.raises(ErasureBlocked, match="Others work in Desk"):
        request_erasure(ada.user, actor=ada.user)
    User.objects.filter(pk=ada.user.pk).update(erase_at=timezone.now())  # the colleague came during the grace
    assert erase_due_people() == 0
    assert User.objects.get(pk=ada.user.pk).email == "Adalind@example.com"
    colleague.delete()
    assert erase_due_people() == 1
    assert not Workspace.objects.filter(pk=team.pk).exists()


def test_sessions_end_with_the_person():
    ada = Garden("Adalind")
    client = Client()
    client.force_login(ada.user)
    assert client.get("/settings/").status_code == 200
    due(ada.user)
    erase_due_people()
    assert client.get("/settings/").status_code == 302


def test_a_closed_workspace_goes_on_its_day_with_all_it_holds():
    bob = Garden("Bobosaur").plant_all()
    people = User.objects.count()
    ada = Garden("Adalind")
    team = Workspace.objects.create(name="Quokka desk", slug="quokka", kind="team", owner=ada.user)
    Membership.objects.create(workspace=team, user=ada.user, role="owner")
    Membership.objects.create(workspace=team, user=bob.user, role="trader")
    mine, ada.workspace = ada.workspace, team
    ada.plant(Formula)
    ada.plant(BarSet)
    Workspace.objects.filter(pk=team.pk).update(closes_at=timezone.now() + timedelta(minutes=1))
    assert close_due_workspaces() == 0
    Workspace.objects.filter(pk=team.pk).update(closes_at=timezone.now())
    assert close_due_workspaces() == 1
    assert close_due_workspaces() == 0
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not Workspace.objects.filter(pk=team.pk).exists()
    assert not Formula.objects.filter(name__startswith="Adalind").exists()
    assert not any(default_storage.exists(path) for path in ada.files)
    assert Workspace.objects.filter(pk__in=[mine.pk, bob.workspace.pk]).count() == 2
    assert User.objects.count() == people + 1
    entry = Entry.objects.get(action="accounts.workspace.erased")
    assert (entry.workspace_id, entry.target_label) == (team.pk, "Quokka desk")
    assert verify_journal().faults == []


@pytest.mark.django_db(transaction=True)
def test_a_kill_in_the_middle_leaves_all_or_nothing_and_the_next_run_ends_it():
    """Killed before the commit: all is there. Killed after it: only files are left, which the next run removes."""
    ada = Garden("Adalind").plant_all()
    due(ada.user)
    before = counts()
    script = (
        "import sys, os, signal, django; from django.conf import settings; "
        f"settings.DATABASES['default']['NAME'] = {connection.settings_dict['NAME']!r}; "
        f"settings.MEDIA_ROOT = {str(default_storage.location)!r}; django.setup(); "
        "from apps.accounts.models import User; from apps.accounts.services import privacy; "
        "from apps.core.privacy import holdings, on_erasure; holdings(); "
        "{hook}"
        f"privacy.erase_user(User.objects.get(pk={ada.user.pk})); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed_inside = script.replace("{hook}", "on_erasure(lambda *a: os.kill(os.getpid(), signal.SIGKILL)); ")
    done = subprocess.run([sys.executable, "-c", killed_inside], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert counts() == before
    assert all(default_storage.exists(path) for path in ada.files)

    done = subprocess.run([sys.executable, "-c", script.replace("{hook}", "")], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert every_text_with("Adalind@example.com") == []
    assert FileRemoval.objects.count() > 5
    assert any(default_storage.exists(path) for path in ada.files)
    call_command("privacy", "erase")
    assert FileRemoval.objects.count() == 0
    assert not any(default_storage.exists(path) for path in ada.files)
    assert Entry.objects.filter(action="accounts.user.erased").count() == 1
    assert verify_journal().faults == []
    assert not erase_user(ada.user), "done once"


def test_files_that_are_gone_already_do_no_harm():
    with transaction.atomic():
        FileRemoval.objects.create(path="nowhere/at.all")
        FileRemoval.objects.create(path="no/such/folder", is_folder=True)
    assert remove_files() == 2
