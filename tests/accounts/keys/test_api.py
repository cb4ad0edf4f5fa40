"""API keys by API: for people, never for keys."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import ApiKey
from apps.accounts.services import create_api_key
from tests.accounts.keys.conftest import client_with, in_days

URL = "/api/v1/api-keys/"
ASKED = {
    "name": "notebook",
    "scopes": ["formulas.view"],
    "allowed_networks": ["203.0.113.7"],
    "requests_per_minute": 5,
}


def _client(person) -> APIClient:
    client = APIClient()
    client.force_login(person)
    return client


def test_a_key_is_made_shown_once_and_works(api):
    answer = api.post(URL, ASKED, format="json")
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert answer["Cache-Control"] == "no-store"
    assert made["allowed_networks"] == ["203.0.113.7/32"]
    secret = made.pop("secret")
    assert api.get(answer["Location"]).json() == made
    assert secret not in str(api.get(URL).json())
    assert client_with(secret).get("/api/v1/formulas/", REMOTE_ADDR="203.0.113.7").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": ["formulas.fly"]}, "scopes"),
        ({"scopes": "formulas.view"}, "scopes"),
        ({"allowed_networks": ["nowhere"]}, "allowed_networks"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": ""}, "name"),
    ],
)
def test_wrong_wishes_name_their_field(api, wrong, field):
    answer = api.post(URL, {**ASKED, **wrong}, format="json")
    assert answer.status_code in (400, 422)
    assert field in answer.json()["errors"]
    assert not ApiKey.objects.exists()


def test_change_rotate_and_revoke(api):
    made = api.post(URL, ASKED, format="json").json()
    one = f"{URL}{made['uuid']}/"
    answer = api.patch(one, {"allowed_networks": []}, format="json", headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["allowed_networks"], answer.json()["requests_per_minute"]) == ([], 5)
    successor = api.post(f"{one}rotate/", {"overlap_hours": 0}, format="json")
    assert successor.status_code == 201
    assert client_with(made["secret"]).get("/api/v1/formulas/").json()["code"] == "api_key_expired"
    assert client_with(successor.json()["secret"]).get("/api/v1/formulas/").status_code == 200
    assert api.post(f"{one}rotate/", {"overlap_hours": 500}, format="json").status_code == 400
    assert api.delete(f"{URL}{successor.json()['uuid']}/").status_code == 204
    assert (
        client_with(successor.json()["secret"]).get("/api/v1/formulas/").json()["code"] == "api_key_revoked"
    )


def test_a_key_can_neither_see_nor_make_nor_end_keys(workspace, user):
    key, secret = create_api_key(workspace, name="n", actor=user)
    client = client_with(secret)
    one = f"{URL}{key.uuid}/"
    answers = [
        client.get(URL),
        client.get(one),
        client.post(URL, ASKED, format="json"),
        client.patch(one, {"name": "x"}, format="json", headers={"If-Match": "*"}),
        client.post(f"{one}rotate/", {}, format="json"),
        client.delete(one),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert ApiKey.objects.get().name == "n"


def test_only_who_has_just_confirmed_changes_keys(api, workspace, user):
    key, _ = create_api_key(workspace, name="n", actor=user)
    session = api.session
    session["confirmed_at"] = 0.0
    session.save()
    one = f"{URL}{key.uuid}/"
    answers = [
        api.post(URL, ASKED, format="json"),
        api.patch(one, {"name": "x"}, format="json", headers={"If-Match": "*"}),
        api.post(f"{one}rotate/", {}, format="json"),
        api.delete(one),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (403, "confirmation_required")
    }
    assert api.get(one).status_code == 200
    assert ApiKey.objects.get().name == "n"


@pytest.mark.parametrize(
    ("role", "list_status", "sees", "revokes"),
    [
        ("admin", 200, True, 204),
        ("trader", 200, False, 404),
        ("analyst", 200, False, 404),
        ("viewer", 403, False, 403),
    ],
)
def test_who_sees_the_keys_of_others(workspace, user, member, role, list_status, sees, revokes):
    key, _ = create_api_key(workspace, name="n", actor=user)
    client = _client(member(role))
    headers = {"X-Workspace": str(workspace.uuid)}
    session = client.session
    session["workspace_id"] = workspace.pk
    session.save()
    answer = client.get(URL, headers=headers)
    assert answer.status_code == list_status
    if list_status == 200:
        assert [row["uuid"] for row in answer.json()["results"]] == ([str(key.uuid)] if sees else [])
        change = client.patch(
            f"{URL}{key.uuid}/", {"name": "x"}, format="json", headers={**headers, "If-Match": "*"}
        )
        assert change.status_code == (403 if sees else 404)  # it acts as its maker: nobody else shapes it
        rotated = client.post(f"{URL}{key.uuid}/rotate/", {}, format="json", headers=headers)
        assert rotated.status_code == (403 if sees else 404)
    assert client.delete(f"{URL}{key.uuid}/", headers=headers).status_code == revokes
    assert (ApiKey.objects.get().revoked_at is not None) == (revokes == 204)


def test_an_end_may_be_given_or_none(api):
    never = api.post(URL, {**ASKED, "expires_at": None}, format="json").json()
    assert never["expires_at"] is None
    day = in_days(3).isoformat()
    assert api.post(URL, {**ASKED, "expires_at": day}, format="json").json()["expires_at"][:10] == day[:10]
