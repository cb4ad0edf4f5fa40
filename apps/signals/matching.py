"""When an alarm fires for a signal it takes. Pure: a moment and the alarm's wishes in, a verdict out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from apps.signals.choices import FiringState
from apps.signals.models import Signal


class Wishes(NamedTuple):
    """When a person wants to hear of something; `zone` is that of their clock."""

    zone: ZoneInfo
    days: Sequence[int] = ()
    open_from: time | None = None
    open_until: time | None = None
    cool_down_s: int = 0
    muted_until: datetime | None = None

    def verdict(self, at: datetime, last_fired_at: datetime | None) -> FiringState:
        """QUEUED, or why not. `at` is when the signal was received: a late worker changes nothing."""
        if self.muted_until is not None and at < self.muted_until:
            return FiringState.MUTED
        if not self.is_open(at):
            return FiringState.OFF_HOURS
        # Signals may come out of order: one received before the last one that fired is not therefore too soon after it.
        if last_fired_at is not None and abs(at - last_fired_at) < timedelta(seconds=self.cool_down_s):
            return FiringState.COOLING
        return FiringState.QUEUED

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is within the hours. Hours over midnight belong to the day on which they begin."""
        if self.open_from is None and not self.days:
            return True
        local = at.astimezone(self.zone)
        day, clock = local.weekday(), local.time()
        if self.open_from is not None and self.open_until is not None and self.open_from != self.open_until:
            if self.open_from < self.open_until:
                if not self.open_from <= clock < self.open_until:
                    return False
            elif clock < self.open_until:
                day = (day - 1) % 7
            elif clock < self.open_from:
                return False
        return not self.days or day in self.days


def fields_of(signal: Signal) -> Mapping[str, Any]:
    """What a condition can name: everything the sender wrote, and over it what we read out of it."""
    return {
        **signal.payload,
        "symbol": signal.symbol,
        "exchange": signal.exchange,
        "timeframe": signal.timeframe,
        "action": signal.action,
        "price": signal.price,
        "strategy": signal.strategy,
        "seq": signal.seq,
    }
