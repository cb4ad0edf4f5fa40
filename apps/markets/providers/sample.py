"""Demo data: real daily stocks from the bokeh-sampledata package, and a synthetic minute series."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import polars as pl

from apps.engine.bars import Bars
from apps.markets.errors import BarsNotFound
from apps.markets.timeframes import DAY_MS, MINUTE_MS

NAMES = {
    "AAPL": "Apple Inc.",
    "GOOG": "Alphabet Inc.",
    "IBM": "International Business Machines",
    "MSFT": "Microsoft Corporation",
}
SYNTHETIC = "SYNTH-MINUTE"


def sample_bars(symbol: str) -> Bars:
    """Daily bars of one of `NAMES`, 2000 to 2013.

    Prices are scaled by adjusted close / close, volume by its inverse, so that a split is not a crash.
    """
    if symbol not in NAMES:
        raise BarsNotFound(f"There is no sample of {symbol}; there are {', '.join(NAMES)}.")
    source = files("bokeh_sampledata").joinpath("_data", "stocks.csv.gz")
    table = (
        pl.read_csv(source.read_bytes(), try_parse_dates=True).filter(pl.col("Ticker") == symbol).sort("Date")
    )
    factor = table["Adj Close"].to_numpy() / table["Close"].to_numpy()
    prices = {name: table[name.capitalize()].to_numpy() * factor for name in ("open", "high", "low", "close")}
    # the factor's rounding must not push a close above its high
    prices["high"] = np.maximum.reduce([prices["high"], prices["open"], prices["close"]])
    prices["low"] = np.minimum.reduce([prices["low"], prices["open"], prices["close"]])
    return Bars(
        time=table["Date"].cast(pl.Datetime("ms")).cast(pl.Int64).to_numpy(),
        **prices,
        volume=table["Volume"].to_numpy() / factor,
        timeframe_ms=DAY_MS,
        symbol=symbol,
    )


def synthetic_minutes(bars: int = 200_000, seed: int = 7) -> Bars:
    """A seeded random walk with changing volatility: minute bars round the clock from 2024-01-01."""
    random = np.random.default_rng(seed)
    calm = np.repeat(random.gamma(4.0, 0.0001, bars // 500 + 1), 500)[:bars]
    steps = random.standard_normal((bars, 4)) * (calm / 2)[:, None]
    close = 100.0 * np.exp(np.cumsum(steps.sum(axis=1)))
    opens = np.concatenate([[100.0], close[:-1]])
    path = opens[:, None] * np.exp(np.cumsum(steps, axis=1))
    ends = np.column_stack([opens, close])
    start = np.datetime64("2024-01-01", "ms").astype(np.int64)
    # rounded to a hundred-thousandth: exp differs in its last bit between platforms
    return Bars(
        time=start + np.arange(bars, dtype=np.int64) * MINUTE_MS,
        open=np.round(opens, 5),
        high=np.round(np.maximum(path.max(axis=1), ends.max(axis=1)), 5),
        low=np.round(np.minimum(path.min(axis=1), ends.min(axis=1)), 5),
        close=np.round(close, 5),
        volume=np.round(random.gamma(2.0, 5.0, bars), 3),
        timeframe_ms=MINUTE_MS,
        symbol=SYNTHETIC,
    )


def synthetic_hours(minutes: Bars) -> Bars:
    """Whole hours of `minutes`, which begin on the hour: with them the minutes can decide what an hour leaves open."""
    n = len(minutes) // 60
    hours = {
        name: getattr(minutes, name)[: 60 * n].reshape(n, 60)
        for name in ("open", "high", "low", "close", "volume")
    }
    return Bars(
        time=minutes.time[: 60 * n : 60].copy(),
        open=hours["open"][:, 0].copy(),
        high=hours["high"].max(axis=1),
        low=hours["low"].min(axis=1),
        close=hours["close"][:, -1].copy(),
        volume=np.round(hours["volume"].sum(axis=1), 3),
        timeframe_ms=60 * MINUTE_MS,
        symbol=minutes.symbol,
    )
