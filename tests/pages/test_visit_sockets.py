"""A visitor's WebSockets: those of the demo's workspace open, the guest's own and everybody else's do not."""

from __future__ import annotations

import secrets

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from apps.pages.visits import ensure_guest
from config.asgi import websocket_application

pytestmark = pytest.mark.usefixtures("connection_stays")


async def _first(path: str, cookie: str) -> dict[str, object]:
    """What a connection is told first after it is accepted: a message, or the code it is closed with."""
    headers = [(b"origin", b"http://testserver"), (b"cookie", f"sessionid={cookie}".encode())]
    scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b"", "subprotocols": []}
    line = ApplicationCommunicator(websocket_application, scope)
    await line.send_input({"type": "websocket.connect"})
    assert (await line.receive_output(30))["type"] == "websocket.accept"
    found = await line.receive_output(30)
    await line.send_input({"type": "websocket.disconnect", "code": 1000})
    await line.wait(30)
    return dict(found)


@pytest.mark.parametrize("is_on", [True, False])
def test_a_visitor_follows_the_demo(workspace, settings, is_on):
    ensure_guest(workspace)
    client = Client(REMOTE_ADDR=f"10.7.{secrets.randbelow(250)}.{secrets.randbelow(250)}")
    client.post("/demo/")
    settings.DEMO_VISITS = is_on
    told = async_to_sync(_first)("/ws/bots/", client.cookies["sessionid"].value)
    if is_on:
        assert '"ready"' in str(told["text"])
    else:
        assert told["code"] == 4401
