"""API keys: shown once, stored hashed, dead once revoked."""

from __future__ import annotations

from rest_framework.test import APIClient

from apps.accounts.models import ApiKey
from apps.accounts.services import create_api_key, revoke_api_key


def _client(secret: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {secret}"})


def test_key_opens_the_api_until_revoked(user, workspace):
    key, secret = create_api_key(workspace, name="notebook", actor=user)
    assert secret not in str(ApiKey.objects.values().get())
    assert _client(secret).get("/api/v1/users/me/").json()["email"] == user.email
    key.refresh_from_db()
    assert key.last_used_at is not None
    revoke_api_key(key, actor=user)
    answer = _client(secret).get("/api/v1/users/me/")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert "revoked" in answer.json()["detail"]


def test_key_of_a_former_member_is_dead(workspace, stranger):
    membership = workspace.memberships.create(user=stranger, role="trader")
    _, secret = create_api_key(workspace, name="notebook", actor=stranger)
    membership.delete()
    assert _client(secret).get("/api/v1/users/me/").status_code == 401


def test_strange_and_missing_keys(db):
    assert _client("cw_nonsense").get("/api/v1/formulas/").status_code == 401
    assert "cw_" in _client("sk_other").get("/api/v1/formulas/").json()["detail"]
    assert APIClient().get("/api/v1/formulas/").status_code == 401


def test_page_shows_the_secret_once(web):
    page = web.post("/settings/api-keys/", {"name": "notebook"}, follow=True)
    prefix = ApiKey.objects.get().prefix
    assert page.content.decode().count(prefix) >= 2
    secret = page.context["secret"]
    assert secret.startswith("cw_")
    assert secret not in web.get("/settings/api-keys/").content.decode()


def test_reloading_the_page_makes_no_second_key(web):
    answer = web.post("/settings/api-keys/", {"name": "notebook"})
    assert answer.status_code == 302
    secret = web.get(answer["Location"]).context["secret"]
    assert secret
    assert secret not in str(list(web.session.values()))
    assert ApiKey.objects.count() == 1
