"""Circuit breakers, one per provider, shared by all workers through Redis. Without Redis every circuit is closed.

Three faults in a row open it; after a pause one attempt goes through as a probe. A success closes it, a failed probe
doubles the pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

ASK = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local till = tonumber(redis.call('HGET', KEYS[1], 'till') or '0')
if till == 0 then return {'closed', 0, tonumber(redis.call('HGET', KEYS[1], 'faults') or '0')} end
if now < till then return {'open', till - now, 0} end
local probe = tonumber(redis.call('HGET', KEYS[1], 'probe') or '0')
if now < probe then return {'open', probe - now, 0} end
redis.call('HSET', KEYS[1], 'probe', now + tonumber(ARGV[1]))
return {'probe', 0, 0}
"""
TELL = """
if ARGV[1] == 'ok' then redis.call('DEL', KEYS[1]) return 0 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local till = tonumber(redis.call('HGET', KEYS[1], 'till') or '0')
local pause = tonumber(redis.call('HGET', KEYS[1], 'pause') or '0')
local faults = redis.call('HINCRBY', KEYS[1], 'faults', 1)
if till > 0 and now >= till then
  pause = math.min(pause * 2, tonumber(ARGV[4]))
elseif till == 0 and faults >= tonumber(ARGV[2]) then
  pause = tonumber(ARGV[3])
else
  redis.call('PEXPIRE', KEYS[1], 3600000)
  return 0
end
redis.call('HSET', KEYS[1], 'till', now + pause, 'pause', pause, 'probe', 0)
redis.call('PEXPIRE', KEYS[1], 3600000)
return pause
"""


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether an attempt may be made: `state` is closed, probe (this one attempt) or open (for `wait_s` more)."""

    state: str
    wait_s: float = 0.0
    faults: int = 0  # of late, while it is closed


CLOSED = Gate("closed")


class Circuits:
    """The breakers as a worker's event loop sees them. Methods raise redis.RedisError."""

    def __init__(self, client: Any, prefix: str) -> None:
        self.prefix = prefix
        self._ask = client.register_script(ASK)
        self._tell = client.register_script(TELL)

    async def ask(self, provider: str, *, probe_s: float) -> Gate:
        """May an attempt be made? A probe that is never told of frees its place after `probe_s`."""
        state, wait_ms, faults = await self._ask(keys=[self._key(provider)], args=[int(probe_s * 1000)])
        return Gate(state.decode(), wait_ms / 1000, faults)

    async def tell(self, provider: str, *, ok: bool) -> None:
        """What an attempt found: the provider works, or is in trouble."""
        rule = settings.NOTIFICATIONS_CIRCUIT
        args = [
            "ok" if ok else "fault",
            rule["faults"],
            int(rule["pause_s"] * 1000),
            int(rule["longest_s"] * 1000),
        ]
        await self._tell(keys=[self._key(provider)], args=args)

    def _key(self, provider: str) -> str:
        return f"{self.prefix}:circuit:{provider}"
