"""ETag, If-Match and If-None-Match (RFC 9110, 8.8.3 and 13): nobody overwrites what they have not seen."""

from __future__ import annotations

import threading

import pytest
from celery import current_app
from django.db import connection
from rest_framework.test import APIClient

from apps.formulas.models import Formula
from apps.formulas.services import create_formula
from tests.factories import CROSS


@pytest.fixture
def path(workspace, user) -> str:
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    return f"/api/v1/formulas/{formula.uuid}/"


def test_a_change_needs_the_version_it_changes(api, path):
    read = api.get(path)
    missing = api.patch(path, {"name": "A"})
    assert (missing.status_code, missing.json()["code"]) == (428, "precondition_required")
    changed = api.patch(path, {"name": "A"}, headers={"If-Match": read["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] == api.get(path)["ETag"] != read["ETag"]
    stale = api.patch(path, {"name": "B"}, headers={"If-Match": read["ETag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_mismatch")
    assert stale["ETag"] == stale.json()["etag"] == changed["ETag"]
    assert api.get(path).json()["name"] == "A"
    assert api.patch(path, {"name": "B"}, headers={"If-Match": "*"}).status_code == 200


def test_if_match_takes_a_list_and_compares_strongly(api, path):
    tag = api.get(path)["ETag"]
    assert api.patch(path, {"name": "A"}, headers={"If-Match": f"W/{tag}"}).status_code == 412
    assert api.patch(path, {"name": "A"}, headers={"If-Match": f'"other", {tag}'}).status_code == 200


def test_deleting_may_name_the_version(api, path):
    assert api.delete(path, headers={"If-Match": '"other"'}).status_code == 412
    assert api.delete(path).status_code == 204


def test_an_unchanged_answer_is_not_sent_again(api, path):
    tag = api.get(path)["ETag"]
    again = api.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    listed = api.get("/api/v1/formulas/")
    assert api.get("/api/v1/formulas/", headers={"If-None-Match": listed["ETag"]}).status_code == 304
    api.patch(path, {"name": "A"}, headers={"If-Match": tag})
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 200
    assert api.get("/api/v1/formulas/", headers={"If-None-Match": listed["ETag"]}).status_code == 200


def test_strangers_learn_nothing_from_versions(path, stranger):
    client = APIClient()
    client.force_login(stranger)
    assert client.patch(path, {"name": "A"}, headers={"If-Match": '"x"'}).status_code == 404


def test_tests_of_a_formula_have_versions_of_their_own(api, path):
    case = api.post(path + "cases/", {"content": {"name": "One", "bars": [1], "signals": []}}).json()
    where = f"{path}cases/{case['uuid']}/"
    tag = api.get(where)["ETag"]
    body = {"content": {"name": "Two", "bars": [1], "signals": []}}
    assert api.put(where, body).status_code == 428
    assert api.put(where, body, headers={"If-Match": tag}).status_code == 200
    assert api.put(where, body | {}, headers={"If-Match": tag}).status_code == 412
    assert api.delete(where, headers={"If-Match": tag}).status_code == 412


@pytest.mark.django_db(transaction=True)
def test_of_two_writers_at_once_exactly_one_wins(user, workspace):
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    path = f"/api/v1/formulas/{formula.uuid}/"
    current_app.loader.import_default_modules()  # Celery loads its tasks once, and not for two threads at a time
    first = APIClient()
    first.force_login(user)
    for attempt in range(5):
        tag = first.get(path)["ETag"]
        start = threading.Barrier(3)
        statuses: list[int] = []

        def write(
            name: str, tag: str = tag, start: threading.Barrier = start, into: list[int] = statuses
        ) -> None:
            client = APIClient()
            client.force_login(user)
            start.wait()
            into.append(client.patch(path, {"name": name}, headers={"If-Match": tag}).status_code)
            connection.close()

        threads = [threading.Thread(target=write, args=(f"{attempt}-{n}",)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(statuses) == [200, 412, 412]
    assert Formula.objects.get().name.startswith("4-")
