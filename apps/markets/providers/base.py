"""What a source of market data offers; live feeds are built on the same two methods."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from apps.engine.bars import Bars


class Provider(Protocol):
    """A source of bars. Symbols are the provider's own."""

    name: str

    def history(self, symbol: str, timeframe: str, *, start: datetime, end: datetime) -> Bars:
        """Closed bars that open in [start, end). Raises BarsNotFound for an unknown symbol or timeframe."""
        ...

    def closed_bars(self, symbol: str, timeframe: str) -> AsyncIterator[Bars]:
        """Each bar once it has closed, oldest first, from now on; late ones are repeated by `history`."""
        ...
