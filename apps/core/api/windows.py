"""Moving windows of a minute in Redis: one round trip, whatever the limit, exact however many processes ask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings

WINDOW_SECONDS = 60

# A list of the times that passed, newest first, by the server's clock: those of other machines may differ.
SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000000
local oldest = redis.call('LINDEX', KEYS[1], -1)
while oldest and tonumber(oldest) <= now - window do
  redis.call('RPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], -1)
end
local used = redis.call('LLEN', KEYS[1])
local passes = 0
if used < limit then
  redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
  passes, used = 1, used + 1
end
return {passes, math.max(0, limit - used), (tonumber(oldest) or now) + window - now}
"""


@dataclass(frozen=True)
class Window:
    """What one hit found: whether it passes, how many more would, and when the oldest one leaves the window."""

    passes: bool
    remaining: int
    resets_in: float


@cache
def _script() -> Any:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
    return client.register_script(SCRIPT)


def hit(scope: str, who: str, limit: int) -> Window:
    """Count one request of `who`, unless `limit` have passed in the last minute. Raises redis.RedisError."""
    prefix = settings.CACHES["default"]["KEY_PREFIX"]
    passes, remaining, microseconds = _script()(
        keys=[f"{prefix}:limits:{scope}:{who}"], args=[limit, WINDOW_SECONDS]
    )
    return Window(bool(passes), remaining, microseconds / 1_000_000)
