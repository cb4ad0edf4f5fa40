"""Instruments and bars by API."""

from __future__ import annotations

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.markets.models import BarSet
from apps.markets.services import import_bars
from tests.factories import workspace_of

ROWS = b"time,open,high,low,close,volume\n2020-01-02,1,2,1,2,3\n2020-01-03,2,3,1,2,4\n"


def post(api: APIClient, data: bytes = ROWS, **values: str):
    body = {"symbol": "test", **values, "file": SimpleUploadedFile("mine.csv", data)}
    return api.post("/api/v1/bars/", body, format="multipart")


def test_import_answers_with_the_set_and_its_quality(api: APIClient):
    response = post(api)
    assert response.status_code == 201
    assert response.data["symbol"] == "TEST"
    assert response.data["quality"]["verdict"] == "clean"
    assert api.get(f"/api/v1/bars/{response.data['uuid']}/").data["bars"] == 2
    assert [item["symbol"] for item in api.get("/api/v1/instruments/").data["results"]] == ["TEST"]


def test_a_bad_row_is_a_problem_document_with_its_line(api: APIClient):
    response = post(api, ROWS + b"2020-01-06,1,oops,1,2,3\n")
    assert response.status_code == 422
    assert response["Content-Type"].startswith("application/problem+json")
    problem = response.json()
    assert (problem["line"], problem["column"], problem["code"]) == (4, "high", "bars_file_invalid")
    assert "oops" in problem["detail"]
    assert not BarSet.objects.exists()


def test_wrong_values_are_named(api: APIClient):
    assert post(api, symbol="a b").json()["code"] == "symbol_invalid"
    assert post(api, timeframe="soon").json()["code"] == "timeframe_unknown"
    assert post(api, timezone="Mars").json()["code"] == "timezone_unknown"
    assert api.post("/api/v1/bars/", {"symbol": "X"}, format="multipart").status_code == 400
    assert not BarSet.objects.exists()


def test_own_bars_can_be_deleted_and_shared_ones_cannot(api: APIClient):
    own = post(api).data["uuid"]
    shared = import_bars(None, symbol="SHARED", file=io.BytesIO(ROWS), actor=None)
    assert api.delete(f"/api/v1/bars/{own}/").status_code == 204
    assert api.delete(f"/api/v1/bars/{shared.uuid}/").status_code == 403
    assert list(BarSet.objects.all()) == [shared]


def test_foreign_bars_are_not_there(api: APIClient, stranger: User):
    foreign = import_bars(workspace_of(stranger), symbol="X", file=io.BytesIO(ROWS), actor=stranger)
    assert api.get(f"/api/v1/bars/{foreign.uuid}/").status_code == 404
    assert api.delete(f"/api/v1/bars/{foreign.uuid}/").status_code == 404
    assert api.get(f"/api/v1/instruments/{foreign.instrument.uuid}/").status_code == 404
    assert api.get("/api/v1/bars/").data["results"] == []


def test_strangers_are_refused(db: None):
    assert APIClient().get("/api/v1/bars/").status_code in (401, 403)
