"""The yardstick of live feeds: a Channels consumer that joins one group and forwards its events, for anybody."""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

GROUP = "bench"


def configure() -> None:
    """Turn on the channel layer, which is the yardstick's alone."""
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
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
