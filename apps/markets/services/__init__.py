"""Writes of the markets room, and the stored bars they made."""

from apps.markets.selectors.stored import load_bars
from apps.markets.services.costs import store_measured_costs
from apps.markets.services.demo import load_demo_feeds, load_demo_markets, play_on
from apps.markets.services.instruments import STEPS, update_instrument
from apps.markets.services.stored import delete_bar_set, import_bars, store_bars, to_csv, to_parquet

__all__ = [
    "STEPS",
    "delete_bar_set",
    "import_bars",
    "load_bars",
    "load_demo_feeds",
    "load_demo_markets",
    "play_on",
    "store_bars",
    "store_measured_costs",
    "to_csv",
    "to_parquet",
    "update_instrument",
]
