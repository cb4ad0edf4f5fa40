"""Reads of instruments and bars. A workspace sees its own and the shared ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db.models import Count, Max, Min, Q, QuerySet

from apps.accounts.models import Workspace
from apps.engine.bars import Bars
from apps.markets.models import BarSet, Instrument


def visible_instruments(workspace: Workspace) -> QuerySet[Instrument]:
    """By symbol, each with the number, first and last time of its current bar sets."""
    current = Q(bar_sets__superseded_at=None)
    return (
        Instrument.objects.filter(Q(workspace=workspace) | Q(workspace=None))
        .annotate(
            set_count=Count("bar_sets", filter=current),
            first_time=Min("bar_sets__first_time", filter=current),
            last_time=Max("bar_sets__last_time", filter=current),
        )
        .order_by("symbol", "id")
    )


def visible_bar_sets(workspace: Workspace) -> QuerySet[BarSet]:
    """Current sets, real data first, then by symbol and timeframe."""
    return (
        BarSet.objects.filter(Q(workspace=workspace) | Q(workspace=None), superseded_at=None)
        .select_related("instrument")
        .order_by("is_synthetic", "instrument__symbol", "timeframe_ms", "id")
    )


def candle_width(bars: Bars, most: int) -> int:
    """How many bars each of at most `most` candles holds."""
    return max(1, -(-len(bars) // most))


def candles(bars: Bars, most: int) -> dict[str, Any]:
    """The bars as JSON-able columns (times in epoch seconds), grouped into at most `most` wider candles."""
    step = candle_width(bars, most)
    starts = np.arange(0, len(bars), step)
    ends = np.minimum(starts + step, len(bars)) - 1
    return {
        "time": (bars.time[starts] // 1000).tolist(),
        "open": bars.open[starts].tolist(),
        "high": np.maximum.reduceat(bars.high, starts).tolist(),
        "low": np.minimum.reduceat(bars.low, starts).tolist(),
        "close": bars.close[ends].tolist(),
        "volume": np.add.reduceat(bars.volume, starts).tolist(),
    }
