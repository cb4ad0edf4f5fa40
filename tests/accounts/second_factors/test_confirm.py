"""Dangerous actions ask anew who is there: pages, programs, keys; 15 minutes; guessing is slowed down."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from apps.accounts.confirm import confirmed, is_confirmed, require_confirmed
from apps.accounts.errors import ConfirmationRequired
from apps.accounts.models import ApiKey

PASSWORD = "correct-horse-battery"
PAGE = "/settings/confirm/"


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


def age(client, seconds: float) -> None:
    """Make the session's last proof that old."""
    session = client.session
    session["confirmed_at"] = time.time() - seconds
    session.save()


def request_of(client, user):
    request = RequestFactory().get("/")
    request.user, request.session = user, client.session
    return request


def test_fresh_log_in_counts_for_15_minutes(web, user):
    assert is_confirmed(request_of(web, user))
    age(web, 14 * 60)
    assert is_confirmed(request_of(web, user))
    age(web, 15 * 60 + 1)
    assert not is_confirmed(request_of(web, user))
    age(web, -3600)  # a clock that was set back opens nothing
    assert not is_confirmed(request_of(web, user))


def test_guarded_view_runs_only_when_confirmed(web, user):
    view = confirmed(lambda request: "done")
    assert view(request_of(web, user)) == "done"
    age(web, 3600)
    with pytest.raises(ConfirmationRequired):
        view(request_of(web, user))


def test_password_confirms_and_leads_back(web, user):
    age(web, 3600)
    page = web.post(PAGE, {"password": "wrong", "next": "/settings/"})
    assert page.status_code == 400
    assert b"not your password" in page.content
    assert not is_confirmed(request_of(web, user))
    answer = web.post(PAGE, {"password": PASSWORD, "next": "/settings/"})
    assert (answer.status_code, answer["Location"]) == (302, "/settings/")
    assert is_confirmed(request_of(web, user))


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_way_back_stays_on_our_pages(web, elsewhere):
    assert web.post(PAGE, {"password": PASSWORD, "next": elsewhere})["Location"] == "/settings/"


def test_guessing_is_slowed_down(web, user):
    answers = [web.post(PAGE, {"password": f"wrong {n}"}).status_code for n in range(12)]
    assert answers[0] == 400
    assert answers[-1] == 429
    age(web, 3600)
    assert web.post(PAGE, {"password": PASSWORD}).status_code == 429
    assert not is_confirmed(request_of(web, user))


def test_key_can_never_confirm(web, user):
    request = request_of(web, user)
    request.auth = ApiKey()
    with pytest.raises(ConfirmationRequired, match="API key cannot"):
        require_confirmed(request)
