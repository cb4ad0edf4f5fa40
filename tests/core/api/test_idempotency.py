"""A POST sent twice is carried out once: draft-ietf-httpapi-idempotency-key-header."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.choices import Role
from apps.accounts.models import Membership
from apps.accounts.services import create_team
from apps.core.models import IdempotentRequest
from apps.formulas.models import Formula
from apps.journal.models import Entry
from tests.factories import CROSS, UserFactory, wave_csv, workspace_of
from tests.signals.conftest import address_of_database

URL = "/api/v1/formulas/"
BODY = {"name": "Once", "text": CROSS}
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def test_the_same_request_gets_the_same_answer_and_changes_nothing_more(api):
    first = api.post(URL, BODY, headers=KEY)
    entries = Entry.objects.count()
    again = api.post(URL, BODY, headers={"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Formula.objects.count() == 1
    assert Entry.objects.count() == entries


def test_an_answer_without_a_body_is_kept_too(user):
    team = create_team(name="Night desk", actor=user)
    other = UserFactory()
    Membership.objects.create(user=other, workspace=team, role=Role.TRADER)
    headers = KEY | {"X-Workspace": str(workspace_of(other).uuid)}
    client = APIClient()
    client.force_login(other)
    address = f"/api/v1/workspaces/{team.uuid}/leave/"
    answer = client.post(address, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    kept = json.loads(IdempotentRequest.objects.get().answer.reveal())
    assert (kept["status"], kept["body"]) == (204, "")
    # who has left finds no such workspace, also under the same key
    assert client.post(address, headers=headers).status_code == 404
    assert not Membership.objects.filter(user=other, workspace=team).exists()


def test_another_body_or_path_under_the_key_is_refused(api):
    made = api.post(URL, BODY, headers=KEY).json()
    for answer in (
        api.post(URL, BODY | {"name": "Other"}, headers=KEY),
        api.post(f"{URL}{made['uuid']}/fork/", {}, headers=KEY),
    ):
        assert answer.status_code == 422
        assert answer.json()["code"] == "idempotency_key_reused"
    assert Formula.objects.count() == 1


def test_refusals_are_not_kept(api):
    assert api.post(URL, {"text": CROSS}, headers=KEY).status_code == 400
    assert not IdempotentRequest.objects.exists()
    assert api.post(URL, BODY, headers=KEY).status_code == 201


def test_keys_are_each_callers_own(api):
    other = UserFactory()
    workspace_of(other)
    client = APIClient()
    client.force_login(other)
    assert api.post(URL, BODY, headers=KEY).status_code == 201
    answer = client.post(URL, BODY | {"name": "Mine"}, headers=KEY)
    assert answer.status_code == 201
    assert answer.json()["name"] == "Mine"


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256, "\x7f"])
def test_what_is_no_key_is_refused(api, key):
    answer = api.post(URL, BODY, HTTP_IDEMPOTENCY_KEY=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


def test_files_are_compared_by_their_content(api):
    def send(content: bytes):
        file = io.BytesIO(content)
        file.name = "wave.csv"
        body = {"file": file, "symbol": "ONCE", "timeframe": "1d"}
        return api.post("/api/v1/bars/", body, format="multipart", headers=KEY)  # a new boundary each time

    assert send(wave_csv()).status_code == 201
    assert send(wave_csv())["Idempotency-Replayed"] == "true"
    assert send(wave_csv(300)).status_code == 422


def test_a_secret_shown_once_is_not_kept_in_clear(api):
    answer = api.post("/api/v1/alert-sources/", {"name": "Desk"}, headers=KEY)
    token = answer.json()["token"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM core_idempotentrequest")
        kept = cursor.fetchone()[0]
    assert kept.startswith("enc1:")
    assert token not in kept
    assert api.post("/api/v1/alert-sources/", {"name": "Desk"}, headers=KEY).json()["token"] == token


def test_a_key_is_free_again_after_a_day(api):
    api.post(URL, BODY, headers=KEY)
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert "Idempotency-Replayed" not in api.post(URL, BODY, headers=KEY)
    assert Formula.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_works_and_the_other_gets_its_answer(user, workspace):
    current_app.loader.import_default_modules()  # Celery loads its tasks once, and not for two threads at a time
    answers: list = []
    start = threading.Barrier(4)

    def send() -> None:
        client = APIClient()
        client.force_login(user)
        start.wait()
        answers.append(client.post(URL, BODY, headers=KEY))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 3
    assert Formula.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_before_it_commits_leaves_nothing(user, workspace):
    script = f"""
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
import django; django.setup()
from django.db import transaction
from rest_framework.test import APIClient
from apps.accounts.models import User
client = APIClient(); client.force_login(User.objects.get(pk={user.pk}))
with transaction.atomic():  # holds the request's own commit back
    answer = client.post({URL!r}, {BODY!r}, headers={KEY!r})
    print(answer.status_code, flush=True)
    sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"DATABASE_URL": address_of_database()},
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"201"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert Formula.objects.count() == IdempotentRequest.objects.count() == 0
    client = APIClient()
    client.force_login(user)
    started = time.monotonic()
    answer = client.post(URL, BODY, headers=KEY)
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer
    assert time.monotonic() - started < 20
