from __future__ import annotations

import pytest
from django.test import Client


def test_live_needs_nothing():
    assert Client().get("/health/live").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_with_database_and_redis():
    answer = Client().get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": "ok", "redis": "ok"}


@pytest.mark.django_db
def test_ready_names_what_is_missing(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = Client().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["redis"] == "unreachable"
