"""An export holds every row about a person, none about another, no secret; its manifest and its README are true."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.accounts.choices import ExportStatus
from apps.accounts.errors import ExportNotReady
from apps.accounts.models import DataExport, Membership
from apps.accounts.services.privacy import build_export, note_download, request_export, resume_exports
from apps.accounts.services.privacy.archive import LARGE
from apps.core.privacy import holdings
from apps.formulas.models import Formula
from apps.journal.models import Entry
from apps.markets.models import BarSet
from tests.accounts.privacy.planting import Garden

pytestmark = pytest.mark.django_db


def export_of(user) -> tuple[DataExport, zipfile.ZipFile]:
    export = request_export(user, actor=user)
    assert build_export(export.pk)
    export.refresh_from_db()
    with default_storage.open(export.path, "rb") as file:
        return export, zipfile.ZipFile(io.BytesIO(file.read()))


def text_of(archive: zipfile.ZipFile) -> str:
    return "\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def test_every_table_of_the_person_is_found_and_nothing_of_another():
    ada = Garden("Adalind").plant_all()
    bob = Garden("Bobosaur").plant_all()
    _, archive = export_of(ada.user)
    for label, row in ada.rows.items():
        if label not in holdings():
            continue
        rows = json.loads(archive.read(f"tables/{label}.json"))
        key = row._meta.pk.attname
        assert str(row.pk) in {str(found[key]) for found in rows}, label
        foreign = bob.rows[label]
        assert str(foreign.pk) not in {str(found[key]) for found in rows}, label
    text = text_of(archive)
    assert "Bobosaur" not in text
    assert str(bob.workspace.uuid) not in text
    for path in ada.files:
        named = any(
            path in json.dumps(json.loads(archive.read(f)))
            for f in archive.namelist()
            if f.startswith("tables/")
        )
        if named:
            assert archive.read(f"files/{path}") == b"Adalind in a file"
    assert sum(name.startswith("files/planted/") for name in archive.namelist()) > 10


def test_secrets_and_their_hashes_are_left_out_by_name():
    ada = Garden("Adalind").plant_all()
    _, archive = export_of(ada.user)
    text = text_of(archive)
    assert "hidden" not in text
    assert ada.user.password not in text
    left_out = {
        table["table"]: table["left_out"] for table in json.loads(archive.read("manifest.json"))["tables"]
    }
    assert left_out["accounts.user"] == ["password"]
    assert left_out["accounts.apikey"] == ["secret_hash"]
    secrets = ["passphrase", "previous_token_hash", "signing_keys", "token_hash"]
    assert left_out["signals.alertsource"] == secrets
    assert left_out["signals.signalchain"] == ["salt", "seed"]


def test_what_was_made_in_other_workspaces_is_a_mention_without_content():
    ada = Garden("Adalind")
    bob = Garden("Bobosaur").plant_all()
    Membership.objects.create(workspace=bob.workspace, user=ada.user, role="analyst")
    bars = bob.rows["markets.barset"]
    BarSet.objects.filter(pk=bars.pk).update(imported_by=ada.user)
    _, archive = export_of(ada.user)
    mention = json.loads(archive.read("mentions/markets.barset.json"))
    assert [(row["id"], row["as"]) for row in mention] == [(str(bars.uuid), ["imported_by"])]
    assert "tables/markets.barset.json" not in archive.namelist()
    assert len(json.loads(archive.read("tables/accounts.membership.json"))) == 2
    assert "Bobosaur" not in text_of(archive)


def test_the_manifest_names_every_file_with_its_hash_and_readme_says_what_it_is():
    ada = Garden("Adalind").plant_all()
    export, archive = export_of(ada.user)
    manifest = json.loads(archive.read("manifest.json"))
    assert {file["path"] for file in manifest["files"]} == set(archive.namelist()) - {"manifest.json"}
    for file in manifest["files"]:
        content = archive.read(file["path"])
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["bytes"]), file
    with default_storage.open(export.path, "rb") as stored:
        content = stored.read()
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (export.sha256, export.size)
    assert "for Adalind Smith" in archive.read("README.txt").decode()


def test_large_tables_come_as_csv_too():
    ada = Garden("Adalind")
    Formula.objects.bulk_create(
        [Formula(workspace=ada.workspace, name=f"F{i}", text='a "quoted"\nline') for i in range(LARGE)]
    )
    Formula.objects.filter(name=f"F{LARGE - 1}").update(text="=HYPERLINK(1)")
    _, archive = export_of(ada.user)
    rows = list(csv.DictReader(io.StringIO(archive.read("tables/formulas.formula.csv").decode(), newline="")))
    assert [row["name"] for row in rows] == [f"F{i}" for i in range(LARGE)]
    assert rows[0]["text"] == 'a "quoted"\nline'
    assert rows[-1]["text"] == "'=HYPERLINK(1)", "no spreadsheet runs it"
    assert [row["name"] for row in json.loads(archive.read("tables/formulas.formula.json"))] == [
        row["name"] for row in rows
    ]
    assert "tables/accounts.user.csv" not in archive.namelist()


def test_one_at_a_time_and_each_step_in_the_journal():
    ada = Garden("Adalind")
    export = request_export(ada.user, actor=ada.user)
    assert request_export(ada.user, actor=ada.user) == export
    with pytest.raises(ExportNotReady, match="not ready yet"):
        note_download(export, actor=ada.user)
    assert build_export(export.pk)
    assert not build_export(export.pk), "done once"
    export.refresh_from_db()
    assert export.percent == 100
    assert export.expires_at - export.finished_at == timedelta(days=7)
    assert note_download(export, actor=ada.user) == export.path
    mine = Entry.objects.filter(actor_id=ada.user.pk, action__startswith="accounts.export").order_by("id")
    assert [entry.action for entry in mine] == [
        "accounts.export.requested",
        "accounts.export.finished",
        "accounts.export.downloaded",
    ]
    DataExport.objects.update(expires_at=timezone.now())
    export.refresh_from_db()
    with pytest.raises(ExportNotReady, match="kept for 7 days"):
        note_download(export, actor=ada.user)


def test_a_failing_export_is_tried_again_at_the_next_run_and_given_up_after_three(settings):
    ada = Garden("Adalind")
    blocked = Path(settings.MEDIA_ROOT, "exports")
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("a file where the folder should be")
    export = request_export(ada.user, actor=ada.user)
    assert not build_export(export.pk)
    export.refresh_from_db()
    assert (export.status, export.attempts) == (ExportStatus.RUNNING, 1)
    blocked.unlink()
    assert resume_exports() == 1, "at once, not when its lease of five minutes is over"
    other = request_export(ada.user, actor=ada.user)
    default_storage.delete(DataExport.objects.get(pk=export.pk).path)
    blocked.rmdir()
    blocked.write_text("again")
    for _ in range(3):
        assert not build_export(other.pk)
    other.refresh_from_db()
    assert (other.status, other.attempts) == (ExportStatus.FAILED, 3)
    assert resume_exports() == 0


def test_an_export_whose_job_died_is_taken_over_and_given_up_after_three():
    ada = Garden("Adalind")
    export = request_export(ada.user, actor=ada.user)
    now = timezone.now()
    DataExport.objects.update(status=ExportStatus.RUNNING, attempts=1, lease_until=now + timedelta(minutes=1))
    assert resume_exports() == 0, "its job lives"
    DataExport.objects.update(lease_until=now - timedelta(seconds=1))
    assert resume_exports() == 1
    export.refresh_from_db()
    assert (export.status, export.attempts) == (ExportStatus.DONE, 2)
    other = request_export(ada.user, actor=ada.user)
    assert other != export
    DataExport.objects.filter(pk=other.pk).update(
        status="running", attempts=3, lease_until=now - timedelta(seconds=1)
    )
    assert resume_exports() == 0
    other.refresh_from_db()
    assert other.status == ExportStatus.FAILED
