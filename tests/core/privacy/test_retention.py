"""What is older than its days goes, in batches; what is younger, and what nobody registered, stays."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.models import DateTimeField
from django.utils import timezone

from apps.accounts import tasks
from apps.accounts.errors import WrongDays
from apps.accounts.models import DataExport, GuessBucket, Login, RetentionRule, SecurityMail
from apps.accounts.selectors.privacy import periods
from apps.accounts.services.privacy import purge, set_days
from apps.core.privacy import exemptions, holdings
from apps.core.retention import kept_kinds
from apps.journal.models import Entry
from apps.signals.models import Alert, AlertRepeat, Signal
from tests.accounts.privacy.planting import Garden

pytestmark = pytest.mark.django_db
KINDS = kept_kinds()


def test_every_kind_names_a_declared_table_and_a_moment_of_it():
    declared = holdings().keys() | exemptions().keys()
    for kind in KINDS.values():
        assert kind.label.lower() in declared
        assert isinstance(kind.model._meta.get_field(kind.moment), DateTimeField)
        assert kind.least <= kind.days <= kind.most, kind.kind


@pytest.mark.parametrize("name", sorted(KINDS))
def test_old_rows_go_young_ones_stay(name):
    """At the edge: a minute younger than its days stays, a minute older goes."""
    kind = KINDS[name]
    row = Garden("Adalind").plant(kind.model)
    table = kind.model._base_manager
    edge = timezone.now() - timedelta(days=kind.days)
    table.filter(pk=row.pk).update(**{kind.moment: edge + timedelta(minutes=1)})
    assert {line.period.kept.kind: line.rows for line in purge()}[name] == 0
    assert table.filter(pk=row.pk).exists()
    table.filter(pk=row.pk).update(**{kind.moment: edge - timedelta(minutes=1)})
    assert {line.period.kept.kind: line.rows for line in purge(dry_run=True)}[name] == 1
    assert table.filter(pk=row.pk).exists(), "a dry run takes nothing"
    assert {line.period.kept.kind: line.rows for line in purge()}[name] == 1
    assert table.filter(pk=row.pk).exists() == bool(kind.clear)
    assert {line.period.kept.kind: line.rows for line in purge()}[name] == 0, "done once"
    entry = Entry.objects.get(action="accounts.retention.carried_out")
    assert entry.changes == {"kind": name, "days": kind.days, "rows": 1}


def test_old_alerts_lose_their_text_and_their_signals_stay():
    ada = Garden("Adalind").plant_all()
    purge()
    alert = Alert.objects.get()
    assert bytes(alert.body) == f"{ada.word} raw".encode(), "younger than 90 days"
    Alert.objects.update(received_at=timezone.now() - timedelta(days=91))
    purge()
    alert.refresh_from_db()
    assert (bytes(alert.body), alert.headers, alert.remote_ip) == (b"", {}, None)
    assert Signal.objects.count() == AlertRepeat.objects.count() == 1


def test_an_open_log_in_is_never_old():
    ada = Garden("Adalind")
    ada.plant(Login)
    Login.objects.update(ended_at=None, last_seen_at=timezone.now() - timedelta(days=5000))
    purge()
    assert Login.objects.count() == 1


def test_the_file_of_an_export_goes_with_its_row():
    ada = Garden("Adalind")
    row = ada.plant(DataExport)
    DataExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    purge()
    assert not DataExport.objects.exists()
    assert not default_storage.exists(row.path)


def test_many_rows_go_in_batches():
    ada = Garden("Adalind")
    repeat = ada.plant(AlertRepeat)
    old = timezone.now() - timedelta(days=100)
    AlertRepeat.objects.bulk_create(
        [AlertRepeat(alert=repeat.alert, received_at=old, same_body=True) for _ in range(250)]
    )
    kind = KINDS["signals.repeats"]
    assert kind.purge(timezone.now() - timedelta(days=90), batch=40) == 250
    assert AlertRepeat.objects.count() == 1


def test_staff_change_the_days_within_bounds_and_the_journal_says_so(user):
    set_days("signals.repeats", 30, actor=user)
    set_days("signals.repeats", 30, actor=user)
    assert {p.kept.kind: p.days for p in periods()}["signals.repeats"] == 30
    entry = Entry.objects.get(action="accounts.retention.changed")
    assert entry.changes == {"kind": "signals.repeats", "days": [90, 30]}
    ada = Garden("Adalind")
    ada.plant(AlertRepeat)
    AlertRepeat.objects.update(received_at=timezone.now() - timedelta(days=31))
    purge()
    assert not AlertRepeat.objects.exists()
    for kind, days, words in (
        ("signals.repeats", 6, "7 to 3650 days"),
        ("no.such", 9, "is not kept for a time"),
    ):
        with pytest.raises(WrongDays, match=words):
            set_days(kind, days, actor=user)
    assert RetentionRule.objects.get().days == 30


def test_the_command_counts_and_takes_away():
    ada = Garden("Adalind")
    ada.plant(AlertRepeat)
    AlertRepeat.objects.update(received_at=timezone.now() - timedelta(days=91))
    default_storage.save("unrelated", ContentFile(b"x"))
    out = io.StringIO()
    call_command("privacy", "purge", "--dry-run", stdout=out)
    assert "signals.repeats (kept 90 days): 1 would go" in out.getvalue()
    assert AlertRepeat.objects.exists()
    out = io.StringIO()
    call_command("privacy", "purge", stdout=out)
    assert "signals.repeats (kept 90 days): 1 gone" in out.getvalue()
    assert not AlertRepeat.objects.exists()
    assert default_storage.exists("unrelated")


def test_the_register_is_the_only_rule_for_mails_and_guesses():
    """No other job takes away what the staff decided to keep."""
    ada = Garden("Adalind")
    rows = [ada.plant(model) for model in (SecurityMail, GuessBucket)]
    years_ago = timezone.now() - timedelta(days=700)
    SecurityMail.objects.update(created_at=years_ago, sent_at=years_ago)
    GuessBucket.objects.update(failed_at=years_ago, blocked_until=years_ago)
    RetentionRule.objects.create(kind="accounts.mails", days=800)
    RetentionRule.objects.create(kind="accounts.guesses", days=800)
    for job in (tasks.send_due_mail, tasks.tidy_logins, tasks.purge):
        job()
    for row in rows:
        row.refresh_from_db()
    RetentionRule.objects.update(days=600)
    tasks.purge()
    assert not SecurityMail.objects.exists()
    assert not GuessBucket.objects.exists()
