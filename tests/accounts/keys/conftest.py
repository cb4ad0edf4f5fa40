from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import Membership, User, Workspace
from tests.factories import UserFactory


def client_with(secret: str, **headers: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {secret}", **headers})


@pytest.fixture
def member(workspace: Workspace) -> Callable[[str], User]:
    """Somebody else in the workspace, in a role."""

    def make(role: str) -> User:
        person = UserFactory()
        Membership.objects.create(workspace=workspace, user=person, role=role)
        return person

    return make


def in_days(days: float) -> Any:
    return timezone.now() + timedelta(days=days)
