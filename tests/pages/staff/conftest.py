"""Members of staff, signed in with a second factor."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client

from tests.factories import UserFactory, with_second_factor


@pytest.fixture
def staff(db: None) -> Client:
    """One who may do everything."""
    cache.delete("staff-overview")
    return _signed_in(UserFactory(is_staff=True, is_superuser=True))


@pytest.fixture
def helper(db: None) -> Client:
    """One who may look at people and at backtests, and at nothing else."""
    cache.delete("staff-overview")
    person = UserFactory(is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "view_backtest"]))
    return _signed_in(person)


def _signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return with_second_factor(client, person)
