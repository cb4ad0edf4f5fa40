"""Market data that the demo brings."""

from __future__ import annotations

from apps.core.words import gettext_noop
from apps.markets.choices import AssetClass, FeedProvider
from apps.markets.models import BarSet, Feed
from apps.markets.providers.replay import replayed
from apps.markets.providers.sample import NAMES, sample_bars, synthetic_hours, synthetic_minutes
from apps.markets.selectors.feeds import replayed_set
from apps.markets.selectors.stored import load_bars
from apps.markets.services.feed_setting import create_feed, start_feed
from apps.markets.services.feeds import append_bars
from apps.markets.services.stored import store_bars

# A day every two seconds: a lap takes more than an hour, and bots have four years to warm up on.
REPLAYED, BEHIND, BARS_PER_SECOND = ("AAPL", "MSFT"), 1_000, 0.5


def load_demo_markets() -> None:
    """Shared demo data: real daily stocks, and a synthetic series of minutes and hours, labelled so. Safe to repeat."""
    for symbol, name in NAMES.items():
        store_bars(
            None,
            sample_bars(symbol),
            source=gettext_noop("bokeh-sampledata, adjusted for splits and dividends"),
            name=name,
            asset_class=AssetClass.STOCK,
            actor=None,
        )
    minutes = synthetic_minutes()
    for bars in (minutes, synthetic_hours(minutes)):
        store_bars(
            None,
            bars,
            source=gettext_noop("synthetic: a seeded random walk, not a market"),
            name="Synthetic minutes (not a real market)",
            is_synthetic=True,
            actor=None,
        )


def load_demo_feeds() -> list[Feed]:
    """The shared feeds of the demo: real daily bars again, for ever. Safe to repeat."""
    return [_load_feed(symbol) for symbol in REPLAYED]


def _load_feed(symbol: str) -> Feed:
    bar_set = BarSet.objects.get(
        workspace=None, instrument__symbol=symbol, timeframe="1d", superseded_at=None
    )
    shared = Feed.objects.filter(
        workspace=None, instrument=bar_set.instrument, timeframe="1d", provider=FeedProvider.REPLAY
    )
    feed = shared.select_related("instrument").first()
    if feed is None:
        settings = {
            "bar_set": str(bar_set.uuid),
            "start": BEHIND,
            "bars_per_second": BARS_PER_SECOND,
            "loop": True,
        }
        feed = create_feed(None, provider=FeedProvider.REPLAY, settings=settings, actor=None)
        start_feed(feed, actor=None)
        play_on(feed, 1)  # books that are opened on it know its time
    return feed


def play_on(feed: Feed, count: int) -> int:
    """The next bars of a replay at once, as its runner would bring them one by one. Returns how many came."""
    feed.refresh_from_db()
    bar_set = replayed_set(feed)
    if bar_set is None:
        return 0
    bars = replayed(load_bars(bar_set), int(feed.settings["start"]) + feed.next_number, count)
    return append_bars(feed.pk, bars).taken
