"""Bars and requests for backtest tests."""

from __future__ import annotations

import io

import numpy as np
import pytest

from apps.backtests.services import BacktestRequest
from apps.markets.models import BarSet
from apps.markets.services import import_bars
from tests.factories import CROSS


def wave_csv(bars: int = 400) -> bytes:
    """Daily candles of a price that rises and falls, so that averages cross many times."""
    days = np.datetime64("2020-01-01") + np.arange(bars)
    close = 100 + 10 * np.sin(np.arange(bars) / 9.0) + np.arange(bars) * 0.01
    opens = np.concatenate([[100.0], close[:-1]])
    lines = ["date,open,high,low,close,volume"]
    for day, o, c in zip(days, opens, close, strict=True):
        lines.append(f"{day},{o:.6f},{max(o, c) + 1:.6f},{min(o, c) - 1:.6f},{c:.6f},1000")
    return "\n".join(lines).encode()


@pytest.fixture
def bar_set(workspace, user) -> BarSet:
    return import_bars(workspace, symbol="WAVE", file=io.BytesIO(wave_csv()), filename="wave.csv", actor=user)


@pytest.fixture
def question(bar_set) -> BacktestRequest:
    return BacktestRequest(text=CROSS, name="Cross", bar_set=bar_set)
