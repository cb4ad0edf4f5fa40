"""The pages of API keys."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import ApiKey
from apps.accounts.services import create_api_key
from tests.accounts.keys.conftest import client_with

LIST = "/settings/workspace/api-keys/"
NEW = f"{LIST}new/"
FORM = {
    "name": "notebook",
    "scopes": ["formulas.view", "backtests.run"],
    "lasts": "90",
    "allowed_networks": "",
}


def test_page_after_the_form_shows_the_secret_once(web):
    answer = web.post(NEW, FORM)
    assert answer.status_code == 302, answer.context["form"].errors
    page = web.get(answer["Location"])
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert secret not in str(list(web.session.values()))
    assert secret not in web.get(answer["Location"]).content.decode()
    assert client_with(secret).get("/api/v1/formulas/").status_code == 200
    key = ApiKey.objects.get()
    assert key.scopes == ["backtests.run", "formulas.view"]
    assert 89 <= (key.expires_at - key.created_at).days <= 90


def _inside(person, workspace) -> Client:
    client = Client()
    client.force_login(person)
    session = client.session
    session["workspace_id"] = workspace.pk
    session.save()
    return client


def test_form_offers_what_the_role_may_give(workspace, member):
    page = _inside(member("analyst"), workspace).get(NEW)
    offered = {name for _, scopes in page.context["form"].scope_groups() for name, _, _ in scopes}
    assert offered == {
        "workspace.view", "markets.view", "markets.edit", "formulas.view", "formulas.edit",
        "backtests.view", "backtests.run", "signals.view",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"scopes": []}, "Choose at least one"),
        ({"allowed_networks": "office\n10.0.0.1"}, "&#x27;office&#x27; is no IPv4"),
        ({"requests_per_minute": "0"}, "greater than or equal to 1"),
        ({"lasts": "99"}, "valid choice"),
    ],
)
def test_form_says_what_is_wrong_and_keeps_the_rest(web, wrong, words):
    page = web.post(NEW, {**FORM, **wrong}).content.decode()
    assert words in page
    assert 'value="notebook"' in page
    assert not ApiKey.objects.exists()


def test_change_rotate_and_revoke(web, workspace, user):
    key, old_secret = create_api_key(workspace, name="n", actor=user)
    one = f"{LIST}{key.uuid}/"
    web.post(one, {"name": "m", "allowed_networks": "127.0.0.1, ::1", "requests_per_minute": "9"})
    key.refresh_from_db()
    assert (key.name, key.allowed_networks, key.requests_per_minute) == ("m", ["127.0.0.1/32", "::1/128"], 9)
    answer = web.post(f"{one}rotate/", {"overlap_hours": "0"})
    page = web.get(answer["Location"])
    assert client_with(page.context["secret"]).get("/api/v1/formulas/").status_code == 200
    assert client_with(old_secret).get("/api/v1/formulas/").status_code == 401
    assert "Replaced by" in web.get(one).content.decode()
    web.post(f"{answer['Location']}revoke/")
    assert client_with(page.context["secret"]).get("/api/v1/formulas/").status_code == 401


def test_admin_sees_others_keys_and_may_only_end_them(workspace, user, member):
    key, _ = create_api_key(workspace, name="n", actor=user)
    for role, status in (("admin", 200), ("trader", 404), ("viewer", 403)):
        client = _inside(member(role), workspace)
        assert client.get(f"{LIST}{key.uuid}/").status_code == status
        if status == 200:
            assert client.post(f"{LIST}{key.uuid}/rotate/", {"overlap_hours": "1"}).status_code == 403
            assert ApiKey.objects.count() == 1


def test_stale_log_in_is_led_to_the_question(web):
    session = web.session
    session["confirmed_at"] = 0.0
    session.save()
    answer = web.post(NEW, FORM)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/settings/confirm/")
    assert not ApiKey.objects.exists()
