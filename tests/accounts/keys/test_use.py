"""What a key may do, and when it is dead."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey, Membership
from apps.accounts.rules import RIGHTS
from apps.accounts.services import create_api_key, revoke_api_key
from apps.journal.models import Entry
from tests.accounts.keys.conftest import client_with, in_days

BODY = {"name": "Mine", "text": "long when close > open"}


@pytest.fixture
def key(workspace, user):
    return create_api_key(workspace, name="notebook", actor=user)


def _refusal(secret: str, **headers: str) -> tuple[int, str]:
    answer = client_with(secret, **headers).get("/api/v1/formulas/")
    return answer.status_code, answer.json().get("code", "")


def test_key_opens_the_api_until_revoked(key, user):
    key, secret = key
    assert client_with(secret).get("/api/v1/users/me/").json()["email"] == user.email
    revoke_api_key(key, actor=user)
    assert _refusal(secret) == (401, "api_key_revoked")


ENDS = [
    ("api_key_expired", lambda key: ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))),
    ("account_suspended", lambda key: type(key.user).objects.filter(pk=key.user_id).update(is_active=False)),
    ("api_key_without_member", lambda key: Membership.objects.filter(user=key.user).delete()),
]


@pytest.mark.parametrize(("code", "end"), ENDS, ids=[code for code, _ in ENDS])
def test_ends_of_a_key(workspace, member, code, end):
    key, secret = create_api_key(workspace, name="n", actor=member("trader"))
    assert _refusal(secret)[0] == 200
    end(key)
    assert _refusal(secret) == (401, code)


def test_key_never_reaches_another_workspace_of_its_person(key, user, stranger):
    elsewhere = stranger.owned_workspaces.get()
    Membership.objects.create(workspace=elsewhere, user=user, role="admin")
    _, secret = key
    client_with(secret).post("/api/v1/formulas/", BODY, format="json")
    assert [str(row.workspace_id) for row in _formulas()] == [str(key[0].workspace_id)]
    client_with(secret, **{"X-Workspace": str(elsewhere.uuid)}).post("/api/v1/formulas/", BODY, format="json")
    assert elsewhere.pk not in {row.workspace_id for row in _formulas()}


def _formulas():
    from apps.formulas.models import Formula

    return list(Formula.objects.all())


@pytest.mark.parametrize(
    ("scopes", "role", "may_read", "may_write"),
    [
        (["formulas.view"], "admin", True, False),
        (["formulas.view", "formulas.edit"], "admin", True, True),
        (["formulas.view", "formulas.edit"], "viewer", True, False),  # the maker was made a viewer since
        (["markets.view"], "admin", False, False),
        (["formulas.edit"], "analyst", False, True),
    ],
)
def test_scopes_and_present_role(workspace, member, scopes, role, may_read, may_write):
    maker = member("admin")
    _, secret = create_api_key(workspace, name="n", actor=maker, scopes=scopes)
    Membership.objects.filter(user=maker).update(role=role)
    client = client_with(secret)
    assert client.get("/api/v1/formulas/").status_code == (200 if may_read else 403)
    answer = client.post("/api/v1/formulas/", BODY, format="json")
    assert answer.status_code == (201 if may_write else 403)
    if not may_write:
        assert answer.json()["code"] == "right_missing"
        assert not _formulas()


ADDRESSES = [
    ([], "198.51.100.1", 200),
    (["203.0.113.0/24"], "203.0.113.77", 200),
    (["203.0.113.0/24"], "203.0.114.77", 403),
    (["203.0.113.7", "2001:db8::/48"], "2001:db8:0:1::5", 200),
    (["203.0.113.7", "2001:db8::/48"], "2001:db8:1::5", 403),
]


@pytest.mark.parametrize(("networks", "address", "status"), ADDRESSES)
def test_allowed_addresses(workspace, user, networks, address, status):
    key, secret = create_api_key(workspace, name="n", actor=user, allowed_networks=networks)
    answer = client_with(secret).get("/api/v1/formulas/", REMOTE_ADDR=address)
    assert answer.status_code == status
    key.refresh_from_db()
    if status == 200:
        assert key.last_used_ip == address
    else:
        assert answer.json()["code"] == "address_not_allowed"
        assert key.last_used_at is None


def test_forwarded_address_counts_only_behind_our_proxy(workspace, user, settings):
    _, secret = create_api_key(workspace, name="n", actor=user, allowed_networks=["203.0.113.7"])
    asked = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}
    assert client_with(secret).get("/api/v1/formulas/", **asked).status_code == 403
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert client_with(secret).get("/api/v1/formulas/", **asked).status_code == 200


def test_last_use_is_noted_once_a_minute(key, django_assert_num_queries):
    key, secret = key
    client = client_with(secret)
    client.get("/api/v1/formulas/language/")
    first = ApiKey.objects.get().last_used_at
    client.get("/api/v1/users/me/")
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    client.get("/api/v1/users/me/")
    assert ApiKey.objects.get().last_used_at >= first
    with django_assert_num_queries(1):  # the key, its person, workspace and role
        client.get("/api/v1/users/me/")


def test_the_journal_says_by_which_key(key):
    key, secret = key
    assert client_with(secret).post("/api/v1/formulas/", BODY, format="json").status_code == 201
    entry = Entry.objects.get(action="formulas.formula.created")
    assert (entry.via, entry.via_detail) == ("api key", f"notebook ({secret[:9]}…)")


def test_every_right_but_those_over_keys_can_be_a_scope(key):
    assert set(RIGHTS) - set(key[0].scopes) == {"keys.use", "keys.manage", "workspace.own"}


def test_api_without_its_last_slash_is_the_same(key):
    client = client_with(key[1])
    assert client.get("/api/v1/users/me").json() == client.get("/api/v1/users/me/").json()
    assert client.post("/api/v1/formulas", BODY, format="json").status_code == 201
    assert client.get("/api/schema").status_code == 200


def test_key_ends_within_a_year_unless_said(key):
    assert abs(key[0].expires_at - in_days(365)) < timedelta(minutes=1)
