"""A market that a feed brings on, as the demo has one, and a workspace that visitors may see."""

from __future__ import annotations

import io

import pytest

from apps.accounts.models import User, Workspace
from apps.backtests.models import Backtest
from apps.backtests.services import run_backtest
from apps.formulas.library import template_of
from apps.markets.choices import FeedProvider, FeedState
from apps.markets.models import BarSet, Feed
from apps.markets.services import import_bars
from apps.markets.services.feed_setting import create_feed, start_feed
from apps.pages.first_run import begin
from apps.pages.models import Guest
from apps.pages.visits import ensure_guest
from tests.factories import wave_csv


@pytest.fixture
def market(workspace: Workspace, user: User) -> BarSet:
    """Daily bars of the workspace's own; a name before it in the alphabet has bars too, but no feed."""
    for symbol in ("AWAVE", "WAVE"):
        found = import_bars(
            workspace, symbol=symbol, file=io.BytesIO(wave_csv()), filename="wave.csv", actor=user
        )
    return found


@pytest.fixture
def feed(market: BarSet, workspace: Workspace, user: User) -> Feed:
    """A running replay of the market's bars from the hundredth on."""
    settings = {"bar_set": str(market.uuid), "start": 100, "bars_per_second": 0.5, "loop": True}
    feed = create_feed(workspace, provider=FeedProvider.REPLAY, settings=settings, actor=user)
    start_feed(feed, actor=user)
    Feed.objects.filter(pk=feed.pk).update(state=FeedState.RUNNING)
    return Feed.objects.get(pk=feed.pk)


@pytest.fixture
def tested(workspace: Workspace, user: User, feed: Feed) -> Backtest:
    """The first run's backtest, done."""
    template = template_of("trend-following")
    assert template is not None
    run = begin(workspace, template, actor=user)
    assert run.backtest is not None
    run_backtest(run.backtest.pk)
    run.backtest.refresh_from_db()
    return run.backtest


@pytest.fixture
def guest(workspace: Workspace) -> Guest:
    return ensure_guest(workspace)
