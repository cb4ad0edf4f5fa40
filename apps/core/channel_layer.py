"""The channel layer on Redis, with a pool that waits."""

from __future__ import annotations

from typing import Any

from channels_redis.core import RedisChannelLayer
from redis.asyncio import BlockingConnectionPool

CONNECTIONS = 64  # of a process to each Redis
WAIT_S = 20.0


class ChannelLayer(RedisChannelLayer):
    """When a web process starts again, all of its browsers come at once: they take turns at its connections.

    The pool that Channels makes by itself refuses whoever comes after the hundredth.
    """

    def create_pool(self, index: int) -> Any:
        host = dict(self.hosts[index])
        address = host.pop("address")
        return BlockingConnectionPool.from_url(address, max_connections=CONNECTIONS, timeout=WAIT_S, **host)
