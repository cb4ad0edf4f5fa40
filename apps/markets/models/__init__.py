"""Tables of the markets room."""

from apps.markets.models.catalogue import BarSet, Instrument
from apps.markets.models.costs import MeasuredCost
from apps.markets.models.feeds import Feed, LiveBar

__all__ = ["BarSet", "Feed", "Instrument", "LiveBar", "MeasuredCost"]
