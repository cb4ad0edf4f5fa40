"""Every WebSocket lets in whom the table lets in, cuts off the others by code, and tells nobody of what is not theirs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import Client
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.models import Login, Membership, User, Workspace
from apps.accounts.services import remove_member
from apps.backtests.models import Backtest, PortfolioRun, Sweep, WalkForward
from apps.bots.models import Bot
from apps.core.live import close_sockets, login_group, person_group, push
from apps.journal.services import live_group as journal_group
from apps.markets.models.feeds import Feed, feeds_group
from apps.notifications.services import live_group as inbox_group
from apps.signals.services.processing import live_group as signals_group
from apps.trading.services.telling import live_group as trading_group
from config.asgi import websocket_application
from tests.access.table import HOLDERS, WEBSOCKETS
from tests.access.world import ROLES, World

pytestmark = pytest.mark.usefixtures("connection_stays")

TIMEOUT_S = 30
INBOX = "/ws/inbox/"
UNKNOWN, CLOSED, NOBODY = 4404, 4403, 4401
THEIRS, MARKER = {"kind": "theirs"}, {"kind": "marker"}
MODELS = {
    "backtests": Backtest,
    "sweeps": Sweep,
    "walk-forwards": WalkForward,
    "portfolios": PortfolioRun,
    "bots": Bot,
}

Headers = list[tuple[bytes, bytes]]


def by_session(client: Client) -> Headers:
    return [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]


def by_token(token: str) -> Headers:
    return [(b"authorization", f"Bearer {token}".encode())]


def group_of(route: str, world: World) -> str:
    """Where the news of the workspace's object, or of the workspace, is sent."""
    kind = route.split("/")[1]
    if route == "ws/bots/":
        return f"workspace.{world.workspace.pk}.bots"
    if kind == "trading":
        return trading_group(world.workspace.pk)
    if kind in MODELS:
        return str(MODELS[kind].objects.get(uuid=world.owners_ids[f"ws/{kind}/"]).live_group)  # type: ignore[attr-defined]
    if route == "ws/feeds/{uuid}/":
        return Feed.objects.get(uuid=world.owners_ids["ws/feeds/"]).live_groups[0]
    feeds = {"feeds": feeds_group, "signals": signals_group, "journal": journal_group}
    assert kind in feeds, f"{route}: say here where its news is sent"
    return feeds[kind](world.workspace.pk)


class Line:
    """A connection, on bare ASGI messages through the site's own stack."""

    def __init__(self, path: str, headers: Headers) -> None:
        self._path = path
        scope = {"type": "websocket", "path": path, "query_string": b"", "subprotocols": []}
        self._line = ApplicationCommunicator(
            websocket_application, {**scope, "headers": [(b"host", b"testserver"), *headers]}
        )

    async def open(self) -> int | None:
        """The code it is closed with, None when it is ready."""
        await self._line.send_input({"type": "websocket.connect"})
        assert (await self._line.receive_output(timeout=TIMEOUT_S))["type"] == "websocket.accept"
        said = await self.hear()
        if isinstance(said, int):
            return said
        assert said == {"kind": "open" if self._path == "/ws/" else "ready"}
        if self._path == INBOX:
            assert (await self.hear())["kind"] == "inbox"
        return None

    async def hear(self) -> Any:
        """The next event, or the code it is closed with."""
        message = await self._line.receive_output(timeout=TIMEOUT_S)
        return message["code"] if message["type"] == "websocket.close" else json.loads(message["text"])

    async def hears(self, group: str, person: User) -> bool:
        """Whether it is told what is sent to the group; what follows to the person's own group comes after it."""
        for name, event in ((group, THEIRS), (person_group(person.pk), MARKER)):
            await sync_to_async(push)(name, event)
        first = await self.hear()
        if first == THEIRS:
            assert await self.hear() == MARKER
        return bool(first == THEIRS)

    async def settled(self, person: User) -> None:
        """Return when it has worked off what was sent to it so far."""
        await sync_to_async(push)(person_group(person.pk), MARKER)
        assert await self.hear() == MARKER

    async def close(self) -> None:
        await self._line.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._line.wait(timeout=TIMEOUT_S)


def _on(path: str, headers: Headers, act: Callable[[Line], Awaitable[None]]) -> None:
    """Run in this thread's loop, so that the application reads what this test has not committed."""

    async def run() -> None:
        line = Line(path, headers)
        await act(line)
        await line.close()

    async_to_sync(run)()


def _path(route: str, world: World) -> str:
    return "/" + route.replace("{uuid}", str(world.owners_ids.get(route.partition("{")[0])))


def _paths(world: World) -> list[tuple[str, str]]:
    """Those that tell of the workspace; the others tell a person of themselves."""
    return [(route, _path(route, world)) for route in WEBSOCKETS if WEBSOCKETS[route] != "signed in"]


def _are_told(
    world: World,
    who: str,
    headers: Headers,
    person: User,
    *,
    right: Callable[[str], bool],
    feed: int | None = None,
) -> None:
    """Those with the right hear the workspace's news. The others find no object, and a feed without it.

    `feed`: the code a feed is closed with, where no workspace at all is open to the person.
    """
    wrong = []
    for route, path in _paths(world):
        group, may = group_of(route, world), right(WEBSOCKETS[route])

        async def act(line: Line, route: str = route, group: str = group, may: bool = may) -> None:
            code = await line.open()
            wanted = None if may else UNKNOWN if "{" in route else feed
            if code != wanted:
                wrong.append(f"{who}: {route} closed with {code}, not {wanted}")
            elif code is None and await line.hears(group, person) != may:
                wrong.append(f"{who}: {route} {'tells nothing' if may else 'tells of the workspace'}")

        _on(path, headers, act)
    assert not wrong, "\n".join(wrong)


def _are_cut(world: World, who: str, headers: Headers) -> None:
    wrong = []
    for route in WEBSOCKETS:
        path = _path(route, world)

        async def act(line: Line, route: str = route) -> None:
            if (code := await line.open()) != NOBODY:
                wrong.append(f"{who}: {route} closed with {code}, not {NOBODY}")

        _on(path, headers, act)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", ROLES)
def test_members_hear_what_their_role_may(world: World, role: str):
    client, _ = world.as_role(role)
    person = world.owner if role == Role.OWNER else world.member
    held = {right for right in HOLDERS if role in HOLDERS[right].split()}
    _are_told(world, role, by_session(client), person, right=held.__contains__)


def test_a_members_token_hears_the_same(world: World):
    world.as_role(Role.VIEWER)
    headers = by_token(world.tokens[world.member.pk])
    _are_told(world, "viewer's token", headers, world.member, right=lambda _: True)


def test_a_stranger_hears_nothing(world: World):
    for who, headers in (
        ("stranger", by_session(world.client(world.stranger))),
        ("stranger's token", by_token(world.tokens[world.stranger.pk])),
    ):
        _are_told(world, who, headers, world.stranger, right=lambda _: False)


def test_who_has_not_shown_the_second_factor_hears_nothing(world: World):
    User.objects.filter(pk=world.owner.pk).update(second_factors_at=timezone.now())
    for headers in (by_session(world.client(world.owner)), by_token(world.tokens[world.owner.pk])):
        _are_told(world, "without the factor", headers, world.owner, right=lambda _: False, feed=CLOSED)


def test_a_workspace_that_asks_for_a_second_factor_tells_nobody_without_one(world: World):
    yesterday = timezone.now() - timedelta(days=1)
    Workspace.objects.filter(pk=world.workspace.pk).update(own_mfa_from=yesterday)
    headers = by_session(world.client(world.owner))
    _are_told(world, "member without a factor", headers, world.owner, right=lambda _: False)


def test_nobody_and_who_is_suspended_are_cut_off(world: World):
    _are_cut(world, "nobody", [])
    _are_cut(world, "a token that was never given", by_token("nothing"))
    User.objects.filter(pk=world.owner.pk).update(is_active=False)
    _are_cut(world, "suspended", by_session(world.client(world.owner)))
    _are_cut(world, "suspended, by token", by_token(world.tokens[world.owner.pk]))
    _are_cut(world, "suspended, by key", by_token(world.key))


def test_an_inbox_tells_its_person_alone(world: World):
    async def act(line: Line) -> None:
        assert await line.open() is None
        assert await line.hears(inbox_group(world.member.pk), world.member)
        assert not await line.hears(inbox_group(world.owner.pk), world.member)

    _on(INBOX, by_session(world.client(world.member)), act)
    _on(INBOX, by_token(world.tokens[world.member.pk]), act)


def test_an_inbox_stays_closed_without_the_second_factor(world: World):
    User.objects.filter(pk=world.owner.pk).update(second_factors_at=timezone.now())

    async def act(line: Line) -> None:
        assert await line.open() == CLOSED

    _on(INBOX, by_session(world.client(world.owner)), act)
    _on(INBOX, by_token(world.tokens[world.owner.pk]), act)


def test_a_key_opens_no_line(world: World):
    """Whatever its scopes: lines are for people and their log-ins."""
    _are_cut(world, "key with one scope", by_token(world.key))
    _are_cut(world, "key for everything", by_token(world.members_key))


def test_who_leaves_is_told_no_more(world: World, django_capture_on_commit_callbacks: Any):
    """A line that was open when the role was lost: one about an object is closed, a feed goes on without the workspace."""
    headers = by_token(world.tokens[world.member.pk])
    for route, path in _paths(world):
        group = group_of(route, world)
        Membership.objects.get_or_create(
            workspace=world.workspace, user=world.member, defaults={"role": Role.TRADER}
        )

        def leave() -> None:
            membership = Membership.objects.get(workspace=world.workspace, user=world.member)
            with django_capture_on_commit_callbacks(execute=True):
                remove_member(membership, actor=world.owner)

        async def act(line: Line, route: str = route, group: str = group) -> None:
            assert await line.open() is None
            assert await line.hears(group, world.member), route
            await sync_to_async(leave)()
            if "{" in route:
                assert await line.hear() == UNKNOWN, route
            else:
                await line.settled(world.member)
                assert not await line.hears(group, world.member), route

        _on(path, headers, act)


def test_who_is_logged_out_is_cut_off(world: World):
    login = Login.objects.get(user=world.member, kind="token")
    for route in WEBSOCKETS:
        path = _path(route, world)

        async def act(line: Line) -> None:
            assert await line.open() is None
            await sync_to_async(close_sockets)(login_group(login.pk))
            assert await line.hear() == NOBODY

        _on(path, by_token(world.tokens[world.member.pk]), act)
