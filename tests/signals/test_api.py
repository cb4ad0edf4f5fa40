"""Signals and sources over the REST API."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User, Workspace
from apps.signals.models import Alert, AlertSource
from apps.signals.services import create_source, process_alerts
from tests.signals.test_processing import store

SIGNALS = "/api/v1/signals/"
SOURCES = "/api/v1/alert-sources/"


@pytest.fixture
def alert_source(user: User, workspace: Workspace) -> AlertSource:
    return create_source(workspace, name="My alerts", actor=user)[0]


def test_signals_are_listed_newest_first_and_filtered(api: APIClient, alert_source: AlertSource):
    for number, symbol in enumerate(["AAPL", "MSFT", "AAPL"]):
        store(alert_source, id=number, symbol=symbol, price="1.10")
    process_alerts()
    rows = api.get(SIGNALS).json()["results"]
    assert [row["symbol"] for row in rows] == ["AAPL", "MSFT", "AAPL"]
    assert rows[0]["payload"]["id"] == 2
    assert rows[0]["price"] == "1.1"
    assert len(api.get(SIGNALS, {"symbol": "aapl"}).json()["results"]) == 2
    assert len(api.get(SIGNALS, {"source": str(alert_source.uuid), "action": "sell"}).json()["results"]) == 0
    assert api.get(f"{SIGNALS}{rows[1]['uuid']}/").json()["symbol"] == "MSFT"


def test_pages_follow_a_cursor(api: APIClient, alert_source: AlertSource):
    for number in range(5):
        store(alert_source, id=number)
    process_alerts()
    first = api.get(SIGNALS, {"page_size": 3}).json()
    second = api.get(first["next"]).json()
    assert [row["payload"]["id"] for row in first["results"] + second["results"]] == [4, 3, 2, 1, 0]


def test_source_life_over_the_api(api: APIClient, workspace: Workspace):
    made = api.post(SOURCES, {"name": "Bot alerts"}, format="json")
    assert made.status_code == 201
    body = made.json()
    assert body["url"].endswith(f"/hooks/tradingview/{body['token']}/")
    where = f"{SOURCES}{body['source']['uuid']}/"
    assert "token" not in api.get(where).json()
    changed = api.patch(
        where, {"name": "Other", "is_active": False}, format="json", headers={"If-Match": "*"}
    ).json()
    assert (changed["name"], changed["is_active"]) == ("Other", False)
    assert api.post(f"{where}test/").status_code == 409
    api.patch(where, {"is_active": True}, format="json", headers={"If-Match": "*"})
    assert api.post(f"{where}test/").json()["id"] == str(Alert.objects.get().uuid)
    rotated = api.post(f"{where}rotate/", {"overlap_hours": 2}, format="json").json()
    assert rotated["token"] != body["token"]
    assert rotated["source"]["previous_token_expires_at"]
    assert api.delete(where).status_code == 204
    assert api.get(where).json()["is_active"] is False


@pytest.mark.parametrize("values", [{}, {"name": ""}, {"name": "x" * 81}])
def test_wrong_input_is_a_problem_document(api: APIClient, workspace: Workspace, values: dict[str, str]):
    response = api.post(SOURCES, values, format="json")
    assert response.status_code == 400
    assert "name" in response.json()["errors"]
    assert AlertSource.objects.count() == 0


def test_what_is_anothers_is_not_found(api: APIClient, stranger: User):
    foreign, _ = create_source(stranger.owned_workspaces.get(), name="Not yours", actor=stranger)
    store(foreign)
    process_alerts()
    assert api.get(SIGNALS).json()["results"] == []
    assert api.get(SOURCES).json()["results"] == []
    for response in (
        api.get(f"{SOURCES}{foreign.uuid}/"),
        api.patch(f"{SOURCES}{foreign.uuid}/", {"name": "x"}, format="json", headers={"If-Match": "*"}),
        api.delete(f"{SOURCES}{foreign.uuid}/"),
        api.post(f"{SOURCES}{foreign.uuid}/rotate/"),
        api.post(f"{SOURCES}{foreign.uuid}/test/"),
    ):
        assert response.status_code == 404
    foreign.refresh_from_db()
    assert (foreign.name, foreign.is_active) == ("Not yours", True)


def test_strangers_get_401(alert_source: AlertSource):
    assert APIClient().get(SIGNALS).status_code == 401
    assert APIClient().post(SOURCES, {"name": "x"}, format="json").status_code == 401
