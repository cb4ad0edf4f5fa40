"""The inbox over a WebSocket: from a notice to the open browsers of its person, and nobody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.test import Client

from apps.accounts.models import User
from apps.core.live import UNAUTHENTICATED
from apps.notifications.consumers import InboxConsumer
from apps.notifications.models import Notice
from apps.notifications.rules.tokens import make_token, read_token
from apps.notifications.services import NewNotice, mark_all_read, mark_read, queue_notices, send_due
from tests.factories import UserFactory

TIMEOUT_S = 30


class Browser:
    """A WebSocket to the inbox, on bare ASGI messages."""

    def __init__(self, user: User | AnonymousUser) -> None:
        scope = {"type": "websocket", "path": "/ws/inbox/", "headers": [], "user": user}
        self._line = ApplicationCommunicator(InboxConsumer.as_asgi(), scope)

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


@database_sync_to_async
def people() -> tuple[User, User]:
    return UserFactory(), UserFactory()


@database_sync_to_async
def ring(person: User, title: str) -> Notice:
    queue_notices([NewNotice(person.pk, "tests.bell.rung", title, {"title": title}, channels=())])
    send_due(linger_s=0)
    return Notice.objects.get(key=title)


@pytest.mark.django_db(transaction=True)
async def test_a_notice_reaches_the_open_browsers_of_its_person():
    person, stranger = await people()
    mine, also_mine, theirs = Browser(person), Browser(person), Browser(stranger)
    for socket in (mine, also_mine, theirs):
        await socket.open()
        assert await socket.event() == {"kind": "ready"}
        assert await socket.event() == {"kind": "inbox", "unread": 0}
    first = await ring(person, "first")
    for socket in (mine, also_mine):
        event = await socket.event()
        assert (event["kind"], event["title"], event["unread"]) == ("notice", "first", 1)
    await ring(person, "second")
    assert (await mine.event())["unread"] == 2
    await database_sync_to_async(mark_read)(first)
    assert await mine.event() == {"kind": "read", "uuid": str(first.uuid), "unread": 1}
    assert await database_sync_to_async(mark_all_read)(person) == 1
    assert (await mine.event())["unread"] == 0
    assert await theirs.hears_nothing()
    for socket in (mine, also_mine, theirs):
        await socket.close()
    await database_sync_to_async(connections.close_all)()


@pytest.mark.django_db(transaction=True)
async def test_who_is_not_signed_in_is_turned_away():
    socket = Browser(AnonymousUser())
    await socket.open()
    message = await socket.receive()
    assert (message["type"], message["code"]) == ("websocket.close", UNAUTHENTICATED)


def test_a_link_acknowledges_and_looking_does_not(user):
    queue_notices([NewNotice(user.pk, "tests.bell.rung", "k", {"title": "Bell"}, channels=())])
    notice = Notice.objects.get()
    token = make_token("ack", notice.pk, "sms")
    client = Client(enforce_csrf_checks=True)
    path = f"/notifications/seen/{token}/"
    assert client.get(path).status_code == 200
    assert Notice.objects.get().acknowledged_at is None
    assert client.post(path).status_code == 200
    assert Notice.objects.get().acknowledged_by == "sms"
    assert (
        client.post(f"/notifications/seen/{make_token('unsubscribe', notice.pk, 'sms')}/").status_code == 410
    )
    assert read_token("ack", token.replace(str(notice.pk), str(notice.pk + 1), 1)) is None
