"""Circuit breakers, one per thing that may be in trouble, shared by all processes through Redis.

So many faults in a row open one; after a pause one attempt goes through as a probe. A success closes it, a failed probe
doubles the pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

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
class Rule:
    """After how many faults it opens, for how long at first, and at the longest."""

    faults: int
    pause_s: float
    longest_s: float

    def args(self, *, ok: bool) -> list[Any]:
        """What the script TELL takes."""
        return ["ok" if ok else "fault", self.faults, int(self.pause_s * 1000), int(self.longest_s * 1000)]


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether an attempt may be made: `state` is closed, probe (this one attempt) or open (for `wait_s` more)."""

    state: str
    wait_s: float = 0.0
    faults: int = 0  # of late, while it is closed


CLOSED = Gate("closed")


class Circuit:
    """One breaker, for code that waits. Without Redis it is closed."""

    def __init__(self, name: str, rule: Rule) -> None:
        self.rule = rule
        self.key = circuit_key(settings.CACHES["default"].get("KEY_PREFIX", "candlewright"), name)

    def ask(self, *, probe_s: float) -> Gate:
        """May an attempt be made? A probe that is never told of frees its place after `probe_s`."""
        try:
            with _client() as client:
                answer: Any = client.eval(ASK, 1, self.key, int(probe_s * 1000))
        except redis.RedisError as error:
            log.warning("circuit_lost", circuit=self.key, error=str(error))
            return CLOSED
        state, wait_ms, faults = answer
        return Gate(state.decode(), wait_ms / 1000, faults)

    def look(self) -> Gate:
        """Where it stands, without taking a probe's place."""
        try:
            with _client() as client:
                kept: Any = client.hgetall(self.key)
                clock: Any = client.time()
        except redis.RedisError:
            return CLOSED
        till = int(kept.get(b"till", 0))
        wait_s = till / 1000 - clock[0] - clock[1] / 1e6
        state = "open" if wait_s > 0 else "probe" if till else "closed"
        return Gate(state, max(wait_s, 0.0), int(kept.get(b"faults", 0)))

    def tell(self, *, ok: bool) -> None:
        """What an attempt found: it works, or is in trouble."""
        try:
            with _client() as client:
                client.eval(TELL, 1, self.key, *self.rule.args(ok=ok))
        except redis.RedisError as error:
            log.warning("circuit_lost", circuit=self.key, error=str(error))

    def hold(self, wait_s: float) -> None:
        """It asked to be left alone for so long: open until then, for everybody."""
        try:
            with _client() as client:
                clock: Any = client.time()
                till = int(clock[0] * 1000 + clock[1] / 1000 + wait_s * 1000)
                client.hset(
                    self.key, mapping={"till": till, "pause": int(self.rule.pause_s * 1000), "probe": 0}
                )
                client.pexpire(self.key, int(wait_s * 1000) + 3_600_000)
        except redis.RedisError as error:
            log.warning("circuit_lost", circuit=self.key, error=str(error))


def circuit_key(prefix: str, name: str) -> str:
    return f"{prefix}:circuit:{name}"


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
