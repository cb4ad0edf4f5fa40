"""How fast a provider, a chat or a group may be sent to: moving windows in Redis, exact over all workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.notifications.channels.base import Pace

# All windows or none: an attempt that one of them holds back uses up no place in the others.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local wait = 0
for i, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local oldest = redis.call('LINDEX', key, -1)
  while oldest and tonumber(oldest) <= now - window do
    redis.call('RPOP', key)
    oldest = redis.call('LINDEX', key, -1)
  end
  if redis.call('LLEN', key) >= limit then wait = math.max(wait, tonumber(oldest) + window - now) end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  redis.call('LPUSH', key, string.format('%.0f', now))
  redis.call('PEXPIRE', key, math.ceil(tonumber(ARGV[2 * i]) / 1000))
end
return 0
"""


class Pacing:
    """Places in moving windows. Raises redis.RedisError."""

    def __init__(self, client: Any, prefix: str) -> None:
        self.prefix = prefix
        self._take = client.register_script(TAKE)

    async def take(self, paces: Sequence[Pace]) -> float:
        """Take a place in every window. Returns 0, or the seconds after which it is worth asking again."""
        if not paces:
            return 0.0
        args = [value for pace in paces for value in (pace.limit, int(pace.per_s * 1_000_000))]
        keys = [f"{self.prefix}:pace:{pace.name}" for pace in paces]
        return int(await self._take(keys=keys, args=args)) / 1_000_000
