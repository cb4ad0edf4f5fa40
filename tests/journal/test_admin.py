"""Staff's view of the journal: everything can be looked at, nothing can be changed, what is parked can be tried again."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from apps.accounts.models import User
from apps.formulas.services import create_formula, save_formula
from apps.journal.models import Entry, Retry
from apps.journal.services import keep_verification, record, run_consumers, seal_entries, verify_journal
from apps.journal.services.consuming import MOST_ATTEMPTS
from tests.factories import with_second_factor
from tests.journal.conftest import everything, without_guard

ADMIN = "/admin/journal/"
TABLES = ["entry", "seal", "checkpoint", "verification", "cursor", "retry"]


@pytest.fixture
def staff(db) -> Client:
    boss = User.objects.create_superuser("boss@example.com", "correct-horse-battery")
    client = Client()
    client.force_login(boss)
    return with_second_factor(client, boss)


@pytest.fixture
def edited(workspace, user) -> Entry:
    """What the user did to a formula, from a known address; sealed and verified."""
    formula = create_formula(workspace, name="Old name", text="", actor=user)
    save_formula(formula, name="New name", text="", actor=user)
    seal_entries(up_to=everything())
    keep_verification(verify_journal())
    return Entry.objects.get(action="formulas.formula.edited")


def text_of(answer) -> str:
    assert answer.status_code == 200, answer.get("Location")
    return answer.content.decode()


@pytest.mark.parametrize("table", TABLES)
def test_lists_open_for_staff_with_a_second_factor_only(staff, edited, web, user, table):
    text_of(staff.get(f"{ADMIN}{table}/"))
    assert web.get(f"{ADMIN}{table}/").status_code in (302, 403, 404)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    assert web.get(f"{ADMIN}{table}/").status_code == 302, "staff, but without a second factor"


def test_an_entry_is_told_whole(staff, edited, user):
    page = text_of(staff.get(f"{ADMIN}entry/{edited.pk}/change/"))
    for words in (edited.content_hash, user.email, "Old name → New name", str(edited.uuid), "command"):
        assert words in page


@pytest.mark.parametrize(
    "query", ["formula.edited", "New name", "{user.email}", "{entry.uuid}", "203.0.113.7", "the-request"]
)
def test_search_finds_it_by(staff, edited, user, query):
    record_with_context(user)
    found = text_of(staff.get(f"{ADMIN}entry/", {"q": query.format(user=user, entry=edited)}))
    expected = "tests.thing.seen" if query in ("203.0.113.7", "the-request") else "formulas.formula.edited"
    assert expected in found
    assert "accounts.user.signed_up" not in found


def record_with_context(user: User) -> None:
    with bound_contextvars(request_id="the-request", ip="203.0.113.7", via="page"):
        record(actor=user, workspace=None, action="tests.thing.seen")


def test_filters_by_way_and_by_staff_in_anothers_place(staff, edited, user):
    record_with_context(user)
    text = text_of(staff.get(f"{ADMIN}entry/", {"via": "page"}))
    assert "tests.thing.seen" in text
    assert "formulas.formula.edited" not in text
    text = text_of(staff.get(f"{ADMIN}entry/", {"impersonated": "yes"}))
    assert "tests.thing.seen" not in text


@pytest.mark.parametrize("table", TABLES)
def test_nothing_can_be_added_changed_or_deleted(staff, edited, table):
    before = list(Entry.objects.order_by("id").values_list("content_hash", flat=True))
    assert staff.get(f"{ADMIN}{table}/add/").status_code == 403
    assert staff.post(f"{ADMIN}{table}/add/", {}).status_code == 403
    if table == "entry":
        one = f"{ADMIN}{table}/{edited.pk}/"
        assert staff.post(f"{one}change/", {"action": "x"}).status_code == 403
        assert staff.post(f"{one}delete/", {"post": "yes"}).status_code == 403
        body = {"action": "delete_selected", "_selected_action": [edited.pk], "post": "yes"}
        staff.post(f"{ADMIN}{table}/", body)
    assert list(Entry.objects.order_by("id").values_list("content_hash", flat=True))[: len(before)] == before


def test_a_fault_is_counted(staff, edited):
    def faults() -> list[str]:
        page = text_of(staff.get(f"{ADMIN}verification/"))
        return re.findall(r'class="[^"]*field-faulty[^"]*"[^>]*>\s*(?:<[^>]*>\s*)*(\d+)', page)

    assert faults() == ["0"]
    without_guard("UPDATE journal_entry SET via = 'admin' WHERE id = %s", edited.pk)
    keep_verification(verify_journal())
    assert faults() == ["1", "0"]


def test_what_is_parked_is_tried_again(staff, reader):
    seen: list[int] = []
    is_broken = True

    def handle(entry: Entry) -> None:
        if is_broken:
            raise RuntimeError("the mail server is away")
        seen.append(entry.pk)

    reader("test.staff", handle, "core.thing.made")
    entry = record(actor=None, workspace=None, action="core.thing.made")
    run_consumers(up_to=everything(), names=["test.staff"])
    Retry.objects.update(attempts=MOST_ATTEMPTS, parked_at=timezone.now())
    page = text_of(staff.get(f"{ADMIN}retry/"))
    assert "RuntimeError: the mail server is away" in page
    assert "test.staff" in text_of(staff.get(f"{ADMIN}cursor/"))
    is_broken = False
    run_consumers(up_to=everything(), names=["test.staff"])
    assert seen == [], "parked"
    chosen = {"action": "try_again", "_selected_action": [Retry.objects.get().pk]}
    asked = staff.post(f"{ADMIN}retry/", chosen)
    assert "This acts on one row:" in text_of(asked)
    assert Retry.objects.get().parked_at, "nothing is done yet"
    assert staff.post(f"{ADMIN}retry/", dict(asked.context["sent"])).status_code == 302
    run_consumers(up_to=everything(), names=["test.staff"])
    assert seen == [entry.pk]
    assert not Retry.objects.exists()


def test_as_many_queries_for_many_entries_as_for_few(staff, user):
    staff.get(f"{ADMIN}entry/")
    counts = []
    for _ in range(2):
        for _ in range(20):
            record(actor=user, workspace=None, action="core.thing.made", personal={"a": 1}, subject=user)
        with CaptureQueriesContext(connection) as queries:
            staff.get(f"{ADMIN}entry/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
