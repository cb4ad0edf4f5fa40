"""A key belongs to one workspace: what is about its maker as a person is not the key's to change, or to list."""

from __future__ import annotations

from rest_framework.test import APIClient

from apps.accounts.services import create_api_key, create_team


def test_a_key_sees_its_own_workspace_only(user, workspace):
    team = create_team(name="Other team", actor=user)
    _, secret = create_api_key(workspace, name="bot", actor=user)
    api = APIClient(headers={"Authorization": f"Bearer {secret}"})
    assert [row["uuid"] for row in api.get("/api/v1/workspaces/").json()["results"]] == [str(workspace.uuid)]
    assert api.get(f"/api/v1/workspaces/{team.uuid}/").status_code == 404


def test_a_key_changes_nothing_about_its_maker(user, workspace):
    _, secret = create_api_key(workspace, name="bot", actor=user)
    api = APIClient(headers={"Authorization": f"Bearer {secret}"})
    assert api.get("/api/v1/users/me/").json()["email"] == user.email
    for send, path in (
        (api.patch, "/api/v1/users/me/"),
        (api.patch, f"/api/v1/users/{user.uuid}/"),
        (api.put, "/api/v1/users/me/preferences/"),
        (api.post, "/api/v1/erasure/cancel/"),
        (api.delete, "/api/v1/auth/sessions/"),
    ):
        answer = send(path, {}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (403, "right_missing"), path
