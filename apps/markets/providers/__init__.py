"""Sources of bars: samples for the demo, and what live feeds are fed by."""

from __future__ import annotations

from collections.abc import Callable

from apps.markets.choices import FeedProvider
from apps.markets.models import Feed
from apps.markets.providers.base import Provider
from apps.markets.providers.ccxt_feed import CcxtFeed
from apps.markets.providers.csv_drop import CsvDrop
from apps.markets.providers.replay import Replay

_KINDS: dict[str, Callable[[Feed], Provider]] = {
    FeedProvider.REPLAY: Replay,
    FeedProvider.CCXT: CcxtFeed,
    FeedProvider.CSV_DROP: CsvDrop,
}


def open_provider(feed: Feed) -> Provider:
    """The source of `feed`, as it is set now. `await close()` it."""
    return _KINDS[feed.provider](feed)
