"""Writing bars: numbered without a gap, in order of time, once."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from apps.markets.models import Feed, LiveBar
from apps.markets.selectors import bars_of_feed, load_bars, warm_up_bars
from apps.markets.selectors.feeds import last_bars_of_feed
from apps.markets.services.feeds import append_bars
from tests.markets.feeds.conftest import START, minutes


def moment(minute: float) -> datetime:
    return datetime.fromtimestamp(START / 1000 + minute * 60, tz=UTC)


def test_bars_are_numbered_without_a_gap_and_come_back_bit_for_bit(
    feed: Feed, announced: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
):
    Feed.objects.update(started_at=moment(0))
    with django_capture_on_commit_callbacks(execute=True):
        assert append_bars(feed.pk, minutes(0, 1, 2), received_at=moment(3.1)).last_number == 2
    with django_capture_on_commit_callbacks(execute=True):
        assert append_bars(feed.pk, minutes(5, 6), received_at=moment(7.1)).last_number == 4
    read = bars_of_feed(feed.pk)
    assert read.first_number == 0
    assert read.bars.content_hash() == minutes(0, 1, 2, 5, 6).content_hash()
    assert list(LiveBar.objects.order_by("number").values_list("number", flat=True)) == [0, 1, 2, 3, 4]
    assert announced == [
        {"feed_id": feed.pk, "state": "running"},
        {"feed_id": feed.pk, "last_number": 2},
        {"feed_id": feed.pk, "last_number": 4},
    ]
    feed.refresh_from_db()
    assert (feed.state, feed.next_number, feed.last_time) == ("running", 5, START + 6 * 60_000)


def test_pages_of_bars_follow_one_another(feed: Feed):
    append_bars(feed.pk, minutes(*range(10)))
    feed.refresh_from_db()
    page = bars_of_feed(feed, after_number=3, limit=2)
    assert (page.first_number, page.last_number, page.bars.close.tolist()) == (4, 5, [104, 105])
    assert bars_of_feed(feed, after_number=9).bars.time.tolist() == []
    assert last_bars_of_feed(feed, 3).bars.close.tolist() == [107, 108, 109]


def test_the_same_bars_again_change_nothing(feed: Feed, announced: list[dict[str, Any]]):
    append_bars(feed.pk, minutes(0, 1, 2))
    again = append_bars(feed.pk, minutes(1, 2, 3))
    assert (again.taken, again.known, again.dropped, again.last_number) == (1, 2, 0, 3)
    once_more = append_bars(feed.pk, minutes(0, 1, 2, 3))
    assert (once_more.taken, once_more.known, once_more.dropped) == (0, 4, 0)
    assert LiveBar.objects.count() == 4


def test_a_bar_older_than_the_newest_is_counted_and_not_taken(feed: Feed):
    append_bars(feed.pk, minutes(0, 2))
    late = append_bars(feed.pk, minutes(1, 3))
    assert (late.taken, late.known, late.dropped) == (1, 0, 1)
    assert bars_of_feed(feed.pk).bars.close.tolist() == [100, 102, 103]
    feed.refresh_from_db()
    assert feed.dropped == 1


def test_a_bar_is_late_when_the_feed_was_late_by_then(feed: Feed):
    """Due a minute after it opened; the feed is late two minutes after the bar before had closed."""
    append_bars(feed.pk, minutes(0), received_at=moment(1.1))
    append_bars(feed.pk, minutes(1, 2), received_at=moment(3.5))
    assert list(LiveBar.objects.order_by("number").values_list("is_late", flat=True)) == [False, True, False]


def test_nothing_is_written_to_a_feed_that_was_stopped(feed: Feed, announced: list[dict[str, Any]]):
    Feed.objects.update(is_active=False)
    assert append_bars(feed.pk, minutes(0)).taken == 0
    assert not LiveBar.objects.exists()


def test_a_replay_warms_up_from_the_bars_it_starts_behind(replay: Feed):
    stored = load_bars(replay.instrument.bar_sets.get())
    append_bars(replay.pk, stored.slice(100, 104))
    assert warm_up_bars(replay.pk, before_number=0, n=5).close.tolist() == stored.close[95:100].tolist()
    joined = warm_up_bars(replay.pk, before_number=3, n=5)
    assert joined.content_hash() == stored.slice(98, 103).content_hash()
    assert len(warm_up_bars(replay.pk, before_number=3, n=1000)) == 103
    assert warm_up_bars(replay.pk, before_number=3, n=2).close.tolist() == stored.close[101:103].tolist()


def test_bars_that_are_no_longer_kept_are_not_bridged(replay: Feed):
    """Stored bars do not join on to the oldest that is left."""
    stored = load_bars(replay.instrument.bar_sets.get())
    append_bars(replay.pk, stored.slice(100, 110))
    LiveBar.objects.filter(number__lt=6).delete()
    assert warm_up_bars(replay.pk, before_number=8, n=5).close.tolist() == stored.close[106:108].tolist()


@pytest.mark.django_db(transaction=True)
def test_two_runners_at_once_write_each_bar_once(feed: Feed):
    """Each brings bars 0 to 199 in batches of its own size, over a connection of its own."""
    barrier = Barrier(2)

    def run(size: int) -> None:
        barrier.wait()
        for first in range(0, 200, size):
            append_bars(feed.pk, minutes(*range(first, min(200, first + size))))
        connection.close()

    threads = [Thread(target=run, args=(size,)) for size in (7, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    feed.refresh_from_db()
    assert (feed.next_number, feed.dropped) == (200, 0)
    assert bars_of_feed(feed).bars.content_hash() == minutes(*range(200)).content_hash()
