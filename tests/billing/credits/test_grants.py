"""Credits come with the plan each month, by hand and by purchase; they expire; staff put them right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.services import close_workspace, create_team
from apps.billing.choices import BucketSource
from apps.billing.errors import LedgerRefused
from apps.billing.models import (
    CreditBucket,
    LedgerCheck,
    LedgerNote,
    LedgerTransaction,
    Plan,
)
from apps.billing.selectors.anomalies import held_for_long, unusual_spending
from apps.billing.selectors.credits import available_of, credits_of, statement_of, use_by_day
from apps.billing.services import change_plan
from apps.billing.services.credits import (
    Need,
    adjust_credits,
    expire_credits,
    grant_credits,
    grant_plan_credits,
    hold_many,
    release_many,
    settle_many,
)
from apps.journal.models import Entry
from tests.billing.credits.conftest import balances, give, staff, with_credits
from tests.factories import UserFactory, with_second_factor, workspace_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("whole")]
NOVEMBER = datetime(2026, 11, 21, 12, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


def test_each_plan_gives_its_credits_once_a_month():
    spaces = {code: workspace_of(UserFactory(), code) for code in ("free", "pro", "enterprise")}
    assert grant_plan_credits(now=NOVEMBER) == 50 + 1_000 + 20_000
    assert grant_plan_credits(now=NOVEMBER + timedelta(days=5)) == 0
    buckets = {b.workspace_id: (b.available, b.expires_at, b.source) for b in CreditBucket.objects.all()}
    assert buckets[spaces["pro"].pk] == (1_000, DECEMBER, "plan")
    assert expire_credits(now=DECEMBER) == 21_050
    assert grant_plan_credits(now=DECEMBER) == 21_050
    lines = [(t.kind, t.change, t.balance) for t in statement_of(spaces["free"])]
    assert lines == [("grant", 50, 50), ("expire", -50, 0), ("grant", 50, 50)]
    assert Entry.objects.filter(action="billing.credits.granted_by_plan").count() == 2
    assert Entry.objects.get(action="billing.credits.expired").changes == {"workspaces": 3, "credits": 21_050}


def test_a_larger_plan_adds_the_difference_and_no_way_back_and_forth_adds_more():
    """Bought credits are untouched by all of it."""
    workspace = workspace_of(UserFactory(), "free")
    bought = give(workspace, 30)
    grant_plan_credits()
    change_plan(workspace, "pro", actor=None)
    assert available_of(workspace) == 1_000 + 30
    for code in ("free", "pro", "free", "pro"):
        change_plan(workspace, code, actor=None)
    assert available_of(workspace) == 1_000 + 30
    change_plan(workspace, "enterprise", actor=None)
    assert available_of(workspace) == 20_000 + 30
    assert balances(bought) == (30, 0, 0, 0)


def test_plans_are_rows_that_staff_change():
    workspace = workspace_of(UserFactory(), "free")
    Plan.objects.filter(code="free").update(monthly_credits=80)
    assert grant_plan_credits(only=workspace) == 80
    Plan.objects.filter(code="free").update(monthly_credits=70)
    assert grant_plan_credits(only=workspace) == 0


def test_a_workspace_that_is_being_closed_gets_none():
    owner = UserFactory()
    team = close_workspace(create_team(name="Team", actor=owner), actor=owner)
    assert grant_plan_credits(only=team) == 0


def test_a_grants_key_counts_once(purse):
    for expected in (True, False):
        made = grant_credits(
            purse, 40, key="order:1", source=BucketSource.PURCHASED, actor=None, note="Top-up"
        )
        assert made is expected
    assert available_of(purse) == 140
    assert statement_of(purse)[0].note.text == "Top-up"
    entries = Entry.objects.filter(action="billing.credits.granted", workspace_id=purse.pk)
    assert [entry.changes["credits"] for entry in entries.order_by("id")] == [100, 40]


def test_credits_cannot_be_granted_for_the_past(purse):
    with pytest.raises(ValueError, match="cannot be granted"):
        grant_credits(
            purse,
            1,
            key="late",
            source=BucketSource.BONUS,
            actor=None,
            expires_at=timezone.now() - timedelta(1),
        )


def test_what_comes_back_to_an_expired_bucket_expires_too():
    ends = timezone.now() + timedelta(days=3)
    workspace = with_credits(10, BucketSource.BONUS, expires_at=ends)
    hold_many([Need(workspace.pk, "a", 4)])
    assert expire_credits(now=ends - timedelta(seconds=1)) == 0
    assert expire_credits(now=ends) == 6
    bucket = CreditBucket.objects.get()
    assert balances(bucket) == (0, 4, 0, 6), "what is held is not expired"
    release_many(["a"])
    assert expire_credits(lately=True, now=ends + timedelta(days=3)) == 0, "too long ago for the prompt run"
    assert expire_credits(now=ends + timedelta(days=3)) == 4
    assert balances(bucket) == (0, 0, 0, 10)


def test_expired_credits_are_not_shown_as_available():
    workspace = with_credits(10, BucketSource.BONUS, expires_at=timezone.now() + timedelta(hours=1))
    assert credits_of(workspace).available == 10
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # guards keep what a bucket is
        cursor.execute("UPDATE billing_creditbucket SET expires_at = now() - interval '1 second'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert credits_of(workspace).available == available_of(workspace) == 0
    assert not hold_many([Need(workspace.pk, "a", 1)]).accepted


def test_adjustment_stands_on_the_statement_and_in_the_journal(purse):
    person = staff()
    adjust_credits(purse, 25, reason="  Sorry for\nthe outage ", actor=person)
    adjust_credits(purse, -40, reason="Granted twice", actor=person)
    last, first = statement_of(purse)[:2]
    assert (first.kind, first.change, first.note.text) == ("adjust", 25, "Sorry for the outage")
    assert (last.change, last.balance, last.actor_id) == (-40, 85, person.pk)
    entry = Entry.objects.filter(action="billing.credits.adjusted").latest("id")
    assert entry.changes == {"credits": -40, "available": [125, 85]}
    assert entry.all_changes["reason"] == "Granted twice"
    assert "Granted twice" not in str(entry.changes), "what people wrote can be erased"


@pytest.mark.parametrize(
    ("amount", "reason", "words"),
    [
        (0, "why", "Give an amount"),
        (5, " ", "Give a reason"),
        (5, "x" * 301, "Give a reason"),
        (-101, "why", "Only 100"),
    ],
)
def test_adjustments_that_are_refused(purse, amount, reason, words):
    with pytest.raises(LedgerRefused, match=words):
        adjust_credits(purse, amount, reason=reason, actor=staff())
    assert LedgerTransaction.objects.count() == 1


@pytest.fixture
def admin(db):
    person = UserFactory(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(person)
    return with_second_factor(client, person)


def test_staff_adjust_in_the_admin(purse, admin):
    page = f"/admin/billing/workspacecredits/{purse.pk}/change/"
    assert admin.get(page).status_code == 200
    wrong = admin.post(page, {"amount": "-200", "reason": "too much"})
    assert "Only 100 credits are available" in wrong.content.decode()
    assert "Give the reason" in admin.post(page, {"amount": "5", "reason": ""}).content.decode()
    assert admin.post(page, {"amount": "-20", "reason": "Granted twice"}).status_code == 302
    assert available_of(purse) == 80
    assert LedgerNote.objects.get().text == "Granted twice"


def spend(workspace, amount: int, moment: datetime, monkeypatch) -> None:
    """As if it had been then; the clock is the one thing moved."""
    with monkeypatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: moment)
        key = f"{workspace.pk}:{moment:%Y%m%d%H%M}"
        hold_many([Need(workspace.pk, key, amount)])
        settle_many([(key, amount)])


def test_unusual_spending_is_more_than_five_times_the_median(admin, monkeypatch):
    """Days of 10, 12, 14, 16 and 18: the median is 14, so 70 is still usual and 71 is not."""
    now = timezone.now().astimezone(UTC).replace(hour=12, minute=0)
    usual, unusual = with_credits(1_000), with_credits(1_000)
    new = with_credits(1_000)
    for workspace, today in ((usual, 70), (unusual, 71)):
        for days, amount in enumerate((18, 10, 14, 12, 16), 1):
            spend(workspace, amount, now - timedelta(days=days * 3), monkeypatch)
        spend(workspace, today, now, monkeypatch)
    spend(new, 500, now, monkeypatch)
    assert [(day.workspace_id, day.used, day.median) for day in unusual_spending(now)] == [
        (unusual.pk, 71, 14.0)
    ]
    assert [day.used for day in use_by_day(unusual)][-4:] == [18, 0, 0, 71]
    page = admin.get("/admin/billing/workspacecredits/?unusual=yes").content.decode()
    assert unusual.owner.email in page
    assert usual.owner.email not in page


def test_credits_held_for_long_are_found(purse, admin, monkeypatch):
    hold_many([Need(purse.pk, "fresh", 1), Need(purse.pk, "closed", 1)])
    release_many(["closed"])
    assert [hold.key for hold in held_for_long(timezone.now() + timedelta(days=6))] == ["fresh"]
    assert list(held_for_long()) == []
    assert admin.get("/admin/billing/ledgertransaction/?long=yes").status_code == 200
    assert admin.get(f"/admin/billing/ledgertransaction/?q={purse.pk}").status_code == 200


def test_command_verifies_and_tells_each_fault(purse, capsys, admin):
    call_command("credits", "verify")
    assert "Whole: 1 buckets, 1 transactions." in capsys.readouterr().out
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE billing_creditbucket SET available = 90, spent = 10")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    with pytest.raises(CommandError, match="not whole: 1 faults"):
        call_command("credits", "verify")
    bucket = CreditBucket.objects.get().pk
    fault = f"bucket {bucket}: its balances are 90/0/10/0/0, its entries make 100/0/0/0/0"
    assert fault in capsys.readouterr().out
    assert LedgerCheck.objects.latest("id").faults == [fault]
    assert admin.get("/admin/billing/ledgercheck/").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE billing_creditbucket SET available = 100, spent = 0")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_commands_grant_and_expire(capsys):
    workspace_of(UserFactory(), "pro")
    call_command("credits", "grant")
    call_command("credits", "expire")
    assert capsys.readouterr().out == "Granted: 1,000 credits.\nExpired: 0 credits.\n"


def test_the_admins_list_shows_balances(purse, admin):
    page = admin.get(f"/admin/billing/workspacecredits/?q={purse.uuid}").content.decode()
    assert purse.owner.email in page
    assert ">100<" in page
