"""A visitor's WebSockets: those of the demo's workspace open, the guest's own and everybody else's do not."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.db import connections
from django.test import Client

from apps.pages.visits import ensure_guest
from config.asgi import websocket_application


@pytest.fixture(autouse=True)
def _connection_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels closes a connection that is inside a transaction or old; this one lives in that of the test."""
    connection = connections["default"]
    monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)
    monkeypatch.setattr(connection, "close_at", None)


async def _first(path: str, cookie: str) -> dict[str, object]:
    """What a connection is told first: a message, or the code it is closed with."""
    headers = [(b"origin", b"http://testserver"), (b"cookie", f"sessionid={cookie}".encode())]
    line = WebsocketCommunicator(websocket_application, path, headers=headers)
    await line.connect(timeout=10)
    found = await line.receive_output(timeout=10)
    await line.disconnect()
    return dict(found)


@pytest.mark.parametrize("is_on", [True, False])
def test_a_visitor_follows_the_demo(workspace, settings, is_on):
    ensure_guest(workspace)
    client = Client()
    client.post("/demo/")
    settings.DEMO_VISITS = is_on
    told = async_to_sync(_first)("/ws/bots/", client.cookies["sessionid"].value)
    if is_on:
        assert '"ready"' in str(told["text"])
    else:
        assert told["code"] == 4401
