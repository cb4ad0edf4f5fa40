"""Setting feeds up, starting, stopping and deleting them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.storage import default_storage

from apps.accounts.models import User, Workspace
from apps.journal.models import Entry
from apps.markets.errors import (
    BarsInUse,
    FeedExists,
    FeedRefused,
    FeedSettingsInvalid,
    ReadOnlyFeed,
    TooManyFeeds,
    UnknownTimeframe,
)
from apps.markets.models import BarSet, Feed, Instrument
from apps.markets.services import delete_bar_set, load_bars
from apps.markets.services.feed_setting import (
    change_feed,
    create_feed,
    delete_feed,
    drop_file,
    end_feed,
    start_feed,
    stop_feed,
)
from apps.markets.services.feeds import append_bars
from tests.factories import UserFactory, workspace_of


def settings_of(bar_set: BarSet, **more: Any) -> dict[str, Any]:
    return {"bar_set": str(bar_set.uuid), **more}


def test_a_replay_takes_instrument_and_timeframe_from_its_bars(
    workspace: Workspace, user: User, bar_set: BarSet
):
    feed = create_feed(workspace, provider="replay", settings=settings_of(bar_set, start=5), actor=user)
    assert (feed.instrument, feed.timeframe, feed.state, feed.is_active) == (
        bar_set.instrument,
        bar_set.timeframe,
        "idle",
        False,
    )
    assert Entry.objects.get(action="markets.feed.created").changes["settings"]["start"] == 5
    with pytest.raises(FeedExists, match="WAVE 1d"):
        create_feed(workspace, provider="replay", settings=settings_of(bar_set), actor=user)


def test_an_exchange_makes_an_instrument_of_ones_own(workspace: Workspace, user: User):
    settings = {"exchange": "binance", "symbol": "BTC/USDT"}
    feed = create_feed(workspace, provider="ccxt", settings=settings, timeframe="60", actor=user)
    instrument = feed.instrument
    assert (feed.timeframe, feed.timeframe_ms) == ("1h", 3_600_000)
    assert (instrument.symbol, instrument.venue, instrument.currency) == ("BTC/USDT", "binance", "USDT")
    assert (instrument.asset_class, instrument.workspace) == ("crypto", workspace)


@pytest.mark.parametrize(
    ("timeframe", "error"), [("soon", UnknownTimeframe), ("1M", FeedSettingsInvalid), ("", UnknownTimeframe)]
)
def test_a_timeframe_that_no_feed_can_have(
    workspace: Workspace, user: User, timeframe: str, error: type[Exception]
):
    settings = {"exchange": "binance", "symbol": "BTC/USDT"}
    with pytest.raises(error):
        create_feed(workspace, provider="ccxt", settings=settings, timeframe=timeframe, actor=user)
    assert not Instrument.objects.exists()


def test_bars_and_instruments_of_others_are_not_there(workspace: Workspace, user: User, bar_set: BarSet):
    other = workspace_of(UserFactory())
    with pytest.raises(FeedSettingsInvalid, match="no such set of bars"):
        create_feed(other, provider="replay", settings=settings_of(bar_set), actor=None)
    with pytest.raises(FeedSettingsInvalid, match="no such instrument"):
        create_feed(
            other,
            provider="csv_drop",
            settings={"folder": "x"},
            timeframe="1d",
            instrument=bar_set.instrument,
            actor=None,
        )


def test_a_replay_starts_within_its_bars_and_not_too_fast(workspace: Workspace, user: User, bar_set: BarSet):
    with pytest.raises(FeedSettingsInvalid, match="there are 400"):
        create_feed(workspace, provider="replay", settings=settings_of(bar_set, start=400), actor=user)
    with pytest.raises(FeedSettingsInvalid, match="at most 100 bars a second"):
        create_feed(
            workspace, provider="replay", settings=settings_of(bar_set, bars_per_second=101), actor=user
        )


def test_a_workspace_has_twenty_feeds(workspace: Workspace, user: User):
    def drop(number: int) -> None:
        create_feed(
            workspace,
            provider="csv_drop",
            settings={"folder": f"f{number}"},
            timeframe="1d",
            symbol=f"S{number}",
            actor=user,
        )

    for number in range(20):
        drop(number)
    with pytest.raises(TooManyFeeds):
        drop(20)


def test_start_and_stop_are_told_once(
    feed: Feed, user: User, announced: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        append_bars(feed.pk, load_bars(feed.instrument.bar_sets.get()).slice(0, 3))
        stop_feed(feed, actor=user)
        stop_feed(feed, actor=user)
        start_feed(feed, actor=user)
        start_feed(feed, actor=user)
    feed.refresh_from_db()
    assert (feed.is_active, feed.state, feed.next_number) == (True, "idle", 3)
    assert [fact["state"] for fact in announced if "state" in fact] == ["stale", "idle"]
    actions = list(
        Entry.objects.filter(action__startswith="markets.feed.st").values_list("action", flat=True)
    )
    assert sorted(actions) == ["markets.feed.started", "markets.feed.stopped"]


def test_a_replay_at_its_end_does_not_start_again(replay: Feed, user: User):
    change_feed(replay, settings={"loop": False, "bars_per_second": 50}, actor=user)
    end_feed(replay.pk)
    replay.refresh_from_db()
    assert (replay.state, replay.is_active) == ("ended", False)
    with pytest.raises(FeedRefused, match="at its end"):
        start_feed(replay, actor=user)
    change_feed(replay, settings={"loop": True}, actor=user)
    assert start_feed(replay, actor=user).is_active


def test_what_bots_decided_on_does_not_become_another_series(replay: Feed, user: User, bar_set: BarSet):
    change_feed(replay, settings={"start": 50, "bars_per_second": 10}, actor=user)
    append_bars(replay.pk, load_bars(bar_set).slice(50, 60))
    change_feed(replay, settings={"bars_per_second": 20}, late_after=3, stale_after=5, actor=user)
    with pytest.raises(FeedRefused, match="start cannot change"):
        change_feed(replay, settings={"start": 70}, actor=user)
    replay.refresh_from_db()
    assert (replay.settings["start"], replay.settings["bars_per_second"], replay.late_after) == (50, 20, 3)


def test_shared_feeds_are_changed_by_staff_alone(replay: Feed, user: User):
    Feed.objects.update(workspace=None)
    with pytest.raises(ReadOnlyFeed):
        stop_feed(replay, actor=user)
    assert not stop_feed(replay, actor=UserFactory(is_staff=True)).is_active


def test_bars_of_a_replay_are_kept_and_its_instrument_too(replay: Feed, user: User, bar_set: BarSet):
    with pytest.raises(BarsInUse, match="replay"):
        delete_bar_set(bar_set, actor=user)
    delete_feed(replay, actor=user)
    delete_bar_set(bar_set, actor=user)
    assert not Feed.objects.exists()


def test_an_instrument_with_a_feed_outlives_its_last_bars(feed: Feed, user: User, bar_set: BarSet):
    delete_bar_set(bar_set, actor=user)
    assert Feed.objects.get().instrument.symbol == "WAVE"


def test_files_are_dropped_where_the_feed_looks(feed: Feed, user: User):
    name = drop_file(feed, file=io.BytesIO(b"time,open\n"), filename="../../Monday bars.csv", actor=user)
    folder = f"drops/{feed.workspace.uuid}/wave"
    assert default_storage.listdir(folder)[1] == [name]
    assert name.endswith("Monday_bars.csv")
    with pytest.raises(FeedRefused, match="ends in"):
        drop_file(feed, file=io.BytesIO(b""), filename="bars.exe", actor=user)


def test_files_are_no_way_into_a_replay(replay: Feed, user: User):
    with pytest.raises(FeedRefused, match="feeds of files"):
        drop_file(replay, file=io.BytesIO(b""), filename="bars.csv", actor=user)
