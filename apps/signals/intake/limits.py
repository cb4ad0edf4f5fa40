"""How much one sender may ask of this process."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable

MAX_KEYS = 20_000


class RateLimiter:
    """Token buckets: a minute's worth at once, refilled evenly. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # key -> (left, as of)

    def take(self, key: Hashable, *, per_minute: int, amount: int = 1) -> int:
        """Zero when `amount` may pass, else the whole seconds to wait. A full bucket lets any amount pass."""
        now = self._clock()
        left, since = self._buckets.pop(key, (float(per_minute), now))
        rate = per_minute / 60
        left = min(float(per_minute), left + (now - since) * rate)
        passes = left >= min(amount, per_minute)
        self._buckets[key] = (left - amount if passes else left, now)
        if len(self._buckets) > MAX_KEYS:
            self._buckets.popitem(last=False)
        return 0 if passes else max(1, math.ceil((min(amount, per_minute) - left) / rate))
