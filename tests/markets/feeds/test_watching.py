"""Feeds whose bars stay away are late, then stale, told once, and well again with the next bar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from apps.markets.models import Feed
from apps.markets.services.feed_leases import LEASE, held_feeds, release_feeds, take_feeds
from apps.markets.services.feed_watching import watch_feeds
from apps.markets.services.feeds import append_bars
from apps.notifications.models import Notice
from tests.markets.feeds.conftest import START, minutes


def moment(minute: float) -> datetime:
    return datetime.fromtimestamp(START / 1000 + minute * 60, tz=UTC)


def test_late_after_two_stale_after_three_timeframes(
    feed: Feed, announced: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
):
    Feed.objects.update(started_at=moment(-1))
    with django_capture_on_commit_callbacks(execute=True):
        append_bars(feed.pk, minutes(0), received_at=moment(1))  # closed at minute 1
        seen = []
        for minute in (1, 3, 3.1, 3.9, 4.1, 60):
            watch_feeds(now=moment(minute))
            feed.refresh_from_db()
            seen.append(feed.state)
        append_bars(feed.pk, minutes(59), received_at=moment(60.1))
    feed.refresh_from_db()
    assert seen == ["running", "running", "late", "late", "stale", "stale"]
    assert feed.state == "running"
    assert [fact["state"] for fact in announced if "state" in fact] == ["running", "late", "stale", "running"]


def test_the_owner_is_told_once_for_each_time_it_goes_stale(feed: Feed):
    Feed.objects.update(started_at=moment(-1))
    for minute in (0, 20):
        append_bars(feed.pk, minutes(minute), received_at=moment(minute + 1))
        for later in (5, 6, 7):
            watch_feeds(now=moment(minute + later))
    assert Notice.objects.filter(event="markets.feed.stale", person=feed.workspace.owner).count() == 2


def test_a_feed_that_never_got_a_bar_is_late_from_its_start(feed: Feed):
    Feed.objects.update(started_at=moment(0))
    watch_feeds(now=moment(1))
    feed.refresh_from_db()
    assert feed.state == "idle"
    watch_feeds(now=moment(2.1))
    feed.refresh_from_db()
    assert feed.state == "late"


def test_feeds_that_are_stopped_or_failed_are_left_alone(feed: Feed, replay: Feed):
    Feed.objects.filter(pk=feed.pk).update(is_active=False, started_at=moment(0))
    Feed.objects.filter(pk=replay.pk).update(state="failed", started_at=moment(0))
    assert watch_feeds(now=moment(100)) == 0


def test_bars_of_the_past_leave_a_feed_stale(feed: Feed):
    """A file of last year's bars is no reason to trade."""
    Feed.objects.update(started_at=moment(99_999))
    append_bars(feed.pk, minutes(0, 1, 2), received_at=moment(100_000))
    feed.refresh_from_db()
    assert feed.state == "stale"


def test_each_feed_has_one_worker_until_its_lease_ends(feed: Feed, replay: Feed):
    now = moment(0)
    assert take_feeds("one", providers=["replay"], now=now) == [replay]
    assert take_feeds("two", now=now) == [feed]
    assert take_feeds("two", now=now + LEASE / 2) == [feed]  # kept up
    later = now + LEASE + timedelta(seconds=1)
    assert held_feeds("one", now=later) == []
    assert take_feeds("two", now=later) == [feed, replay]
    release_feeds("two")
    assert take_feeds("one", feed=replay.uuid, now=later) == [replay]


def test_stopped_feeds_are_nobodys(feed: Feed):
    take_feeds("one")
    Feed.objects.update(is_active=False)
    assert held_feeds("one") == []
    assert take_feeds("two") == []


@pytest.mark.django_db(transaction=True)
def test_a_feed_that_is_just_written_to_is_passed_over(feed: Feed):
    """Neither the lease nor the watch waits for a writer."""
    Feed.objects.update(started_at=moment(0))
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM markets_feed WHERE id = %s FOR NO KEY UPDATE", [feed.pk])
        with transaction.atomic():
            connection.cursor().execute("SET LOCAL lock_timeout = '1s'")
            assert watch_feeds(now=moment(100)) == 0
            assert take_feeds("one") == []
        other.rollback()
    finally:
        other.close()
    assert watch_feeds(now=moment(100)) == 1
