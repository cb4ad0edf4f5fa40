"""A log-in with a second factor: no token before it, one challenge for one log-in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.accounts.models import Login, LoginChallenge
from apps.accounts.services.second_factors import make_backup_codes
from tests.accounts.keys.conftest import client_with
from tests.accounts.second_factors.conftest import code_of, enrol, wrong
from tests.accounts.tokens.test_endpoints import _login, post


@pytest.fixture
def device(user, workspace):
    cache.clear()
    return enrol(user)


@pytest.fixture
def challenge(user, device) -> str:
    answer = _login(user, client_name="notebook")
    assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_required")
    assert "access" not in answer.json()
    assert not Login.objects.exists()
    return answer.json()["challenge"]


def _verify(challenge: str, code: str):
    return post("mfa/verify/", {"challenge": challenge, "code": code})


def test_a_code_answers_the_challenge_once(challenge, device):
    answer = _verify(challenge, code_of(device))
    assert answer.status_code == 200, answer.json()
    assert client_with(answer.json()["access"]).get("/api/v1/users/me/").status_code == 200
    login = Login.objects.get()
    assert login.second_factor_at is not None
    assert login.label == "notebook"
    again = _verify(challenge, code_of(device, steps=1))
    assert (again.status_code, again.json()["code"]) == (401, "challenge_refused")
    assert Login.objects.count() == 1


def test_a_backup_code_does_too(challenge, user):
    code = make_backup_codes(user, actor=user)[0]
    assert _verify(challenge, code).status_code == 200


def test_wrong_codes_are_counted_and_late_challenges_are_spent(challenge, device):
    answer = _verify(challenge, wrong(device))
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_code")
    LoginChallenge.objects.update(attempts=5)
    assert _verify(challenge, code_of(device)).json()["code"] == "challenge_refused"
    LoginChallenge.objects.update(attempts=0, expires_at=timezone.now() - timedelta(seconds=1))
    assert _verify(challenge, code_of(device)).json()["code"] == "challenge_refused"
    assert not Login.objects.exists()


@pytest.mark.parametrize("challenge", ["", "cwc_nonsense", "cw_x"])
def test_strange_challenges(db, challenge):
    assert _verify(challenge, "123456").status_code in (400, 401)
