"""Hearing: one connection to Redis per web process, whatever the number of lines, and reading what was missed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import structlog
from django.conf import settings
from redis import RedisError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from apps.core.live.sending import KEPT_S, channel_of, stream_of

log = structlog.get_logger(__name__)

CONNECTIONS = 16  # of a process, for reading; when all browsers come at once they take turns
WAIT_S = 20.0
SILENCE_S = 15.0  # then Redis is asked whether it is there, and has as long again to answer

# Where a group stands: {1, after, what came since}, where `after` is still kept, so that nothing between is missing;
# else {0, its last id, whether that one is an event}. A stream of nothing gets a first entry to come back to.
READ = """
if ARGV[1] ~= '' and #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 1 then
  return {1, ARGV[1], redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+')}
end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if last then return {0, last[1], last[2][1] == 'event' and 1 or 0} end
local id = redis.call('XADD', KEYS[1], '*', 'begin', '')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {0, id, 0}
"""

Id = tuple[int, int]  # of a stream's entry: milliseconds of Redis' clock, and a number within them


def id_of(text: str) -> Id:
    """Raises ValueError where it is no id."""
    milliseconds, _, number = text.partition("-")
    return int(milliseconds), int(number)


def name_of(group: str) -> str:
    """What a browser calls the group: ids of rows stay with us."""
    key = settings.SECRET_KEY.encode()[:32]
    return hashlib.blake2s(group.encode(), key=key, digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class News:
    """An event as it came, and written out for those that hear several groups."""

    group: str
    id: Id
    event: str
    told: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a group stands for somebody who comes back: what was missed, or that nobody can say (`is_known`)."""

    at: Id
    is_known: bool
    is_event: bool = False
    missed: list[News] = field(default_factory=list)


class Listener(Protocol):
    def hear(self, news: News | Mapping[str, Any] | None) -> None:
        """An event, an order to the line itself, or None: Redis is lost, and with it whatever follows."""


class Hub:
    """All lines of an event loop: which listener is in which group."""

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=WAIT_S,
            retry=Retry(NoBackoff(), 0),  # a connection that was replaced unseen would have missed something
            socket_timeout=None,
            socket_connect_timeout=2,
            socket_keepalive=True,
            decode_responses=True,
        )
        self._redis = Redis.from_pool(pool)
        self._database = pool.connection_kwargs.get("db") or 0
        self._listeners: dict[str, set[Listener]] = {}
        self._confirmed: dict[str, asyncio.Future[None]] = {}
        self._subscriptions: Any = None
        self._reader: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self.run = ""  # of the Redis server: one that was started anew may have lost events

    async def join(self, groups: Iterable[str], listener: Listener) -> None:
        """Returns once nothing more is missed. Raises RedisError, OSError."""
        async with self._turn:
            if self._reader is None or self._reader.done():
                await self._open()
            new = [group for group in groups if group not in self._listeners]
            for group in groups:
                self._listeners.setdefault(group, set()).add(listener)
            if not new:
                return
            loop = asyncio.get_running_loop()
            waiting = {channel_of(group, self._database): loop.create_future() for group in new}
            self._confirmed.update(waiting)
            await self._subscriptions.subscribe(*waiting)
            if self._reader is None:
                self._reader = asyncio.create_task(self._read_on(self._subscriptions))
            async with asyncio.timeout(WAIT_S):
                await asyncio.gather(*waiting.values())

    async def leave(self, groups: Iterable[str], listener: Listener) -> None:
        """The last one to leave closes the connection."""
        async with self._turn:
            empty = []
            for group in groups:
                listeners = self._listeners.get(group, set())
                listeners.discard(listener)
                if not listeners and self._listeners.pop(group, None) is not None:
                    empty.append(group)
            if not self._listeners:
                await self._close()
            elif empty and self._subscriptions is not None:
                with contextlib.suppress(RedisError, OSError):
                    await self._subscriptions.unsubscribe(
                        *(channel_of(group, self._database) for group in empty)
                    )

    async def read(self, after: Mapping[str, Id | None]) -> dict[str, Standing]:
        """Where each group stands, for somebody who has heard it up to that id. Raises RedisError, OSError."""
        pipe = self._redis.pipeline(transaction=False)
        for group, at in after.items():
            pipe.eval(READ, 1, stream_of(group), f"{at[0]}-{at[1]}" if at else "", KEPT_S)
        answers = await pipe.execute()
        found = {}
        for group, (is_known, at, rest) in zip(after, answers, strict=True):
            if is_known:
                missed = [self._news(group, id, fields[1]) for id, fields in rest if fields[0] == "event"]
                found[group] = Standing(id_of(at), True, missed=missed)
            else:
                found[group] = Standing(id_of(at), False, is_event=bool(rest))
        return found

    def _news(self, group: str, id: str, event: str) -> News:
        told = f'{{"stream": "{name_of(group)}", "id": "{self.run}.{id}", "event": {event}}}'
        return News(group, id_of(id), event, told)

    async def _open(self) -> None:
        info = await self._redis.info("server")
        self.run = str(info["run_id"])[:8]
        self._subscriptions = self._redis.pubsub()
        self._listeners.clear()
        self._reader = None

    async def _close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
            await asyncio.wait([reader])
        await self._redis.aclose()

    async def _read_on(self, subscriptions: Any) -> None:
        prefix = len(channel_of("", self._database))
        asked = False
        try:
            while True:
                message = await subscriptions.get_message(timeout=SILENCE_S)
                if message is None and asked:
                    raise ConnectionError("Redis does not answer")
                asked = message is None
                if message is None:
                    await subscriptions.ping()
                elif message["type"] == "message":
                    self._pass_on(message["channel"][prefix:], message["data"])
                elif message["type"] == "subscribe":
                    waiting = self._confirmed.pop(message["channel"], None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(None)
        except (RedisError, OSError) as error:
            log.warning("live_redis_lost", error=str(error))
            self._lose(error)
        finally:
            with contextlib.suppress(Exception):  # of closing what is broken
                await subscriptions.aclose()

    def _pass_on(self, group: str, data: str) -> None:
        first, _, rest = data.partition(" ")
        news = json.loads(rest) if first == "!" else self._news(group, first, rest)
        for listener in self._listeners.get(group, ()):
            listener.hear(news)

    def _lose(self, error: Exception) -> None:
        """All lines end and come again: each then says how far it heard."""
        for waiting in self._confirmed.values():
            if not waiting.done():
                waiting.set_exception(error)
        self._confirmed.clear()
        for listener in set().union(*self._listeners.values()):
            listener.hear(None)
        self._listeners.clear()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The one of this event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]
