"""POST /api/v1/sweeps/ and what follows."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from apps.backtests.api.sweeps import REQUEST_EXAMPLE
from apps.backtests.models import Sweep
from tests.backtests.sweeps.conftest import TEXT, run_all

URL = "/api/v1/sweeps/"


@pytest.fixture
def body(bar_set):
    return {
        "text": TEXT,
        "markets": [{"symbol": "WAVE", "timeframe": "1d"}],
        "axes": {"fast": "3..7", "slow": "10..25 step 5"},
    }


def test_submit_watch_and_read(api, body):
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 202, answer.json()
    made = answer.json()
    assert (made["status"], made["cells"], made["summary"]) == ("queued", 20, None)
    assert answer["Location"].endswith(f"{URL}{made['uuid']}/")
    assert api.get(f"{URL}{made['uuid']}/cells/").status_code == 409
    run_all()
    done = api.get(f"{URL}{made['uuid']}/").json()
    assert done["status"] == "done"
    assert done["verdict"]["trials"] == 20
    assert done["summary"]["markets"][0]["symbol"] == "WAVE"
    again = api.post(URL, body, format="json")
    assert (again.status_code, again.json()["uuid"]) == (200, made["uuid"])
    assert api.get(URL).json()["results"][0]["uuid"] == made["uuid"]


def test_cells_are_ordered_filtered_and_paged(api, body):
    uuid = api.post(URL, body, format="json").json()["uuid"]
    run_all()
    url = f"{URL}{uuid}/cells/"
    first = api.get(url, {"order": "-sharpe", "page_size": 8}).json()
    assert (first["count"], first["pages"], len(first["results"])) == (20, 3, 8)
    every = [
        cell["metrics"]["sharpe"]
        for page in (1, 2, 3)
        for cell in api.get(url, {"order": "-sharpe", "page_size": 8, "page": page}).json()["results"]
    ]
    assert len(every) == 20
    assert every == sorted(every, reverse=True)
    assert {cell["inputs"]["slow"] for cell in api.get(url, {"is_slow": "15.0"}).json()["results"]} == {15}
    low = sorted(every)[5]
    assert api.get(url, {"min_sharpe": repr(low)}).json()["count"] == 15
    assert api.get(url, {"max_fast": "4", "min_slow": 20}).json()["count"] == 4


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"markets": []}, 400, "markets"),
        ({"markets": [{"symbol": "WAVE"}, {"symbol": "NOPE"}]}, 404, "markets.1.symbol"),
        ({"axes": {"fast": "9..3"}}, 422, "fast"),
        ({"axes": {"nonsense": "9"}}, 422, "nonsense"),
        ({"axes": {}}, 422, "axes"),
        ({"metric": "fees"}, 400, "metric"),
        ({"mode": "random"}, 422, "count"),
        ({"formula": "0b8f5a52-7a35-4a60-a5a5-8c4c0d9b9e01"}, 400, "text"),
        ({"start": "2021-01-01", "end": "2020-01-01"}, 422, "start"),
    ],
)
def test_refusals_name_the_field_and_store_nothing(api, body, change, status, field):
    answer = api.post(URL, body | change, format="json")
    assert answer.status_code == status, answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert field in answer.json()["errors"]
    assert not Sweep.objects.exists()


@pytest.mark.parametrize("query", [{"order": "nonsense"}, {"is_nonsense": "1"}, {"min_both": "1"}])
def test_unknown_columns_are_refused(api, body, query):
    uuid = api.post(URL, body, format="json").json()["uuid"]
    run_all()
    answer = api.get(f"{URL}{uuid}/cells/", query)
    assert answer.status_code == 422
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "query", [{"page": "0"}, {"page_size": "5000"}, {"min_sharpe": "x"}, {"market": "-1"}]
)
def test_malformed_numbers_are_refused(api, body, query):
    uuid = api.post(URL, body, format="json").json()["uuid"]
    run_all()
    assert api.get(f"{URL}{uuid}/cells/", query).status_code == 400


def test_cancel_and_delete(api, body):
    url = f"{URL}{api.post(URL, body, format='json').json()['uuid']}/"
    assert api.delete(url).status_code == 409
    assert api.post(f"{url}cancel/").json()["status"] == "cancelled"
    assert api.delete(url).status_code == 204
    assert not Sweep.objects.exists()


def test_foreign_sweep_is_not_found(api, body, stranger):
    uuid = api.post(URL, body, format="json").json()["uuid"]
    other = APIClient()
    other.force_login(stranger)
    for path in ("", "cells/"):
        assert other.get(f"{URL}{uuid}/{path}").status_code == 404
    assert other.post(f"{URL}{uuid}/cancel/").status_code == 404
    assert other.delete(f"{URL}{uuid}/").status_code == 404


def test_the_documented_example_is_understood(api, workspace, user):
    answer = api.post(URL, REQUEST_EXAMPLE.value, format="json")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_market")  # all else is in order
