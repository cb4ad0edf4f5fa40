"""The live feed: from a stored alert to an open WebSocket, over real Redis."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.db import connections

from apps.accounts.models import User
from apps.signals.consumers import SignalConsumer
from apps.signals.models import AlertSource
from apps.signals.services import create_source, process_alerts
from tests.factories import UserFactory, workspace_of
from tests.signals.test_processing import store

TIMEOUT_S = 30


def _person_with_source() -> tuple[User, AlertSource]:
    user = UserFactory()
    return user, create_source(workspace_of(user), name="S", actor=user)[0]


class Socket:
    """A browser's WebSocket to the feed, on bare ASGI messages."""

    def __init__(self, user: User | AnonymousUser) -> None:
        scope = {"type": "websocket", "path": "/ws/signals/", "headers": [], "user": user, "session": {}}
        self._line = ApplicationCommunicator(SignalConsumer.as_asgi(), scope)

    async def open(self) -> None:
        await self._line.send_input({"type": "websocket.connect"})
        assert (await self.receive())["type"] == "websocket.accept"

    async def receive(self) -> dict[str, Any]:
        return await self._line.receive_output(timeout=TIMEOUT_S)

    async def event(self) -> dict[str, Any]:
        return json.loads((await self.receive())["text"])

    async def hears_nothing(self) -> bool:
        return await self._line.receive_nothing(timeout=0.3)

    async def close(self) -> None:
        await self._line.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._line.wait(timeout=TIMEOUT_S)


@pytest.mark.django_db(transaction=True)
async def test_a_signal_reaches_its_own_workspace_only():
    user, source = await database_sync_to_async(_person_with_source)()
    other, _ = await database_sync_to_async(_person_with_source)()
    mine, theirs = Socket(user), Socket(other)
    for socket in (mine, theirs):
        await socket.open()
        assert await socket.event() == {"kind": "ready"}
    await database_sync_to_async(store)(source, symbol="AAPL", price="1.5")
    await database_sync_to_async(process_alerts)()
    event = await mine.event()
    assert event["kind"] == "signal"
    (signal,) = event["signals"]
    assert (signal["symbol"], signal["action"], signal["price"]) == ("AAPL", "buy", "1.5")
    assert signal["source"] == str(source.uuid)
    assert await theirs.hears_nothing()
    await mine.close()
    await theirs.close()
    await database_sync_to_async(connections.close_all)()


@pytest.mark.django_db(transaction=True)
async def test_strangers_are_turned_away():
    socket = Socket(AnonymousUser())
    await socket.open()
    message = await socket.receive()
    assert (message["type"], message["code"]) == ("websocket.close", 4401)
