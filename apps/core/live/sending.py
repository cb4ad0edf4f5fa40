"""Telling: an event is added to its group's stream and published in one step, so all hear it in the stream's order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import redis
import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)

COME_AGAIN = 1012  # RFC 6455's registry: service restart, the client connects anew
UNAUTHENTICATED = 4401
KEPT_EVENTS = 1_000  # of a group, for lines that come back
KEPT_S = 3_600  # after a group's last event
MOST_LOST = 1_000  # groups this process remembers to have told nothing of something

TELL = """
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'event', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], id .. ' ' .. ARGV[2])
"""
RESYNC = {"kind": "resync"}

_lost: set[str] = set()


def login_group(login_id: int) -> str:
    """The group of all connections that a log-in holds open."""
    return f"login-{login_id}"


def person_group(person_id: int) -> str:
    """The group every connection of a person is in."""
    return f"person.{person_id}"


def stream_of(group: str) -> str:
    """The key that keeps the group's events."""
    return f"live:{group}"


def channel_of(group: str, database: int) -> str:
    """Where they are published: Redis' channels are common to all of its databases."""
    return f"live:{database}:{group}"


def push(group: str, event: dict[str, Any]) -> None:
    """Send `event` to everyone in `group`."""
    push_all([(group, event)])


def push_all(events: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """`push` for many groups, in one round.

    A lost Redis is logged, and pages read the database when they load; those that are open are told to read it again
    with the next event that gets through.
    """
    if not events:
        return
    again = [(group, RESYNC) for group in _lost]
    try:
        push_or_fail([*again, *events])
    except redis.RedisError as error:
        log.warning("live_event_lost", group=events[0][0], count=len(events), error=str(error))
        _lost.update([group for group, _ in events][: MOST_LOST - len(_lost)])
    else:
        _lost.clear()


def push_or_fail(events: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """As `push_all`. Raises RedisError."""
    client = _client(settings.REDIS_URL)
    database = client.connection_pool.connection_kwargs.get("db") or 0
    pipe = client.pipeline(transaction=False)
    for group, event in events:
        pipe.eval(
            TELL, 1, stream_of(group), KEPT_EVENTS, json.dumps(event), KEPT_S, channel_of(group, database)
        )
    pipe.execute()


def push_on_commit(group: str, event: dict[str, Any]) -> None:
    """`push` once the surrounding transaction commits."""
    transaction.on_commit(partial(push, group, event))


def push_all_on_commit(events: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """`push_all` once the surrounding transaction commits."""
    transaction.on_commit(partial(push_all, events))


def close_sockets(group: str) -> None:
    """Close every connection in the group: they may no longer see what they were opened for."""
    _close(group, UNAUTHENTICATED)


def reconnect_on_commit(person_id: int) -> None:
    """Once the transaction commits, every connection of the person ends, to come again with the session of then."""
    transaction.on_commit(partial(_close, person_group(person_id), COME_AGAIN))


def _close(group: str, code: int) -> None:
    """Over Channels' layer. Not kept: a line that is lost asks for its rights when it comes back."""
    try:
        async_to_sync(get_channel_layer().group_send)(group, {"type": "live.close", "code": code})
    except (OSError, TimeoutError, redis.RedisError) as error:  # without Redis no line stays open
        log.warning("live_order_lost", group=group, error=str(error))


def recheck_on_commit(person_id: int) -> None:
    """Once the transaction commits, every connection of the person asks anew what it may show. It goes the way of the
    events, so that none told after it is heard before it."""
    transaction.on_commit(partial(_recheck, person_group(person_id)))


def _recheck(group: str) -> None:
    client = _client(settings.REDIS_URL)
    database = client.connection_pool.connection_kwargs.get("db") or 0
    try:
        client.publish(channel_of(group, database), "! " + json.dumps({"order": "recheck"}))
    except redis.RedisError as error:
        log.warning("live_order_lost", group=group, error=str(error))


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    """Never tries twice by itself: an event whose answer was lost would be told twice."""
    return redis.Redis.from_url(
        url, socket_connect_timeout=2, socket_timeout=5, retry=Retry(NoBackoff(), 0), retry_on_error=[]
    )
