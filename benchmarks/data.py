"""Synthetic minute bars, the same on every machine."""

import numpy as np

from apps.engine.bars import Bars

MINUTE_MS = 60_000
FIRST_OPENING = 1_577_836_800_000  # 2020-01-01T00:00Z


def minute_bars(count: int, seed: int = 7) -> Bars:
    """`count` minute bars of a random walk, each opening at the close before."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.0005, count)))
    opening = np.concatenate(([100.0], close[:-1]))
    spread = np.abs(rng.normal(0.0, 0.0003, (2, count)))
    return Bars(
        time=FIRST_OPENING + np.arange(count, dtype=np.int64) * MINUTE_MS,
        open=opening,
        high=np.maximum(opening, close) * (1.0 + spread[0]),
        low=np.minimum(opening, close) * (1.0 - spread[1]),
        close=close,
        volume=rng.integers(1, 1000, count).astype(np.float64),
        timeframe_ms=MINUTE_MS,
        symbol="SYNTHETIC",
    )
