"""Bars: the prices and volumes of one instrument on one timeframe, as columns."""

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

COLUMNS = ("open", "high", "low", "close", "volume")


class Bar(NamedTuple):
    """One closed bar, with what is known of its instrument. Units as in `Bars`."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    timeframe_ms: int
    timezone: str = "UTC"
    symbol: str = ""


@dataclass(frozen=True, eq=False)
class Bars:
    """Columns of n closed bars.

    `time` is int64[n]: each bar's opening time in milliseconds since 1970 UTC, strictly increasing. `open`,
    `high`, `low`, `close` and `volume` are float64[n], contiguous. `timeframe_ms` is the bar's length in
    milliseconds, `timezone` the IANA name of the zone in which its days and weeks end.
    Raises ValueError when columns differ in length, are not one-dimensional, or times do not rise.
    """

    time: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    timeframe_ms: int
    timezone: str = "UTC"
    symbol: str = ""

    def __post_init__(self) -> None:
        time = np.ascontiguousarray(self.time, dtype=np.int64)
        object.__setattr__(self, "time", time)
        for name in COLUMNS:
            column = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            if column.ndim != 1 or column.shape != time.shape:
                raise ValueError(f"column {name} has shape {column.shape}, time has {time.shape}")
            object.__setattr__(self, name, column)
        if self.timeframe_ms <= 0:
            raise ValueError(f"timeframe_ms must be positive, not {self.timeframe_ms}")
        if len(time) > 1 and not bool(np.all(time[1:] > time[:-1])):
            at = int(np.argmin(time[1:] > time[:-1])) + 1
            raise ValueError(f"bar {at} does not open later than the bar before it")

    def __len__(self) -> int:
        return len(self.time)

    def slice(self, start: int, stop: int) -> Self:
        """Bars start..stop-1, sharing memory with these."""
        columns = {name: getattr(self, name)[start:stop] for name in ("time", *COLUMNS)}
        return type(self)(
            **columns, timeframe_ms=self.timeframe_ms, timezone=self.timezone, symbol=self.symbol
        )

    def bar(self, index: int) -> Bar:
        """The bar at `index`, counted as in a list."""
        return Bar(
            int(self.time[index]),
            float(self.open[index]),
            float(self.high[index]),
            float(self.low[index]),
            float(self.close[index]),
            float(self.volume[index]),
            self.timeframe_ms,
            self.timezone,
            self.symbol,
        )

    def content_hash(self) -> str:
        """SHA-256, in hex, over a canonical header and the columns' little-endian bytes."""
        header = {
            "columns": ["time", *COLUMNS],
            "length": len(self),
            "symbol": self.symbol,
            "timeframe_ms": self.timeframe_ms,
            "timezone": self.timezone,
        }
        digest = hashlib.sha256(json.dumps(header, sort_keys=True, separators=(",", ":")).encode())
        digest.update(b"\n")
        digest.update(self.time.astype("<i8", copy=False).tobytes())
        for name in COLUMNS:
            # every na has the same bytes, whichever NaN the source held
            column = getattr(self, name)
            column = np.where(np.isnan(column), np.nan, column)
            digest.update(column.astype("<f8", copy=False).tobytes())
        return digest.hexdigest()
