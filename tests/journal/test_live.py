"""The journal over its own wire: news by WebSocket to those who may see it, exports sent while they are made."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.core.management import call_command
from django.db import connections, transaction
from django.test import Client

from apps.accounts.models import Membership, User, Workspace
from apps.accounts.services import remove_member
from apps.formulas.services import create_formula
from apps.journal.models import Entry
from apps.journal.services import begin_consumers, record, run_consumers
from apps.journal.tasks import verify_workspace
from config.asgi import django_application, websocket_application
from tests.factories import UserFactory, workspace_of

TIMEOUT_S = 30
AT_ONCE = 2**62  # other databases' open transactions would hold the horizon back

pytestmark = pytest.mark.django_db(transaction=True)


def cookie_of(user: User) -> tuple[bytes, bytes]:
    client = Client()
    client.force_login(user)
    return b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()


def line_of(user: User | None) -> ApplicationCommunicator:
    scope = {
        "type": "websocket",
        "path": "/ws/journal/",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), *([cookie_of(user)] if user else [])],
        "subprotocols": [],
    }
    return ApplicationCommunicator(websocket_application, scope)


async def opened(line: ApplicationCommunicator) -> Any:
    await line.send_input({"type": "websocket.connect"})
    await line.receive_output(timeout=TIMEOUT_S)
    return await line.receive_output(timeout=TIMEOUT_S)


async def said(line: ApplicationCommunicator) -> Any:
    return json.loads((await line.receive_output(timeout=TIMEOUT_S))["text"])


async def close(*lines: ApplicationCommunicator) -> None:
    for line in lines:
        await line.send_input({"type": "websocket.disconnect", "code": 1000})
        await line.wait(timeout=TIMEOUT_S)
    await database_sync_to_async(connections.close_all)()


@database_sync_to_async
def somebody() -> tuple[User, Workspace, Membership, ApplicationCommunicator, ApplicationCommunicator]:
    owner, stranger, viewer = UserFactory(), UserFactory(), UserFactory()
    workspace = workspace_of(owner)
    workspace_of(stranger)
    member = Membership.objects.create(workspace=workspace, user=viewer, role="viewer")
    begin_consumers()
    run_consumers(up_to=AT_ONCE, names=["journal.live"])  # nobody watches yet
    return owner, workspace, member, line_of(viewer), line_of(stranger)


@database_sync_to_async
def happen(workspace: Workspace, user: User) -> str:
    create_formula(workspace, name="Cross", text="", actor=user)
    run_consumers(up_to=AT_ONCE, names=["journal.live"])
    return str(Entry.objects.get(action="formulas.formula.created").uuid)


async def test_whoever_sees_the_workspace_is_told_at_once_and_nobody_else():
    owner, workspace, member, line, foreign = await somebody()
    assert json.loads((await opened(line))["text"]) == {"kind": "ready"}
    assert json.loads((await opened(foreign))["text"]) == {"kind": "ready"}
    uuid = await happen(workspace, owner)
    assert await said(line) == {"kind": "entry", "uuid": uuid}, "its number only: pages ask with their rights"
    await database_sync_to_async(verify_workspace)(workspace.pk)
    assert await said(line) == {"kind": "verified"}
    assert await foreign.receive_nothing(timeout=0.3)
    await database_sync_to_async(remove_member)(member, actor=owner)
    closed = await line.receive_output(timeout=TIMEOUT_S)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4403)
    await close(line, foreign)


async def test_without_a_sign_in_the_line_is_cut():
    line = line_of(None)
    closed = await opened(line)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
    await close(line)


@database_sync_to_async
def cookie_of_somebody_with(number: int) -> tuple[bytes, bytes]:
    user = UserFactory()
    workspace = workspace_of(user)
    with transaction.atomic():
        for at in range(number):
            record(actor=user, workspace=workspace, action=f"core.thing.made_{at:04}")
    return cookie_of(user)


@pytest.mark.filterwarnings("error:StreamingHttpResponse must consume")
@pytest.mark.parametrize("form", ["csv", "json"])
async def test_an_export_is_sent_while_it_is_made(form, tmp_path):
    """Through the handler of the server. Django warns where an answer is collected whole before it is sent."""
    cookie = await cookie_of_somebody_with(1_100)
    sent: list[dict[str, Any]] = []
    news = [{"type": "http.request", "body": b""}]

    async def receive() -> dict[str, Any]:
        return news.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": f"/settings/workspace/journal/export.{form}",
        "query_string": b"", "headers": [(b"host", b"localhost"), cookie],
    }  # fmt: skip
    await django_application(scope, receive, send)
    headers = dict(sent[0]["headers"])
    assert sent[0]["status"] == 200
    assert headers[b"Content-Disposition"].startswith(b"attachment; filename=")
    bodies = [message["body"] for message in sent[1:] if message.get("body")]
    assert len(bodies) >= 3, "500 entries a piece"
    path = tmp_path / f"export.{form}"
    path.write_bytes(b"".join(bodies))
    out = io.StringIO()
    await database_sync_to_async(call_command)("journal", "verify-export", str(path), stdout=out)
    number = await database_sync_to_async(Entry.objects.filter(workspace_id__gt=0).count)()
    assert f"Every hash holds: {number:,} entries" in out.getvalue()
    # the handler keeps its threads, and they their connections: the database is dropped when the tests end
    await sync_to_async(connections.close_all, thread_sensitive=False, executor=django_application._threads)()
    await close()
