"""Reads of the markets room."""

from apps.markets.selectors.catalogue import candle_width, candles, visible_bar_sets, visible_instruments
from apps.markets.selectors.costs import (
    ENOUGH_ORDERS,
    Slippage,
    measured_costs_of,
    slippage_by_symbol,
    slippage_of,
)
from apps.markets.selectors.feed_health import FeedGap, FeedHealth, gaps_of, health_of
from apps.markets.selectors.feeds import (
    NumberedBars,
    bars_of_feed,
    last_bars_of_feed,
    visible_feeds,
    warm_up_bars,
)
from apps.markets.selectors.stored import load_bars

__all__ = [
    "ENOUGH_ORDERS",
    "FeedGap",
    "FeedHealth",
    "NumberedBars",
    "Slippage",
    "bars_of_feed",
    "candle_width",
    "candles",
    "gaps_of",
    "health_of",
    "last_bars_of_feed",
    "load_bars",
    "measured_costs_of",
    "slippage_by_symbol",
    "slippage_of",
    "visible_bar_sets",
    "visible_feeds",
    "visible_instruments",
    "warm_up_bars",
]
