"""Bars to try functions on: random, real, and awkward ones."""

import gzip
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from apps.engine.bars import Bars

HOUR = 3_600_000
COLUMNS = ("open", "high", "low", "close", "volume")


def random_bars(count: int, seed: int) -> Bars:
    """A random walk with gaps and spikes."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    open_ = np.concatenate([[100.0], close[:-1]]) * (1 + rng.normal(0, 0.002, count))
    high = np.maximum(open_, close) * (1 + np.abs(rng.normal(0, 0.004, count)))
    low = np.minimum(open_, close) * (1 - np.abs(rng.normal(0, 0.004, count)))
    volume = np.floor(rng.uniform(0, 1000, count)) + 1
    return Bars(np.arange(count) * HOUR, open_, high, low, close, volume, HOUR)


def tied_bars(count: int, seed: int) -> Bars:
    """The same walk in whole ticks, so that values tie, with stretches without trade and without volume."""
    bars = random_bars(count, seed)
    columns = {name: np.round(getattr(bars, name), 1) for name in COLUMNS}
    rng = np.random.default_rng(seed)
    for start in rng.integers(1, max(count - 1, 2), count // 60):
        for name in COLUMNS[:4]:
            columns[name][start : start + 25] = columns["close"][start - 1]
        columns["volume"][start : start + 25] = 0.0
    return Bars(bars.time, **columns, timeframe_ms=HOUR)


def flat_bars(count: int, price: float = 50.0, volume: float = 10.0) -> Bars:
    """Prices that never move: every division by a range meets zero."""
    column = np.full(count, price)
    return Bars(np.arange(count) * HOUR, column, column, column, column, np.full(count, volume), HOUR)


@cache
def real_bars(symbol: str) -> Bars:
    """Daily bars of a stock, 2000 to 2013, from the package of sample data."""
    rows = gzip.decompress(files("bokeh_sampledata").joinpath("_data", "stocks.csv.gz").read_bytes()).decode()
    lines = [line.split(",") for line in rows.splitlines()]
    names = [name.strip().lower() for name in lines[0]]
    picked = [dict(zip(names, line, strict=True)) for line in lines[1:] if symbol in line]
    days = np.array([row["date"] for row in picked], "datetime64[D]").astype(np.int64)
    columns: dict[str, Any] = {name: np.array([float(row[name]) for row in picked]) for name in COLUMNS}
    return Bars(days * 24 * HOUR, **columns, timeframe_ms=24 * HOUR)


def with_na(bars: Bars, columns: tuple[str, ...], at: int, count: int = 1) -> Bars:
    """The same bars, `count` values of some columns missing from bar `at` on."""
    changed = {name: getattr(bars, name).copy() for name in COLUMNS}
    for name in columns:
        changed[name][at : at + count] = np.nan
    return Bars(bars.time, **changed, timeframe_ms=bars.timeframe_ms)
