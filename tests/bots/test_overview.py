"""All bots of a workspace at a glance: the sums are what their books say, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.bots.selectors import overview_of
from apps.markets.choices import FeedState
from apps.trading.models import EquityPoint, Mark, Position

pytestmark = pytest.mark.django_db

NOON = datetime(2024, 5, 7, 12, tzinfo=UTC)
EVENING_BEFORE = datetime(2024, 5, 6, 21, tzinfo=UTC)
LONG_BEFORE = datetime(2024, 5, 2, tzinfo=UTC)


def test_the_sums_are_those_of_the_books(new_bot, workspace, feed, instrument):
    """A long from yesterday, a short of today, and one that did nothing: at a price of 50."""
    long, short, idle = new_bot("Long"), new_bot("Short"), new_bot("Idle")
    for bot, cash, units in ((long, 4_000, 130), (short, 10_900, -20)):
        bot.book.cash = Decimal(cash)
        bot.book.save()
        Position.objects.create(
            book=bot.book,
            instrument=instrument,
            units=units,
            cost=units * 45,
            opened_at=NOON,
            updated_at=NOON,
        )
    Mark.objects.update_or_create(
        source=long.book.price_source, instrument=instrument, defaults={"price": 50, "at": NOON}
    )
    for at, equity in ((LONG_BEFORE, 9_000), (EVENING_BEFORE, 10_100), (NOON, 10_500)):
        EquityPoint.objects.create(book=long.book, at=at, cash=0, equity=equity)

    found = overview_of(workspace)
    # long: 4,000 + 130 × 50 = 10,500, of 10,100 in the evening; short: 10,900 − 20 × 50 = 9,900, of its capital
    capital = [bot.capital for bot in (long, short, idle)]
    assert capital == [10_000, 10_000, 10_000]
    assert found.equity == 10_500 + 9_900 + 10_000
    assert found.pnl == 500 - 100
    assert found.today == 400 - 100
    assert found.holding == 2
    assert (found.running, found.paused, found.currency) == (3, 0, "USD")
    newest_first = [(bot.name, worth.side, worth.gain) for bot, worth in found.counted]
    assert newest_first == [("Idle", "", 0.0), ("Short", "short", -1.0), ("Long", "long", 5.0)]
    assert found.stale == []

    feed.state = FeedState.STALE
    feed.save()
    assert [(bot.symbol, bot.timeframe, bot.feed_uuid) for bot in overview_of(workspace).stale] == [
        (instrument.symbol, feed.timeframe, feed.uuid)
    ]
