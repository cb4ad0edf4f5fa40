"""What a source of bars offers to the process that runs its feed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from apps.engine.bars import Bars


@dataclass(frozen=True, slots=True)
class Position:
    """Where a feed stands: the number that its next bar gets, and the opening time of its last one in milliseconds."""

    next_number: int
    last_time: int | None


class Provider(Protocol):
    """The source of one feed, open while a process runs it.

    Both methods raise FeedBroken for what somebody must mend, FeedInterrupted for what passes. Bars are closed ones,
    oldest first, at least one at a time; those known already do no harm.
    """

    def history(self, position: Position, *, before: int | None = None) -> AsyncIterator[Bars]:
        """Bars after the position that are there already, and open before `before` where that is given."""
        ...

    def closed_bars(self, position: Position) -> AsyncIterator[Bars]:
        """Each bar after the position once it has closed, until there are no more. The caller takes a batch whole
        before it asks for the next."""
        ...

    async def close(self) -> None:
        """Give up connections."""
        ...


def only_closed(bars: Bars, now_ms: float) -> Bars:
    """Those that have closed by `now_ms`."""
    closed = int((bars.time + bars.timeframe_ms <= now_ms).sum())
    return bars if closed == len(bars) else bars.slice(0, closed)
