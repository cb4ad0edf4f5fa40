"""People with second factors, and how they sign in."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import TotpDevice, User
from apps.accounts.services.second_factors import begin_totp, make_backup_codes
from apps.accounts.services.second_factors.factors import factors_changed
from apps.accounts.totp import code_at
from tests.factories import UserFactory, workspace_of

PASSWORD = "correct-horse-battery"
LOGIN = "/accounts/login/"
STEP = "/accounts/second-factor/"


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch):
    """The clock that codes and proofs go by stands still: none of their half minutes ends in the middle of a test."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)


def enrol(user: User) -> TotpDevice:
    """An authenticator app in use whose codes are all still unused."""
    device = begin_totp(user)
    device.confirmed = True
    device.save()
    factors_changed(user, actor=user)
    return device


def code_of(device: TotpDevice, *, steps: int = 0) -> str:
    """What the app shows now, or shows so many steps later."""
    return code_at(device.secret, int(time.time()) // 30 + steps)


def wrong(device: TotpDevice) -> str:
    """Six digits that no step near now has."""
    near = {code_of(device, steps=steps) for steps in range(-6, 7)}
    return next(code for code in (f"{n:06d}" for n in range(1000)) if code not in near)


@pytest.fixture
def person(db) -> User:
    user = UserFactory()
    workspace_of(user, "pro")
    return user


@pytest.fixture
def totp(person) -> TotpDevice:
    return enrol(person)


@pytest.fixture
def codes(person, totp) -> list[str]:
    return make_backup_codes(person, actor=person)


def give_password(user: User, client: Client | None = None) -> Client:
    """A browser that has given the right password."""
    client = client or Client()
    answer = client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def is_in(client: Client) -> bool:
    """Whether the browser gets to a page for members of a workspace."""
    return client.get("/formulas/").status_code == 200
