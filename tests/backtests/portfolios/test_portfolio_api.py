"""POST /api/v1/portfolios/ and what follows."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.backtests.models import PortfolioRun
from apps.backtests.services import submit_portfolio, work_next

URL = "/api/v1/portfolios/"


@pytest.fixture
def body(formula, bar_set, second_market):
    return {
        "name": "Wave and lake",
        "legs": [
            {"symbol": "WAVE", "weight": 0.6, "formula": str(formula.uuid), "inputs": {"fast": 5}},
            {"bar_set": str(second_market.uuid), "weight": 0.4},
        ],
        "rebalance": "monthly",
        "cash": 5_000,
        "fee": 0.0005,
    }


def test_submit_watch_read_and_delete(api, body, workspace, user, asked):
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 202, answer.json()
    made = answer.json()
    where = f"{URL}{made['uuid']}/"
    assert answer["Location"].endswith(where)
    assert [leg["formula_name"] for leg in made["legs"]] == ["Two averages", "Buy and hold"]
    assert api.get(f"{where}trades/").status_code == 409
    assert api.get(f"{where}result/").status_code == 409
    work_next()
    done = api.get(where).json()
    assert done["status"] == "done", done["error"]
    assert done["metrics"]["trades"] == len(api.get(f"{where}trades/").json())
    whole = b"".join(api.get(f"{where}result/").streaming_content)
    run = PortfolioRun.objects.get()
    assert whole == default_storage.open(run.result_path).read()
    assert submit_portfolio(workspace, asked, actor=user) == (run, False)  # as the form asks it
    assert api.post(URL, body, format="json").status_code == 200
    assert api.delete(where).status_code == 204
    assert not PortfolioRun.objects.exists()


@pytest.mark.parametrize(
    ("place", "change", "status", "field", "words"),
    [
        (0, {"inputs": {"fast": 99}}, 422, "legs.0.inputs", "2..20"),
        (0, {"formula": str(uuid4())}, 404, "legs.0.formula", "no formula"),
        (0, {"symbol": "NOPE"}, 404, "legs.0.symbol", "/api/v1/bars/"),
        (1, {"weight": 1.5}, 422, "legs.1.weight", "at most 100 %"),
        (1, {"weight": 0.5}, 422, "legs", "110 %"),
    ],
)
def test_a_refused_leg_is_named(api, body, place, change, status, field, words):
    body["legs"][place] |= change
    answer = api.post(URL, body, format="json")
    assert answer.status_code == status, answer.json()
    assert words in answer.json()["errors"][field][0]
    assert not PortfolioRun.objects.exists()


@pytest.mark.parametrize(
    "change", [{"legs": []}, {"rebalance": "hourly"}, {"cash": -1}, {"legs": [{"weight": 1}]}]
)
def test_malformed_requests(api, body, change):
    assert api.post(URL, body | change, format="json").status_code == 400
    assert not PortfolioRun.objects.exists()


def test_cancel_and_list(api, body):
    uuid = api.post(URL, body, format="json").json()["uuid"]
    assert api.post(f"{URL}{uuid}/cancel/").json()["status"] == "cancelled"
    assert work_next() is None
    with CaptureQueriesContext(connection) as one:
        assert len(api.get(URL).json()["results"]) == 1
    api.post(URL, body | {"cash": 1_000}, format="json")
    with CaptureQueriesContext(connection) as two:
        assert len(api.get(URL).json()["results"]) == 2
    assert len(one) == len(two)
