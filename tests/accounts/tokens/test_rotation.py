"""Refresh tokens: used once; one that comes again ends its log-in."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.errors import RefreshRefused
from apps.accounts.models import Login, RefreshToken
from apps.accounts.services import forget_spent_tokens, open_family, rotate
from apps.journal.models import Entry
from tests.accounts.keys.conftest import client_with, in_days
from tests.factories import UserFactory, workspace_of

REFRESH = "/api/v1/auth/refresh/"


def _family(user):
    return open_family(RequestFactory().get("/"), user, name="notebook", with_second_factor=False)


@pytest.fixture
def pair(user, workspace):
    return _family(user)


def _refresh(secret: str, agent: str = "notebook", address: str = "192.0.2.1"):
    client = APIClient(headers={"user-agent": agent})
    return client.post(REFRESH, {"refresh": secret}, format="json", REMOTE_ADDR=address)


def _long_ago() -> None:
    RefreshToken.objects.exclude(used_at=None).update(used_at=timezone.now() - timedelta(seconds=11))


def test_each_refresh_gives_the_next_token(pair):
    seen = {pair.refresh}
    secret = pair.refresh
    for _ in range(4):
        answer = _refresh(secret)
        assert answer.status_code == 200, answer.json()
        assert answer["Cache-Control"] == "no-store"
        secret = answer.json()["refresh"]
        assert re.fullmatch("cwr_[0-9A-Za-z]{49}", secret)
        assert client_with(answer.json()["access"]).get("/api/v1/users/me/").status_code == 200
        seen.add(secret)
    assert len(seen) == 5
    assert RefreshToken.objects.filter(used_at=None).count() == 1


def test_reuse_ends_the_family_with_all_its_tokens(pair):
    first = _refresh(pair.refresh).json()
    second = _refresh(first["refresh"]).json()
    _long_ago()
    answer = _refresh(pair.refresh)
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_reused")
    assert _refresh(second["refresh"]).json()["code"] == "login_ended"
    assert client_with(second["access"]).get("/api/v1/users/me/").json()["code"] == "login_ended"
    login = Login.objects.get()
    assert (login.end_reason, login.ended_at is not None) == ("reused", True)
    entry = Entry.objects.get(action="accounts.login.token_reused")
    assert entry.target_id == login.user_id


# who asks again, how long after, whether the successor was used since: what comes
AGAIN = [
    ("notebook", "192.0.2.1", 0, False, 200),  # the answer got lost
    ("notebook", "192.0.2.1", 7, False, 200),
    ("notebook", "192.0.2.1", 11, False, 401),  # too late
    ("notebook", "192.0.2.1", 0, True, 401),  # it did not get lost: the successor was used
    ("curl", "192.0.2.1", 0, False, 401),  # another client
    ("notebook", "192.0.2.2", 0, False, 401),
]


@pytest.mark.parametrize(("agent", "address", "seconds", "is_used", "status"), AGAIN)
def test_lost_answer(pair, agent, address, seconds, is_used, status):
    first = _refresh(pair.refresh).json()
    if is_used:
        _refresh(first["refresh"])
    RefreshToken.objects.filter(parent=None).update(used_at=timezone.now() - timedelta(seconds=seconds))
    again = _refresh(pair.refresh, agent, address)
    assert again.status_code == status
    if status == 200:
        assert again.json()["refresh"] == first["refresh"]
        assert RefreshToken.objects.count() == 2
    else:
        assert Login.objects.get().ended_at is not None


def test_idle_and_absolute_end(pair):
    token = RefreshToken.objects.get()
    assert abs(token.expires_at - in_days(30)) < timedelta(minutes=1)
    assert abs(Login.objects.get().expires_at - in_days(90)) < timedelta(minutes=1)
    RefreshToken.objects.update(expires_at=timezone.now())
    assert _refresh(pair.refresh).json()["code"] == "refresh_expired"
    assert Login.objects.get().ended_at is None


def test_no_token_outlives_its_log_in(pair):
    Login.objects.update(expires_at=in_days(3))
    _refresh(pair.refresh)
    assert RefreshToken.objects.get(used_at=None).expires_at == Login.objects.get().expires_at


@pytest.mark.parametrize("secret", ["", "cwr_nonsense", "cw_x", "ä" * 99])
def test_strange_tokens(db, secret):
    answer = _refresh(secret)
    assert answer.status_code in (400, 401)


def test_spent_tokens_are_forgotten(pair):
    _refresh(pair.refresh)
    assert forget_spent_tokens() == 0
    RefreshToken.objects.exclude(used_at=None).update(expires_at=in_days(-1))
    assert forget_spent_tokens() == 1
    assert RefreshToken.objects.filter(used_at=None).count() == 1


def _race(secret: str, agents: list[str]) -> list[str]:
    """What each of several connections gets that use the token at the same moment."""
    outcomes: list[str] = []
    start = threading.Barrier(len(agents))

    def use(agent: str) -> None:
        request = RequestFactory().post("/", headers={"user-agent": agent})
        try:
            start.wait()
            outcomes.append(rotate(request, secret).refresh)
        except RefreshRefused as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=[agent]) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_of_two_clients_at_once_exactly_one_gets_a_token():
    user = UserFactory()
    workspace_of(user)
    for _ in range(5):
        outcomes = _race(_family(user).refresh, ["program", "thief"])
        assert sum(outcome.startswith("cwr_") for outcome in outcomes) == 1
        assert "refresh_reused" in outcomes
    assert not Login.objects.filter(ended_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_one_client_that_asks_four_times_at_once_gets_one_token():
    user = UserFactory()
    workspace_of(user)
    outcomes = _race(_family(user).refresh, ["program"] * 4)
    assert len(set(outcomes)) == 1
    assert outcomes[0].startswith("cwr_")
    assert RefreshToken.objects.count() == 2
