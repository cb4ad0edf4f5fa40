"""Reads of UT Bots."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.accounts.models import Workspace
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets
from apps.signals.models import UtBot


def ut_bots_of(workspace: Workspace) -> QuerySet[UtBot]:
    """Newest first."""
    bots = UtBot.objects.filter(workspace=workspace)
    return bots.select_related("source", "formula", "workspace").order_by("-id")


def bars_for_ut_bot(bot: UtBot) -> BarSet | None:
    """Bars to backtest it on: of its first symbol that has some, in its timeframe."""
    tickers = [symbol.partition(":")[2] for symbol in bot.symbols]
    found = list(
        visible_bar_sets(bot.workspace).filter(instrument__symbol__in=tickers, timeframe=bot.timeframe)
    )
    return min(found, key=lambda bars: tickers.index(bars.instrument.symbol), default=None)
