"""Access tokens on WebSockets: two ways to say one, and when the line is cut."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.db import connections
from django.test import Client, RequestFactory

from apps.accounts.access_tokens import AccessToken
from apps.accounts.choices import EndReason
from apps.accounts.models import Membership, Workspace
from apps.accounts.services import TokenPair, change_role, create_team, end_login, open_family, remove_member
from apps.core.live import push
from apps.signals.services.processing import live_group
from config.asgi import websocket_application
from tests.factories import UserFactory, with_second_factor, workspace_of

TIMEOUT_S = 30


@database_sync_to_async
def _pair() -> TokenPair:
    user = UserFactory()
    workspace_of(user)
    return open_family(RequestFactory().get("/"), user, name="notebook", with_second_factor=False)


def _line(*, headers: Any = (), subprotocols: Any = (), query: bytes = b"") -> ApplicationCommunicator:
    scope = {
        "type": "websocket",
        "path": "/ws/signals/",
        "query_string": query,
        "headers": [(b"host", b"testserver"), *headers],
        "subprotocols": list(subprotocols),
    }
    return ApplicationCommunicator(websocket_application, scope)


async def _open(line: ApplicationCommunicator) -> list[Any]:
    """The first two messages: accepted, and then ready or closed."""
    await line.send_input({"type": "websocket.connect"})
    return [await line.receive_output(timeout=TIMEOUT_S) for _ in range(2)]


async def _close(line: ApplicationCommunicator) -> None:
    await line.send_input({"type": "websocket.disconnect", "code": 1000})
    await line.wait(timeout=TIMEOUT_S)
    await database_sync_to_async(connections.close_all)()


@pytest.mark.django_db(transaction=True)
async def test_header_and_subprotocol_open_the_line():
    pair = await _pair()
    by_header = _line(headers=[(b"authorization", f"Bearer {pair.access}".encode())])
    accepted, ready = await _open(by_header)
    assert accepted.get("subprotocol") is None
    assert json.loads(ready["text"]) == {"kind": "ready"}
    by_subprotocol = _line(subprotocols=["candlewright.v1", f"bearer.{pair.access}"])
    accepted, ready = await _open(by_subprotocol)
    assert accepted["subprotocol"] == "candlewright.v1"
    assert json.loads(ready["text"]) == {"kind": "ready"}
    await _close(by_header)
    await _close(by_subprotocol)


@pytest.mark.django_db(transaction=True)
async def test_no_wrong_and_misplaced_tokens_are_refused():
    pair = await _pair()
    for line in (
        _line(),
        _line(headers=[(b"authorization", b"Bearer nonsense")]),
        _line(headers=[(b"authorization", f"Bearer {pair.refresh}".encode())]),
        _line(query=f"token={pair.access}".encode()),
    ):
        _, closed = await _open(line)
        assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
        await _close(line)


@pytest.mark.django_db(transaction=True)
async def test_the_line_is_cut_when_the_token_runs_out(monkeypatch):
    """Its seconds pass by putting the loop's clock forward: nothing here hangs on how fast the line opens."""
    loop = asyncio.get_running_loop()
    clock, ahead_s = loop.time, 0.0
    monkeypatch.setattr(loop, "time", lambda: clock() + ahead_s)
    pair = await _pair()
    token = AccessToken(pair.access.encode())
    token["exp"] = int(time.time()) + 12
    line = _line(headers=[(b"authorization", f"Bearer {token}".encode())])
    _, ready = await _open(line)
    assert json.loads(ready["text"]) == {"kind": "ready"}
    ahead_s += max(token["exp"] - time.time() - 5, 0)
    assert await line.receive_nothing(timeout=0.3), "before its end"
    ahead_s += 5
    closed = await line.receive_output(timeout=TIMEOUT_S)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
    await _close(line)


@pytest.mark.django_db(transaction=True)
async def test_the_line_is_cut_when_the_log_in_ends():
    pair = await _pair()
    line = _line(headers=[(b"authorization", f"Bearer {pair.access}".encode())])
    await _open(line)
    await asyncio.sleep(0)
    await database_sync_to_async(end_login)(pair.login, reason=EndReason.REVOKED, actor=None)
    closed = await line.receive_output(timeout=TIMEOUT_S)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
    await _close(line)


@database_sync_to_async
def _member() -> tuple[Membership, TokenPair]:
    team = create_team(name="Two", actor=UserFactory())
    member = Membership.objects.create(workspace=team, user=UserFactory(), role="viewer")
    request = RequestFactory().get("/")
    return member, open_family(request, member.user, name="notebook", with_second_factor=False)


@pytest.mark.django_db(transaction=True)
async def test_the_line_is_cut_when_the_membership_ends():
    member, pair = await _member()
    line = _line(headers=[(b"authorization", f"Bearer {pair.access}".encode())])
    _, ready = await _open(line)
    assert json.loads(ready["text"]) == {"kind": "ready"}
    await database_sync_to_async(remove_member)(member, actor=member.workspace.owner)
    closed = await line.receive_output(timeout=TIMEOUT_S)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4403), "no workspace is left"
    await _close(line)


@pytest.mark.django_db(transaction=True)
async def test_a_changed_role_leaves_the_line_open_and_the_log_ins_end_still_cuts_it():
    member, pair = await _member()
    line = _line(headers=[(b"authorization", f"Bearer {pair.access}".encode())])
    await _open(line)
    await database_sync_to_async(change_role)(member, role="trader", actor=member.workspace.owner)
    assert await line.receive_nothing(timeout=0.3)
    await database_sync_to_async(end_login)(pair.login, reason=EndReason.REVOKED, actor=None)
    closed = await line.receive_output(timeout=TIMEOUT_S)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
    await _close(line)


@pytest.mark.django_db(transaction=True)
async def test_a_token_that_showed_the_second_factor_opens_the_line_and_one_that_did_not_is_closed():
    def pairs() -> list[TokenPair]:
        user = UserFactory()
        workspace_of(user)
        with_second_factor(Client(), user)
        request = RequestFactory().get("/")
        return [open_family(request, user, name="n", with_second_factor=shown) for shown in (True, False)]

    shown, not_shown = await database_sync_to_async(pairs)()
    line = _line(headers=[(b"authorization", f"Bearer {shown.access}".encode())])
    _, ready = await _open(line)
    assert json.loads(ready["text"]) == {"kind": "ready"}
    await database_sync_to_async(_tell_own)(shown)
    assert not await line.receive_nothing(timeout=0.3)
    await _close(line)
    line = _line(headers=[(b"authorization", f"Bearer {not_shown.access}".encode())])
    _, closed = await _open(line)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4403)
    await _close(line)


def _tell_own(pair: TokenPair) -> None:
    workspace = Workspace.objects.get(owner=pair.login.user)
    push(live_group(workspace.pk), {"kind": "signal", "signals": []})
