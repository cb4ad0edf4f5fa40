"""The privacy pages and their API: step-up before the dangerous, progress, download, the day and the way back."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import DataExport, Membership, RetentionRule, User, Workspace
from apps.accounts.services import create_api_key
from apps.accounts.services.privacy import build_export
from apps.core.privacy import holdings
from apps.journal.models import Entry
from tests.factories import UserFactory, with_second_factor

pytestmark = pytest.mark.django_db


def stale(client: Client) -> None:
    """Make the log-in older than the time for which it counts as a confirmation."""
    session = client.session
    session["confirmed_at"] = 0.0
    session.save()


def test_an_export_is_made_watched_and_downloaded(web, user):
    web.post("/settings/privacy/export/")
    export = DataExport.objects.get(user=user)
    line = f"/settings/privacy/export/{export.uuid}/"
    waiting = web.get(line).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    assert web.get(f"{line}file/").status_code == 409
    build_export(export.pk)
    ready = web.get(line).content.decode()
    assert "hx-trigger" not in ready
    assert "Download" in ready
    answer = web.get(f"{line}file/")
    assert answer["Content-Disposition"].startswith('attachment; filename="candlewright-')
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        assert "tables/accounts.user.json" in archive.namelist()
    assert Entry.objects.filter(action="accounts.export.downloaded", actor_id=user.pk).count() == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "export/"), ("get", "delete/"), ("post", "delete/")],
)
def test_the_dangerous_asks_who_is_there_first(web, user, method, path):
    stale(web)
    answer = getattr(web, method)(f"/settings/privacy/{path}", {"email": user.email})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/settings/confirm/")
    assert not DataExport.objects.exists()
    user.refresh_from_db()
    assert user.erase_at is None


def test_a_download_asks_who_is_there_first(web, user):
    web.post("/settings/privacy/export/")
    export = DataExport.objects.get()
    build_export(export.pk)
    stale(web)
    answer = web.get(f"/settings/privacy/export/{export.uuid}/file/")
    assert answer["Location"].startswith("/settings/confirm/")


def test_deletion_says_what_goes_and_stays_and_can_be_taken_back(web, user, workspace):
    page = web.get("/settings/privacy/delete/").content.decode()
    assert workspace.name.replace("'", "&#x27;") in page
    for holding in holdings().values():
        if holding.stays:
            assert holding.words in page
    refused = web.post("/settings/privacy/delete/", {"email": "somebody@else.example"})
    assert "This is not the address of this account" in refused.content.decode()
    user.refresh_from_db()
    assert user.erase_at is None
    web.post("/settings/privacy/delete/", {"email": user.email.upper()})
    user.refresh_from_db()
    assert user.erase_at - timezone.now() > timedelta(days=13)
    fresh = Client()
    fresh.force_login(user)
    day = f"{user.erase_at:%-d %B %Y}"
    dashboard = fresh.get("/dashboard/").content.decode()
    assert f"will be deleted on {day}" in dashboard
    assert 'action="/settings/privacy/keep/"' in dashboard
    fresh.post("/settings/privacy/keep/")
    user.refresh_from_db()
    assert user.erase_at is None
    assert "will be deleted on" not in fresh.get("/dashboard/").content.decode()


def test_an_owner_of_a_team_is_told_to_hand_it_over(web, user):
    team = Workspace.objects.create(name="Desk", slug="desk", kind="team", owner=user)
    Membership.objects.create(workspace=team, user=user, role="owner")
    Membership.objects.create(workspace=team, user=UserFactory(), role="viewer")
    page = web.get("/settings/privacy/delete/").content.decode()
    assert "Hand over your teams first" in page
    web.post("/settings/privacy/delete/", {"email": user.email})
    user.refresh_from_db()
    assert user.erase_at is None


def test_what_is_held_is_counted_and_for_how_long(web, workspace):
    page = web.get("/settings/privacy/held/").content.decode()
    assert "Log-ins" in page
    assert "The API&#x27;s request log" in page
    RetentionRule.objects.create(kind="core.api_requests", days=17)
    for path in ("/settings/privacy/held/", "/settings/workspace/data/"):
        assert "17 days" in web.get(path).content.decode()


def test_the_api_does_the_same(web, user, workspace):
    api = APIClient()
    api.force_login(user)
    made = api.post("/api/v1/exports/")
    assert made.status_code == 202
    export = DataExport.objects.get()
    assert api.get(f"/api/v1/exports/{export.uuid}/file/").status_code == 409
    build_export(export.pk)
    assert api.get("/api/v1/exports/").json()["results"][0]["status"] == "done"
    assert api.get(f"/api/v1/exports/{export.uuid}/file/").getvalue()[:2] == b"PK"
    assert api.get("/api/v1/erasure/").json() == {"erase_at": None}
    assert api.post("/api/v1/erasure/").json()["erase_at"]
    user.refresh_from_db()
    assert user.erase_at
    assert api.post("/api/v1/erasure/cancel/").json() == {"erase_at": None}


def test_an_api_key_can_neither_export_nor_delete(user, workspace):
    _, secret = create_api_key(workspace, name="bot", actor=user)
    api = APIClient(headers={"Authorization": f"Bearer {secret}"})
    for path in ("/api/v1/exports/", "/api/v1/erasure/"):
        answer = api.post(path)
        assert answer.status_code == 403
        assert answer.json()["code"] == "right_missing"
    assert not DataExport.objects.exists()
    assert User.objects.get(pk=user.pk).erase_at is None


def test_staff_set_the_days_in_the_admin(db):
    boss = User.objects.create_superuser("boss@example.com", "correct-horse-battery")
    client = Client()
    client.force_login(boss)
    with_second_factor(client, boss)
    add = "/admin/accounts/retentionrule/add/"
    refused = client.post(add, {"kind": "core.api_requests", "days": 4000}).content.decode()
    assert "1 to 365 days" in refused
    assert not RetentionRule.objects.exists()
    assert client.post(add, {"kind": "core.api_requests", "days": 20}).status_code == 302
    rule = RetentionRule.objects.get()
    assert client.post(f"/admin/accounts/retentionrule/{rule.pk}/change/", {"days": 21}).status_code == 302
    rule.refresh_from_db()
    assert rule.days == 21
    entries = Entry.objects.filter(action="accounts.retention.changed").order_by("id")
    assert [entry.changes["days"] for entry in entries] == [[30, 20], [20, 21]]
