"""The yardstick of live feeds: a Channels consumer that joins one group and forwards its events, for anybody."""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels_redis.core import RedisChannelLayer
from django.conf import settings
from redis.asyncio import BlockingConnectionPool

GROUP = "bench"
CONNECTIONS = 64  # of a process to Redis
WAIT_S = 20.0


class ChannelLayer(RedisChannelLayer):
    """With a pool that waits: the one that Channels makes by itself refuses whoever comes after the hundredth."""

    def create_pool(self, index: int) -> Any:
        host = dict(self.hosts[index])
        address = host.pop("address")
        return BlockingConnectionPool.from_url(address, max_connections=CONNECTIONS, timeout=WAIT_S, **host)


def configure() -> None:
    """Turn on the channel layer, which is the yardstick's alone."""
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "benchmarks.bare_broadcast.ChannelLayer",
            # redis-py's default socket time-out of 5 s would drop idle WebSockets
            "CONFIG": {"hosts": [{"address": settings.REDIS_URL, "socket_timeout": None}]},
        }
    }


configure()


class Listener(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()
        await self.send_json({"kind": "ready"})

    async def bare_event(self, message: dict[str, Any]) -> None:
        await self.send_json(message["event"])


_listen = Listener.as_asgi()


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await _listen(scope, receive, send)
        return
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
