"""Numbers that are missing or come again raise an incident, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.notifications.models import Notice
from apps.signals.models import SequenceIncident
from apps.signals.services import match_signals, process_alerts, tell_incidents
from tests.signals.alarms.conftest import store_alert


@pytest.fixture
def count(source):
    """Alerts of these numbers, each batch matched by itself."""

    def send(*batches: list[int], strategy: str = "UT") -> None:
        for batch in batches:
            for number in batch:
                body = (
                    f'{{"symbol":"X","action":"buy","seq":{number},"strategy":"{strategy}","n":"{send.n}"}}'
                )
                send.n += 1
                store_alert(source, body.encode())
            process_alerts()
            match_signals()

    send.n = 0
    return send


def incidents() -> list[tuple]:
    rows = SequenceIncident.objects.order_by("id")
    return list(rows.values_list("kind", "state", "first", "last", "missing"))


@pytest.mark.parametrize(
    "batches, expected",
    [
        ([[7], [8, 9], [10]], []),  # it may begin anywhere
        ([[1, 2], [5, 6]], [("gap", "open", 3, 4, 2)]),
        ([[1], [2, 5]], [("gap", "open", 3, 4, 2)]),
        ([[1], [4], [2]], [("gap", "open", 2, 3, 1)]),
        ([[1], [4], [3], [2]], [("gap", "closed", 2, 3, 0)]),
        ([[1, 3, 2, 4]], []),  # out of order within a batch
        ([[100], [1], [2], [3]], [("regression", "open", 1, 1, 0)]),  # it started again
        ([[5], [5]], [("regression", "open", 5, 5, 0)]),
    ],
)
def test_numbers(count, batches, expected):
    count(*batches)
    assert incidents() == expected


def test_each_strategy_has_its_own_numbers(count):
    count([1], [2], strategy="A")
    count([50], [51], strategy="B")
    assert incidents() == []


def test_the_owner_is_told_once_and_not_before_the_grace(count, user):
    count([1], [5])
    assert tell_incidents() == 0, "they may be only late"
    later = timezone.now() + timedelta(minutes=1)
    assert tell_incidents(now=later) == 1
    assert tell_incidents(now=later) == 0
    notice = Notice.objects.get(person=user)
    assert "3 of the numbers 2 to 4" in notice.data["text"]
