"""POST /api/v1/walk-forwards/ and what follows."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage

from apps.backtests.models import WalkForward
from apps.backtests.services import submit_walk_forward, work_next
from tests.backtests.walk_forwards.conftest import TEXT

URL = "/api/v1/walk-forwards/"


@pytest.fixture
def body(bar_set):
    return {
        "text": TEXT,
        "symbol": "WAVE",
        "axes": {"fast": "2..4", "slow": "8,12"},
        "folds": 3,
        "cash": 5_000,
        "fee": 0.0005,
    }


def test_submit_watch_read_and_delete(api, body):
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 202, answer.json()
    made = answer.json()
    where = f"{URL}{made['uuid']}/"
    assert answer["Location"].endswith(where)
    assert (made["status"], made["luck"], made["spec"]["settings"]) == ("queued", None, 6)
    assert api.get(f"{where}trades/").status_code == 409
    assert api.get(f"{where}result/").status_code == 409
    assert api.delete(where).status_code == 409
    work_next()
    done = api.get(where).json()
    assert done["status"] == "done", done["error"]
    assert done["luck"]["tried"] == 6
    assert done["summary"]["metrics"]["trades"] == len(api.get(f"{where}trades/").json())
    whole = b"".join(api.get(f"{where}result/").streaming_content)
    found = WalkForward.objects.get()
    assert whole == default_storage.open(found.result_path).read()
    assert json.loads(whole)["verdict"] == done["summary"]["verdict"]
    assert api.post(URL, body, format="json").status_code == 200
    assert [each["uuid"] for each in api.get(URL).json()["results"]] == [made["uuid"]]
    assert api.delete(where).status_code == 204
    assert not WalkForward.objects.exists()


def test_it_is_the_same_question_as_the_form_s(api, body, workspace, user, asked, formula):
    text = {name: value for name, value in body.items() if name != "text"}
    made = api.post(URL, text | {"formula": str(formula.uuid)}, format="json").json()
    found, is_new = submit_walk_forward(workspace, asked, actor=user)
    assert (str(found.uuid), is_new) == (made["uuid"], False)


@pytest.mark.parametrize(
    ("change", "status", "field", "words"),
    [
        ({"folds": 9}, 422, "folds", "would fit"),
        ({"folds": 0}, 400, "folds", ""),
        ({"train_share": 0.5, "test_bars": 50}, 422, "train_share", "not both"),
        ({"axes": {"fast": "3..99"}}, 422, "fast", "2..10"),
        ({"axes": {}}, 422, "axes", "range"),
        ({"metric": "luck"}, 400, "metric", ""),
        ({"mode": "sliding"}, 400, "mode", ""),
        ({"symbol": "NOPE"}, 404, "symbol", "/api/v1/bars/"),
        ({"formula": str(uuid4())}, 400, "text", "either"),
        ({"text": "long when"}, 422, None, ""),
    ],
)
def test_refusals(api, body, change, status, field, words):
    answer = api.post(URL, body | change, format="json")
    assert answer.status_code == status, answer.json()
    if field:
        assert words in answer.json()["errors"][field][0]
    assert answer["Content-Type"].startswith("application/problem+json")
    assert not WalkForward.objects.exists()


def test_cancel(api, body):
    uuid = api.post(URL, body, format="json").json()["uuid"]
    assert api.post(f"{URL}{uuid}/cancel/").json()["status"] == "cancelled"
    assert work_next() is None
