"""The journal's pages, exports and API."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.models import Membership, User
from apps.formulas.services import create_formula, save_formula
from apps.journal.models import Entry, Verification
from apps.journal.services import erase_person, record, seal_entries
from apps.journal.tasks import verify_all, verify_workspace
from tests.factories import UserFactory, workspace_of
from tests.journal.conftest import everything, without_guard

JOURNAL = "/settings/workspace/journal/"


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def formula(workspace, user):
    made = create_formula(workspace, name="Old name", text="", actor=user)
    save_formula(made, name="New name", text="", actor=user)
    create_formula(workspace, name="Another", text="", actor=user)
    return made


def test_page_says_who_did_what_and_what_changed(web, user, formula):
    page = text_of(web.get(JOURNAL))
    assert user.email in page
    assert "<del>Old name</del>" in page
    assert "<ins>New name</ins>" in page


@pytest.mark.parametrize(
    ("query", "found", "missing"),
    [
        ("q=another", "Another", "Old name"),
        ("group=formulas", "Another", "Workspace created"),
        ("group=accounts", "Workspace created", "Another"),
        ("person=system", "No entry matches", "Another"),
        ("via=admin", "No entry matches", "Another"),
        ("via=command", "Another", "No entry matches"),
        ("since=2001-01-01", "Another", "No entry matches"),
        ("until=2001-01-01", "No entry matches", "Another"),
        ("since=2002-01-01&until=2001-01-01", "The last day lies before the first.", "xyz"),
        ("since=yesterday", "Enter a valid date.", "xyz"),
        ("object=formulas.formula:what", "No entry matches", "Another"),
        ("before=what", "Another", "No entry matches"),
    ],
)
def test_filters(web, formula, query, found, missing):
    page = text_of(web.get(f"{JOURNAL}?{query}"))
    assert found in page
    assert missing not in page


def test_filter_by_person(web, workspace, formula):
    other = UserFactory(name="Grace Hopper")
    Membership.objects.create(workspace=workspace, user=other, role=Role.ADMIN)
    create_formula(workspace, name="Hers", text="", actor=other)
    page = text_of(web.get(f"{JOURNAL}?person={other.uuid}"))
    assert "Hers" in page
    assert "Another" not in page


def test_timeline_of_one_object(web, formula):
    page = text_of(web.get(f"{JOURNAL}?object=formulas.formula:{formula.uuid}"))
    assert "Everything recorded about" in page
    assert "Old name" in page
    assert "Another" not in page
    assert page.count("<tr>") == 1 + 2, "a head and two entries"


def test_entry_page_tells_everything(web, user, formula):
    entry = Entry.objects.get(action="formulas.formula.edited")
    page = text_of(web.get(f"{JOURNAL}{entry.uuid}/"))
    assert f"/formulas/{formula.uuid}/" in page
    assert entry.content_hash in page
    assert "not yet; seals are made once a minute" in page
    seal_entries(up_to=everything())
    assert ", in seal 1" in text_of(web.get(f"{JOURNAL}{entry.uuid}/"))


def test_foreign_entry_is_unknown(web, stranger):
    foreign = create_formula(workspace_of(stranger), name="Secret", text="", actor=stranger)
    entry = Entry.objects.get(target_type="formulas.formula", target_id=foreign.pk)
    assert web.get(f"{JOURNAL}{entry.uuid}/").status_code == 404
    assert "Secret" not in text_of(web.get(JOURNAL))
    assert "Secret" not in text_of(web.get(f"{JOURNAL}?object=formulas.formula:{foreign.uuid}"))
    assert "Secret" not in text_of(web.get(f"{JOURNAL}?before={entry.uuid}"))


@pytest.mark.parametrize("path", ["", "export.csv", "export.json"])
def test_only_owner_and_admin_read_the_journal(workspace, path):
    member = UserFactory()
    ownless = Membership.objects.create(workspace=workspace, user=member, role=Role.TRADER)
    client = Client()
    client.force_login(member)
    session = client.session
    session["workspace_id"] = workspace.pk
    session.save()
    assert client.get(JOURNAL + path).status_code == 403
    assert client.get("/activity/").status_code == 200
    ownless.role = Role.ADMIN
    ownless.save()
    assert client.get(JOURNAL + path).status_code == 200


def test_activity_shows_no_addresses(web, formula):
    web.post("/signals/sources/new/", {"name": "Program"}, REMOTE_ADDR="203.0.113.7")
    assert "203.0.113.7" not in text_of(web.get("/activity/"))
    assert "<ins>" not in text_of(web.get("/activity/"))


def test_activity_is_searched_and_taken_home_without_addresses(web, formula):
    web.post("/signals/sources/new/", {"name": "Program"}, REMOTE_ADDR="203.0.113.7")
    assert "Program" in (found := text_of(web.get("/activity/?q=program")))
    assert "Another" not in found
    assert "Another" in (found := text_of(web.get("/activity/?group=formulas")))
    assert "Program" not in found
    assert Entry.objects.filter(parts__data__ip="203.0.113.7").exists()
    assert "Nothing here" in text_of(web.get("/activity/?q=203.0.113.7"))
    file = web.get("/activity/?q=another&file=csv").getvalue().decode()
    assert [(row["what"], row["which"]) for row in csv.DictReader(io.StringIO(file))] == [
        ("formulas.formula.created", "Another")
    ]
    assert "203.0.113.7" not in web.get("/activity/?file=csv").getvalue().decode()


def test_pages_follow_one_another(web, workspace, user):
    for number in range(60):
        record(actor=user, workspace=workspace, action=f"core.thing.made_{number:02}")
    first = text_of(web.get(JOURNAL))
    assert "core.thing.made_59" in first
    assert "core.thing.made_09" not in first
    older = first.split("?after=")[1].split('"')[0]
    second = text_of(web.get(f"{JOURNAL}?after={older}"))
    assert "core.thing.made_09" in second
    assert "core.thing.made_10" not in second


def test_number_of_queries_does_not_grow(web, workspace, user):
    counts = []
    for _ in range(2):
        for _ in range(20):
            record(actor=user, workspace=workspace, action="core.thing.made", personal={"a": 1}, subject=user)
        with CaptureQueriesContext(connection) as queries:
            web.get(JOURNAL)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_state_of_the_chain_is_told(web, workspace, formula, django_capture_on_commit_callbacks):
    assert "Not verified yet" in text_of(web.get(JOURNAL))
    seal_entries(up_to=everything())
    with django_capture_on_commit_callbacks() as callbacks:
        assert web.post(f"{JOURNAL}verify/").status_code == 302
    assert callbacks[0].args == ("journal.verify_workspace", {"workspace_id": workspace.pk})
    verify_workspace(workspace.pk)
    page = text_of(web.get(JOURNAL))
    assert "Whole" in page
    assert "4 entries" in page
    without_guard("UPDATE journal_entry SET via = 'admin' WHERE action = 'formulas.formula.edited'")
    verify_workspace(workspace.pk)
    page = text_of(web.get(JOURNAL))
    assert "Not whole" in page
    assert "formulas.formula.edited" in page


def test_nightly_verification_is_kept(formula):
    seal_entries(up_to=everything())
    verify_all()
    kept = Verification.objects.get(workspace_id=None)
    assert kept.faults == []
    assert kept.entries == Entry.objects.count()


# exports


def export(web, form: str, query: str = "") -> str:
    answer = web.get(f"{JOURNAL}export.{form}{query}")
    assert answer.status_code == 200
    return answer.getvalue().decode()


@pytest.fixture
def exports(web, workspace, user, formula, tmp_path: Path) -> dict[str, Path]:
    seal_entries(up_to=everything())
    create_formula(workspace, name="=SUM(A1)", text="", actor=user)
    paths = {}
    for form in ("csv", "json"):
        paths[form] = tmp_path / f"export.{form}"
        paths[form].write_text(export(web, form))
    return paths


def recheck(path: Path, *args: str) -> str:
    out = io.StringIO()
    call_command("journal", "verify-export", str(path), *args, stdout=out, stderr=out)
    return out.getvalue()


def faults(path: Path) -> str:
    err = io.StringIO()
    with pytest.raises(CommandError, match="the export does not hold"):
        call_command("journal", "verify-export", str(path), stderr=err)
    return err.getvalue()


def test_exports_hold(exports, workspace):
    assert "Every hash holds: 6 entries, 4 of them sealed." in recheck(exports["csv"])
    said = recheck(exports["json"])
    assert "Every hash holds: 7 entries, 4 of them sealed." in said, "the first export is an entry itself"
    assert "in 1 seal whose chain holds." in said
    head = said.split("Head: ")[1].strip()
    assert "Head" in recheck(exports["json"], "--head", head)
    with pytest.raises(CommandError):
        recheck(exports["json"], "--head", "0" * 64)


def test_csv_is_for_people_and_spreadsheets(exports, user):
    rows = list(csv.DictReader(io.StringIO(exports["csv"].read_text())))
    assert [row["target"] for row in rows][-2] == "'=SUM(A1)"
    assert rows[-1]["action"] == "journal.entries.exported"
    assert {row["actor"] for row in rows} == {user.email}
    assert json.loads(rows[2]["changes"])["name"] == ["Old name", "New name"]


def test_filtered_export_says_what_it_leaves_out(web, exports, tmp_path):
    path = tmp_path / "part.json"
    path.write_text(export(web, "json", "?q=edited"))
    assert json.loads(path.read_text())["filters"] == {"q": "edited"}
    assert "which name 3 more entries that this file leaves out" in recheck(path)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_edited_export_is_noticed(exports, form):
    path = exports[form]
    whole = path.read_text()
    assert "Old name" in whole
    path.write_text(whole.replace("Old name", "Older name"))
    assert "formulas.formula.edited" in faults(path)


def test_edited_column_of_a_csv_is_noticed(exports):
    lines = exports["csv"].read_text().splitlines(keepends=True)
    lines[1] = lines[1].replace(",command,", ",admin,", 1)
    exports["csv"].write_text("".join(lines))
    assert "via differ from what was recorded" in faults(exports["csv"])


def test_edited_seal_of_an_export_is_noticed(exports):
    document = json.loads(exports["json"].read_text())
    del document["entries"][1]
    document["seals"][0]["manifest"].pop(1)
    exports["json"].write_text(json.dumps(document))
    assert "seal 1 was edited" in faults(exports["json"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "a,b\n1,2\n",
        '{"format": "other"}',
        '{"format": "candlewright-journal/2", "entries": 3, "seals": []}',
    ],
)
def test_other_files_are_refused_in_words(tmp_path, text):
    path = tmp_path / "other"
    path.write_text(text)
    with pytest.raises(CommandError, match="file"):
        recheck(path)


def test_export_after_an_erasure_still_holds(web, exports, user, tmp_path):
    erase_person(user.pk)
    path = tmp_path / "erased.json"
    path.write_text(export(web, "json", "?group=formulas"))
    assert user.email not in path.read_text()
    assert "Every hash holds: 4 entries" in recheck(path)


# API


def test_api_lists_and_filters(api, user: User, formula):
    answer = api.get("/api/v1/journal/", {"action": "formulas.formula.edited"}).json()
    (entry,) = answer["results"]
    assert entry["actor"] == user.email
    assert entry["changes"]["name"] == ["Old name", "New name"]
    assert entry["target_uuid"] == str(formula.uuid)
    assert api.get(f"/api/v1/journal/{entry['uuid']}/").json() == entry
    found = api.get("/api/v1/journal/", {"target": f"formulas.formula:{formula.uuid}"}).json()["results"]
    assert [row["action"] for row in found] == ["formulas.formula.edited", "formulas.formula.created"]
    assert len(api.get("/api/v1/journal/", {"action": "formulas.*"}).json()["results"]) == 3
    assert len(api.get("/api/v1/journal/", {"q": "another"}).json()["results"]) == 1
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    assert api.get("/api/v1/journal/", {"recorded_after": later}).json()["results"] == []


def test_api_of_another_workspace_is_unknown(api, stranger):
    create_formula(workspace_of(stranger), name="Secret", text="", actor=stranger)
    entry = Entry.objects.get(action="formulas.formula.created")
    assert api.get(f"/api/v1/journal/{entry.uuid}/").status_code == 404
    assert api.post("/api/v1/journal/", {}).status_code == 405
