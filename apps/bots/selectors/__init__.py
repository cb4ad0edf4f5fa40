"""Reads of the bots room."""

from apps.bots.selectors.bots import Standing, bots_of, sparklines, standings, steps_of
from apps.bots.selectors.charts import bot_drawdown_chart, bot_equity_chart, bot_price_chart
from apps.bots.selectors.journal import entry_of, export_lines, journal_of, neighbours_of, why_decided
from apps.bots.selectors.overview import Overview, overview_of

__all__ = [
    "Overview",
    "Standing",
    "bot_drawdown_chart",
    "bot_equity_chart",
    "bot_price_chart",
    "bots_of",
    "entry_of",
    "export_lines",
    "journal_of",
    "neighbours_of",
    "overview_of",
    "sparklines",
    "standings",
    "steps_of",
    "why_decided",
]
