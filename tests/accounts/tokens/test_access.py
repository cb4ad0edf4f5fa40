"""Access tokens: what one is, which are refused, and that ending the log-in ends it at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone

from apps.accounts import access_tokens
from apps.accounts.choices import EndReason
from apps.accounts.models import Login, Membership
from apps.accounts.services import end_login, open_family
from apps.formulas.models import Formula
from tests.accounts.keys.conftest import client_with
from tests.factories import UserFactory, workspace_of

ME = "/api/v1/users/me/"


def _part(text: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _packed(part: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _signed(header: dict, claims: dict, key: bytes) -> str:
    """A JWT made by hand (RFC 7515, appendix A.1)."""
    body = f"{_packed(header)}.{_packed(claims)}"
    mark = base64.urlsafe_b64encode(hmac.digest(key, body.encode(), hashlib.sha256)).decode().rstrip("=")
    return f"{body}.{mark}"


@pytest.fixture
def pair(user, workspace):
    return open_family(RequestFactory().get("/"), user, name="notebook", with_second_factor=False)


def test_it_is_a_signed_jwt_of_ten_minutes_that_names_its_key(pair, user):
    header, claims, _ = pair.access.split(".")
    assert _part(header)["alg"] == "HS256"
    assert _part(header)["kid"]
    claims = _part(claims)
    assert claims["exp"] - claims["iat"] == 600
    assert (claims["sub"], claims["sid"]) == (str(user.uuid), str(pair.login.uuid))
    assert user.email not in json.dumps(claims)


def _forgeries(pair, settings) -> dict[str, str]:
    header, claims, mark = pair.access.split(".")
    head, body = _part(header), _part(claims)
    _, key = access_tokens._key(settings.SECRET_KEY)
    assert _signed(head, body, key).count(".") == 2
    late = {**body, "exp": int(time.time()) - 1, "iat": int(time.time()) - 601}
    return {
        "not signed": f"{_packed({**head, 'alg': 'none'})}.{claims}.",
        "no signature": f"{header}.{claims}.",
        "signature of another": f"{header}.{claims}.{mark[:-4]}AAAA",
        "other claims": f"{header}.{_packed({**body, 'sid': str(pair.login.user.uuid)})}.{mark}",
        "another key": _signed(head, body, b"x" * 32),
        "SECRET_KEY itself": _signed(head, body, settings.SECRET_KEY.encode()),
        "unknown kid": _signed({**head, "kid": "00000000"}, body, key),
        "no kid": _signed({"alg": "HS256", "typ": "JWT"}, body, key),
        "other algorithm": _signed({**head, "alg": "HS512"}, body, key),
        "other issuer": _signed(head, {**body, "iss": "else"}, key),
        "no end": _signed(head, {name: value for name, value in body.items() if name != "exp"}, key),
        "other kind": _signed(head, {**body, "token_type": "refresh"}, key),
        "run out": _signed(head, late, key),
    }


def test_forged_and_late_tokens_are_refused(pair, settings):
    assert client_with(pair.access).get(ME).status_code == 200
    for name, token in _forgeries(pair, settings).items():
        answer = client_with(token).get(ME)
        code = "token_expired" if name == "run out" else "token_invalid"
        assert (answer.status_code, answer.json()["code"]) == (401, code), name


def test_tokens_of_the_former_key_hold_while_it_is_named(pair, settings):
    former, settings.SECRET_KEY = (
        settings.SECRET_KEY,
        "another-secret-key-of-more-than-fifty-characters-0123456789",
    )
    assert client_with(pair.access).get(ME).status_code == 401
    settings.SECRET_KEY_FALLBACKS = [former]
    assert client_with(pair.access).get(ME).status_code == 200


ENDS = [
    ("login_ended", lambda pair: end_login(pair.login, reason=EndReason.REVOKED, actor=None)),
    ("login_ended", lambda pair: Login.objects.update(expires_at=timezone.now())),
    ("login_ended", lambda pair: Login.objects.all().delete()),
    ("account_suspended", lambda pair: type(pair.login.user).objects.update(is_active=False)),
]


@pytest.mark.parametrize(("code", "end"), ENDS)
def test_the_end_shows_at_the_next_request(pair, code, end):
    end(pair)
    answer = client_with(pair.access).get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_a_request_costs_one_query_to_know_the_caller(pair, django_assert_num_queries):
    client = client_with(pair.access)
    client.get(ME)
    with django_assert_num_queries(1):
        client.get(ME)
    Login.objects.update(last_seen_at=timezone.now() - timedelta(seconds=61))
    with django_assert_num_queries(2):  # and, once a minute, that it was used
        client.get(ME)


def test_the_workspace_is_ones_own_or_the_one_asked_for(pair, user, workspace):
    other = UserFactory()
    team, foreign = workspace_of(other), workspace_of(UserFactory())
    Membership.objects.create(workspace=team, user=user, role="viewer")
    body = {"name": "Mine", "text": "long when close > open"}

    def made_in(**headers: str) -> tuple[int, str]:
        answer = client_with(pair.access, **headers).post("/api/v1/formulas/", body, format="json")
        return answer.status_code, answer.json().get("code", "")

    assert made_in()[0] == 201
    assert made_in(**{"X-Workspace": str(workspace.uuid)})[0] == 201
    assert made_in(**{"X-Workspace": str(team.uuid)}) == (403, "right_missing")
    for unknown in (str(foreign.uuid), str(user.uuid), "nonsense"):
        assert made_in(**{"X-Workspace": unknown}) == (404, "not_found")
    assert {row.workspace_id for row in Formula.objects.all()} == {workspace.pk}
