"""Feeds to write to, and bars to write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.markets.models import BarSet, Feed
from apps.markets.services.feeds import bars_closed, feed_state_changed
from apps.markets.timeframes import MINUTE_MS

START = 1_700_000_040_000  # a whole minute


def minutes(*numbers: int, start: int = START, timeframe_ms: int = MINUTE_MS) -> Bars:
    """Bars that open the given numbers of timeframes after `start`; the close of number 7 is 107."""
    n = np.array(numbers, dtype=np.int64)
    close = 100.0 + n
    return Bars(
        start + n * timeframe_ms,
        close - 0.5,
        close + 1,
        close - 1,
        close,
        n + 1.0,
        timeframe_ms=timeframe_ms,
        symbol="WAVE",
    )


@pytest.fixture
def feed(bar_set: BarSet) -> Feed:
    """An active feed of files, in minutes."""
    return Feed.objects.create(
        workspace=bar_set.workspace,
        instrument=bar_set.instrument,
        provider="csv_drop",
        timeframe="1m",
        timeframe_ms=MINUTE_MS,
        settings={"folder": "wave"},
        is_active=True,
    )


@pytest.fixture
def replay(bar_set: BarSet) -> Feed:
    """An active replay of the 400 daily bars, from the 100th on."""
    return Feed.objects.create(
        workspace=bar_set.workspace,
        instrument=bar_set.instrument,
        provider="replay",
        timeframe=bar_set.timeframe,
        timeframe_ms=bar_set.timeframe_ms,
        settings={"bar_set": str(bar_set.uuid), "start": 100, "bars_per_second": 1000.0, "loop": True},
        is_active=True,
    )


@pytest.fixture
def announced() -> Any:
    """What both hooks told, in order."""
    told: list[dict[str, Any]] = []

    def hear(**facts: Any) -> None:
        told.append(facts)

    for hook in (bars_closed, feed_state_changed):
        hook.connect(hear)
    yield told
    for hook in (bars_closed, feed_state_changed):
        hook.disconnect(hear)
