"""POST /api/v1/backtests/ and what follows."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from apps.backtests.models import Backtest
from apps.backtests.services import run_backtest
from tests.factories import CROSS

URL = "/api/v1/backtests/"


@pytest.fixture
def body(bar_set):
    return {"text": CROSS, "symbol": "WAVE"}


def test_submit_watch_and_read(api, body):
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 202, answer.json()
    made = answer.json()
    assert made["status"] == "queued"
    assert answer["Location"].endswith(f"{URL}{made['uuid']}/")
    assert api.get(f"{URL}{made['uuid']}/trades/").status_code == 409
    run_backtest(Backtest.objects.get().pk)
    done = api.get(f"{URL}{made['uuid']}/").json()
    assert done["status"] == "done"
    assert done["metrics"]["trades"] == api.get(f"{URL}{made['uuid']}/trades/").json()["count"]
    assert api.post(URL, body, format="json").status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"symbol": "NOPE"}, 404, "unknown_market"),
        ({"cash": -5}, 400, "invalid"),
        ({"fill": "tomorrow"}, 400, "invalid"),
        ({"text": "long when\nexit when foo >\nlong when bar"}, 422, "invalid_formula"),
        ({"inputs": {"nonsense": 3}}, 422, "invalid_formula"),
    ],
)
def test_wrong_question_is_a_problem_document(api, body, change, status, code):
    answer = api.post(URL, body | change, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert not Backtest.objects.exists()


def test_three_errors_come_at_once_with_their_places(api, body):
    text = "a = smaa(close, 3)\nlong when close > b\nexit long when rsi(close)\n"
    errors = api.post(URL, body | {"text": text}, format="json").json()["formula_errors"]
    assert [error["line"] for error in errors] == [1, 2, 3]
    assert all(error["message"] for error in errors)


def test_foreign_run_is_not_found(api, body, stranger):
    made = api.post(URL, body, format="json").json()
    other = APIClient()
    other.force_login(stranger)
    for path in ("", "trades/", "report/", "equity/", "files/result.json/"):
        assert other.get(f"{URL}{made['uuid']}/{path}").status_code == 404
    assert other.post(f"{URL}{made['uuid']}/cancel/").status_code == 404
    assert other.delete(f"{URL}{made['uuid']}/").status_code == 404
    assert other.get(URL).json()["results"] == []
