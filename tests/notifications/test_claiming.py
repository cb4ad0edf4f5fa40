"""Taking deliveries: what stands behind a long lane is not kept waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.notifications.models import Delivery
from apps.notifications.services import NewNotice, add_webhook, queue_notices
from apps.notifications.services.sending import claiming
from apps.notifications.services.sending.claiming import claim
from tests.factories import UserFactory


@pytest.fixture
def backlog(user: User, provider) -> list[User]:
    """700 deliveries of one person in one lane, then one each of three people."""
    people = [user, *UserFactory.create_batch(3)]
    for person in people:
        add_webhook(person, url=f"{provider.url}/hook", actor=person, options={"ordered": True})
    queue_notices(
        [
            NewNotice(person.pk, "tests.bell.rung", f"{n}", {"title": "x"}, channels=("webhook",))
            for n, person in enumerate([*[user] * 700, *people[1:]])
        ]
    )
    Delivery.objects.exclude(channel="webhook").delete()
    Delivery.objects.update(send_after=timezone.now() - timedelta(seconds=1))
    return people


def taken(most: int = 100) -> list[int]:
    """Whose deliveries a worker gets."""
    claims = claim(most, worker="w", now=timezone.now())
    people = dict(Delivery.objects.values_list("pk", "person"))
    return [people[one.delivery_id] for one in claims]


def test_a_long_lane_keeps_nobody_waiting(backlog):
    assert claiming.WINDOW < 700
    assert sorted(taken()) == sorted(person.pk for person in backlog)
    assert taken() == [], "each lane has one under way"
    Delivery.objects.filter(status="sending").update(status="delivered", ended_at=timezone.now())
    assert taken() == [backlog[0].pk]


def test_what_has_no_lane_is_found_behind_a_long_one(backlog):
    last = Delivery.objects.latest("id")
    Delivery.objects.filter(pk=last.pk).update(lane="")
    assert last.person_id in taken()


def test_a_first_one_that_comes_later_holds_up_its_lane_only_after_a_try(backlog):
    first, second = Delivery.objects.order_by("id")[:2]
    later = timezone.now() + timedelta(hours=1)
    Delivery.objects.filter(pk=first.pk).update(send_after=later)  # quiet hours
    claims = claim(10, worker="w", now=timezone.now())
    assert second.pk in {one.delivery_id for one in claims}


def test_a_strict_lane_waits_for_a_retry(backlog):
    first = Delivery.objects.order_by("id")[0]
    Delivery.objects.filter(pk=first.pk).update(send_after=timezone.now() + timedelta(hours=1), attempts=1)
    assert sorted(taken()) == sorted(person.pk for person in backlog[1:])


def test_a_short_backlog_is_looked_at_once(user, tell):
    tell()
    with CaptureQueriesContext(connection) as queries:
        assert claim(10, worker="w", now=timezone.now())
    assert len(queries) == 2
    with CaptureQueriesContext(connection) as queries:
        assert not claim(10, worker="w", now=timezone.now())
    assert len(queries) == 1
