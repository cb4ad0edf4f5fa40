"""Live updates: JSON events pushed to the browsers that watch a group."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import transaction

log = structlog.get_logger(__name__)

COME_AGAIN = 1012  # RFC 6455's registry: service restart, the client connects anew
UNAUTHENTICATED = 4401
FORBIDDEN = 4403
NOT_FOUND = 4404
LOGIN_KEY = "login"  # in a session: the log-in it belongs to, {"id": …}


def login_group(login_id: int) -> str:
    """The group of all connections that a log-in holds open."""
    return f"login-{login_id}"


def close_sockets(group: str) -> None:
    """Close every connection in the group: they may no longer see what they were opened for."""
    _send(group, {"type": "live.close"})


def message_of(event: dict[str, Any]) -> dict[str, Any]:
    """The message that has every connection of a group pass `event` on. Written out once, not by each of thousands."""
    return {"type": "live.event", "text": json.dumps(event)}


def push(group: str, event: dict[str, Any]) -> None:
    """Send `event` to everyone in `group`."""
    _send(group, message_of(event))


def _send(group: str, message: dict[str, Any]) -> None:
    _send_all([(group, message)])


def _send_all(messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """A lost Redis is logged: pages read the database when they load."""
    try:
        async_to_sync(_send_each)(messages)
    except (OSError, TimeoutError, ConnectionError) as error:
        log.warning("live_event_lost", group=messages[0][0], count=len(messages), error=str(error))
    except Exception as error:  # redis-py's errors share no base with OSError
        if type(error).__module__.startswith("redis"):
            log.warning("live_event_lost", group=messages[0][0], count=len(messages), error=str(error))
        else:
            raise


async def _send_each(messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
    layer = get_channel_layer()
    for group, message in messages:
        await layer.group_send(group, message)


def push_on_commit(group: str, event: dict[str, Any]) -> None:
    """`push` once the surrounding transaction commits."""
    transaction.on_commit(partial(push, group, event))


def push_all(events: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """`push` for many groups, over one connection: each new one takes longer than a hundred events."""
    if events:
        _send_all([(group, message_of(event)) for group, event in events])


def push_all_on_commit(events: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """`push_all` once the surrounding transaction commits."""
    transaction.on_commit(partial(push_all, events))


def person_group(person_id: int) -> str:
    """The group every connection of a person is in."""
    return f"person.{person_id}"


def recheck_on_commit(person_id: int) -> None:
    """Once the transaction commits, every connection of the person asks anew what it may show."""
    message = {"type": "live.recheck"}
    transaction.on_commit(partial(_send, person_group(person_id), message))


def reconnect_on_commit(person_id: int) -> None:
    """Once the transaction commits, every connection of the person ends, to come again with the session of then."""
    message = {"type": "live.close", "code": COME_AGAIN}
    transaction.on_commit(partial(_send, person_group(person_id), message))


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """Base of every consumer: refuses strangers, joins the groups its subclass names, forwards their events."""

    joined: list[str]
    always: list[str]  # of those joined the ones that say who is there, not what is shown

    async def groups_for(self) -> list[str] | None:
        """The groups this connection may read; None when the object asked for is not its own, [] when no
        workspace is open to the person (a second factor is missing)."""
        raise NotImplementedError

    async def connect(self) -> None:
        self.joined = []
        await self.accept()
        if not self.scope["user"].is_authenticated:
            await self.close(code=UNAUTHENTICATED)
            return
        groups = await self.groups_for()
        if not groups:
            await self.close(code=NOT_FOUND if groups is None else FORBIDDEN)
            return
        login = self.scope.get("session", {}).get(LOGIN_KEY)  # read already, to find the user
        self.always = [person_group(self.scope["user"].pk), *([login_group(login["id"])] if login else [])]
        for group in [*groups, *self.always]:
            await self.channel_layer.group_add(group, self.channel_name)
            self.joined.append(group)
        await self.send_json({"kind": "ready"})

    async def disconnect(self, code: int) -> None:
        for group in getattr(self, "joined", []):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Viewers only listen; a ping keeps proxies from closing the line."""
        if isinstance(content, dict) and content.get("kind") == "ping":
            await self.send_json({"kind": "pong"})

    async def live_event(self, message: dict[str, Any]) -> None:
        await self.send(text_data=message["text"])

    async def live_close(self, message: dict[str, Any]) -> None:
        await self.close(code=message.get("code", UNAUTHENTICATED))

    async def live_recheck(self, message: dict[str, Any]) -> None:
        """The person's rights changed: leave what may no longer be seen, close when nothing is left."""
        allowed = await self.groups_for()
        kept = {*(allowed or []), *self.always}
        for group in [group for group in self.joined if group not in kept]:
            await self.channel_layer.group_discard(group, self.channel_name)
            self.joined.remove(group)
        if not allowed:
            await self.close(code=NOT_FOUND if allowed is None else FORBIDDEN)
