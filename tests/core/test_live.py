"""The line of a page: whoever comes back hears what was missed once and in order, or is told to read anew."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ClassVar
from uuid import uuid4

import pytest
import redis
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.urls import path as route

from apps.accounts.models import Membership, User
from apps.accounts.services import remove_member
from apps.core.live import LiveConsumer, PageConsumer, push, push_all, push_on_commit, recheck_on_commit
from apps.core.live.hearing import News, id_of, name_of
from apps.notifications.services import live_group as inbox_group
from apps.signals.services.processing import live_group as signals_group
from config.routing import websocket_urlpatterns
from deploy.local.ports import pick_port
from deploy.local.valkey import binary
from tests.factories import UserFactory, workspace_of

TIMEOUT_S = 30
INBOX, SIGNALS = "/ws/inbox/", "/ws/signals/"
application = websocket_urlpatterns[0].callback

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("connection_stays")]


def in_this_thread(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in a loop of this thread, so that the lines read what it has not committed."""

    @wraps(test)
    def ran(**given: Any) -> None:
        async_to_sync(test)(**given)

    return ran


class Page:
    """A page's line, on bare ASGI messages: what is on it, and how far each of its streams was heard."""

    def __init__(self, user: User, at: Any = application, **session: Any) -> None:
        self.user, self.application, self.session = user, at, session
        self.at: dict[str, str] = {}
        self.ids: list[Any] = []  # of all events, as they came

    async def connect(self) -> Any:
        """What is said first."""
        scope = {
            "type": "websocket",
            "path": "/ws/",
            "headers": [],
            "user": self.user,
            "session": self.session,
        }
        self._line = ApplicationCommunicator(self.application, scope)
        await self._line.send_input({"type": "websocket.connect"})
        assert (await self._line.receive_output(timeout=TIMEOUT_S))["type"] == "websocket.accept"
        return await self.hear()

    async def open(self, path: str, **said: Any) -> Any:
        """Connect and ask for the path; what is answered."""
        assert await self.connect() == {"kind": "open"}
        return await self.ask(path, **said)

    async def ask(self, path: str, **said: Any) -> Any:
        await self.say(kind="subscribe", path=path, **said)
        answer = await self.hear()
        self.at.update(answer.get("at", {}))
        if path == INBOX and answer["kind"] == "ready":
            greeting = await self.hear()
            assert (greeting["kind"], greeting["event"]["kind"]) == ("greeting", "inbox")
        return answer

    async def say(self, **said: Any) -> None:
        await self._line.send_input({"type": "websocket.receive", "text": json.dumps(said)})

    async def hear(self) -> Any:
        message = await self._line.receive_output(timeout=TIMEOUT_S)
        return message["code"] if message["type"] == "websocket.close" else json.loads(message["text"])

    async def take(self, number: int) -> list[Any]:
        """The next events, by their `n`; how far they were heard is kept, as a browser does."""
        taken = []
        for _ in range(number):
            said = await self.hear()
            self.at[said["stream"]] = said["id"]
            self.ids.append(id_of(said["id"].split(".")[1]))
            taken.append(said["event"]["n"])
        return taken

    async def is_silent(self) -> bool:
        """Nothing came before the answer to a ping that follows what the line still has to work off."""
        await self.say(kind="unsubscribe", path="/nothing/")
        return bool(await self._line.receive_nothing(timeout=0.1))

    async def cut(self) -> None:
        await self._line.send_input({"type": "websocket.disconnect", "code": 1006})
        await self._line.wait(timeout=TIMEOUT_S)


async def tell(group: str, numbers: range) -> None:
    events = [(group, {"kind": "n", "n": number}) for number in numbers]
    await sync_to_async(push_all)(events)


async def let_go(*pages: Page) -> None:
    for page in pages:
        await page.cut()


@in_this_thread
async def test_a_thousand_events_of_a_cut_line_are_heard_once_and_in_order(user):
    group, stays, leaves = inbox_group(user.pk), Page(user, login={"id": 7}), Page(user)
    for page in (stays, leaves):
        assert (await page.open(INBOX))["resync"] is False
    await tell(group, range(3))
    assert await leaves.take(3) == [0, 1, 2]
    await leaves.cut()
    await tell(group, range(3, 903))
    back = await leaves.open(INBOX, after=leaves.at)
    assert (back["resync"], back["at"]) == (False, leaves.at)
    await tell(group, range(903, 1_000))
    assert await leaves.take(997) == list(range(3, 1_000))
    assert await stays.take(1_000) == list(range(1_000))
    assert await leaves.is_silent()
    assert await stays.is_silent()
    await let_go(stays, leaves)


@in_this_thread
async def test_events_told_while_the_line_comes_back_are_not_doubled(user):
    """Told between the joining of the group and the reading of what was missed, an event comes by both ways."""
    group, page, teller = inbox_group(user.pk), Page(user), Page(user)
    await page.open(INBOX)
    await teller.open(INBOX)
    for turn in range(10):
        await page.cut()
        await tell(group, range(turn * 30, turn * 30 + 20))
        opening = page.open(INBOX, after=page.at)
        rest = tell(group, range(turn * 30 + 20, turn * 30 + 30))
        answer, _ = await asyncio.gather(opening, rest)
        assert answer["resync"] is False
        assert await page.take(30) == list(range(turn * 30, turn * 30 + 30))
    await let_go(page, teller)


@in_this_thread
async def test_what_is_kept_no_longer_is_to_be_read_anew(user):
    group, page = inbox_group(user.pk), Page(user)
    await page.open(INBOX)
    await tell(group, range(1))
    await page.take(1)
    await page.cut()
    await tell(group, range(1, 1_400))
    assert (await page.open(INBOX, after=page.at))["resync"] is True
    await tell(group, range(1_400, 1_401))
    assert await page.take(1) == [1_400]
    for nonsense in ({}, dict.fromkeys(page.at, "x"), dict.fromkeys(page.at, "abcd.1-1"), [], "now"):
        assert (await page.ask(INBOX, after=nonsense))["resync"] is True, nonsense
    await let_go(page)


@in_this_thread
async def test_a_page_hears_whether_something_happened_since_it_was_made(user):
    page = Page(user)
    before = time.time() * 1000
    assert (await page.open(INBOX, since=before))["resync"] is False
    assert (await page.ask(INBOX, since=before))["resync"] is False, "its stream begins, nothing happened"
    told = time.time() * 1000
    await tell(inbox_group(user.pk), range(1))
    await page.take(1)
    assert (await page.ask(INBOX, since=before))["resync"] is True
    assert (await page.ask(INBOX, since=told + 60_000))["resync"] is False, "made after it"
    assert (await page.ask(INBOX, since=told + 1_000))["resync"] is True, "clocks differ"
    await let_go(page)


@in_this_thread
async def test_what_is_kept_ends_and_is_of_its_own_database(user, settings):
    group, page = inbox_group(user.pk), Page(user)
    await page.open(INBOX)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert 3_500 < client.ttl(f"live:{group}") <= 3_600, "of nothing told yet"
        await tell(group, range(1))
        await tell("unheard", range(1))
        for name in (group, "unheard"):
            assert 3_500 < client.ttl(f"live:{name}") <= 3_600, name
        client.delete("live:unheard")
    assert await page.take(1) == [0]
    here = settings.REDIS_URL
    settings.REDIS_URL = f"{here.rsplit('/', 1)[0]}/15"
    await tell(group, range(1, 2))
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.delete(f"live:{group}") == 1
    settings.REDIS_URL = here
    assert await page.is_silent()
    await let_go(page)


@in_this_thread
async def test_a_line_asks_only_so_often(user):
    page = Page(user)
    await page.open("/ws/nothing/")
    for _ in range(1_999):
        await page.say(kind="subscribe", path="/ws/nothing/")
    for _ in range(1_999):
        assert (await page.hear())["kind"] == "refused"
    await page.say(kind="subscribe", path=INBOX)
    assert await page.hear() == 1008
    await let_go(page)


class Both(LiveConsumer):
    """A part of a page that shows two streams, as long as they are `allowed`."""

    right = "signed in"
    allowed: ClassVar[list[str]]

    async def groups_for(self) -> list[str]:
        return list(self.allowed)


@pytest.fixture
def both() -> type[Both]:
    """One of each test's own."""

    class Part(Both):
        allowed = [f"{name}-{uuid4()}" for name in "zy"]  # not in the order of names

    return Part


def page_with(part: type[Both], **others: type[LiveConsumer]) -> Any:
    """The line of a page with the part at /ws/both/ and below it, others by their names."""
    paths = {"both": part, "both/<int:number>": part, **others}
    return PageConsumer.as_asgi(
        regions=[route(f"ws/{path}/", each.as_asgi()) for path, each in paths.items()]
    )


@in_this_thread
async def test_what_was_missed_of_two_streams_comes_in_the_order_of_time(user, both):
    page, (first, second) = Page(user, page_with(both)), both.allowed
    await page.open("/ws/both/")
    before = dict(page.at)
    for number in range(12):
        await tell((first, second)[number % 2], range(number, number + 1))
    assert await page.take(12) == list(range(12))
    assert (await page.ask("/ws/both/", after=before))["at"] == page.at, (
        "another part goes on where the page is"
    )
    assert await page.is_silent()
    await page.cut()
    assert (await page.open("/ws/both/", after=before))["resync"] is False
    page.ids.clear()
    assert sorted(await page.take(12)) == list(range(12))
    assert page.ids == sorted(page.ids)  # of one millisecond, either may come first
    # left and asked for anew, it stands where the streams are
    await page.say(kind="unsubscribe", path="/ws/both/")
    assert await page.is_silent()
    old = dict(page.at)
    await tell(first, range(12, 13))
    now = (await page.ask("/ws/both/", since=0))["at"]
    assert (now[name_of(first)] > old[name_of(first)], now[name_of(second)]) == (True, old[name_of(second)])
    await page.say(kind="ping")
    assert await page.hear() == {"kind": "pong"}
    await let_go(page)


@in_this_thread
async def test_a_right_to_one_of_two_streams_is_lost(user, both, django_capture_on_commit_callbacks):
    page, (first, second) = Page(user, page_with(both)), both.allowed
    await page.open("/ws/both/")
    both.allowed = [first]

    def ask() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            recheck_on_commit(user.pk)

    await sync_to_async(ask)()
    await tell(second, range(1))
    await tell(first, range(1, 2))
    assert await page.take(1) == [1]
    assert await page.is_silent()
    await let_go(page)


@in_this_thread
async def test_a_program_that_loses_a_right_hears_the_rest_and_then_nothing(
    user, both, django_capture_on_commit_callbacks
):
    (first, second), line = both.allowed, Page(user, both.as_asgi())
    assert await line.connect() == {"kind": "ready"}

    def ask() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            recheck_on_commit(user.pk)

    both.allowed = [first]
    await sync_to_async(ask)()
    await tell(second, range(1))
    await tell(first, range(1, 2))
    assert await line.hear() == {"kind": "n", "n": 1}
    both.allowed = []
    await sync_to_async(ask)()
    assert await line.hear() == 4403
    await let_go(line)


def test_an_event_of_a_transaction_is_told_when_it_commits(settings, django_capture_on_commit_callbacks):
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete("live:of-a-transaction")
        with django_capture_on_commit_callbacks(execute=True):
            push_on_commit("of-a-transaction", {"kind": "n"})
            assert not client.exists("live:of-a-transaction")
        assert client.delete("live:of-a-transaction") == 1


@in_this_thread
async def test_a_page_has_at_most_forty_parts(user, both):
    page = Page(user, page_with(both))
    await page.open("/ws/both/")
    for number in range(39):
        assert (await page.ask(f"/ws/both/{number}/"))["kind"] == "ready"
    await page.say(kind="subscribe", path="/ws/both/39/")
    assert await page.hear() == 1008
    await let_go(page)


@in_this_thread
async def test_a_line_that_takes_nothing_is_not_kept_waiting_for(user, both):
    asked = asyncio.Event()

    class Slow(LiveConsumer):
        right = "signed in"

        async def groups_for(self) -> list[str]:
            asked.set()
            await asyncio.Event().wait()  # as for a database that does not answer
            return []

    page = Page(user, page_with(both, slow=Slow))
    await page.open("/ws/both/")
    await page.say(kind="subscribe", path="/ws/slow/")
    await asked.wait()
    await tell(both.allowed[0], range(4_001))
    assert await page.hear() == 1012
    await let_go(page)


@in_this_thread
async def test_an_event_that_comes_by_two_ways_is_told_once(user):
    told = []

    class Line(LiveConsumer):
        async def tell(self, news: News) -> None:
            told.append(news.id)

    line = Line()
    line._heard = {}
    for id in ((5, 1), (5, 1), (5, 0), (4, 9), (5, 2)):
        await line._tell_once(News("group", id, "", ""))
    assert told == [(5, 1), (5, 2)]


def test_names_of_streams_are_nobodys_to_guess(settings):
    name = name_of("person.1")
    settings.SECRET_KEY = "another" * 8
    assert name_of("person.1") != name


def member() -> tuple[Membership, str]:
    owner, viewer = UserFactory(), UserFactory()
    workspace = workspace_of(owner)
    membership = Membership.objects.create(workspace=workspace, user=viewer, role="viewer")
    return membership, signals_group(workspace.pk)


@in_this_thread
async def test_one_line_bears_many_paths_each_by_its_right(django_capture_on_commit_callbacks):
    membership, group = await sync_to_async(member)()
    page = Page(membership.user)
    assert (await page.open(SIGNALS))["kind"] == "ready"
    assert (await page.ask(INBOX))["kind"] == "ready"
    for path in ("/ws/bots/01912d5e-0000-7000-8000-000000000000/", "/ws/nothing/", "/ws/", "nonsense", ""):
        assert await page.ask(path) == {"kind": "refused", "path": path, "code": 4404}
    await tell(group, range(1))
    await tell(inbox_group(membership.user_id), range(1, 2))
    assert sorted(await page.take(2)) == [0, 1]
    await page.say(kind="unsubscribe", path=INBOX)
    assert await page.is_silent()
    await tell(inbox_group(membership.user_id), range(2, 3))
    await tell(group, range(3, 4))
    assert await page.take(1) == [3]

    def leave() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            remove_member(membership, actor=membership.workspace.owner)

    await sync_to_async(leave)()
    assert await page.hear() == {"kind": "refused", "path": SIGNALS, "code": 4403}
    await tell(group, range(4, 5))
    assert await page.is_silent(), "the right is gone"
    assert (await page.ask(SIGNALS, after=page.at))["kind"] == "refused"
    assert (await page.ask(INBOX))["kind"] == "ready", "the line goes on"
    await let_go(page)


class OwnRedis:
    """A server that may be killed, and comes back empty."""

    def __init__(self) -> None:
        self.port = pick_port(26379, "Valkey")
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )
        with redis.Redis.from_url(self.url) as client:
            deadline = time.monotonic() + TIMEOUT_S
            while time.monotonic() < deadline:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    time.sleep(0.01)
        raise AssertionError("Valkey did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@in_this_thread
async def test_a_lost_redis_ends_the_lines_and_whoever_comes_back_reads_anew(user, settings):
    group, page, after = inbox_group(user.pk), Page(user), Page(user)
    server = await sync_to_async(OwnRedis)()
    settings.REDIS_URL = server.url
    try:
        await page.open(INBOX)
        await tell(group, range(2))
        assert await page.take(2) == [0, 1]
        server.kill()
        assert await page.hear() == 1012, "come again"
        await page.cut()
        await sync_to_async(push)(group, {"kind": "n", "n": 2})  # nobody hears it; nothing breaks
        scope = {"type": "websocket", "path": "/ws/", "headers": [], "user": user, "session": {}}
        refused = ApplicationCommunicator(application, scope)
        await refused.send_input({"type": "websocket.connect"})
        await refused.receive_output(timeout=TIMEOUT_S)
        assert (await refused.receive_output(timeout=TIMEOUT_S))["code"] == 1012, "still away"
        await refused.send_input({"type": "websocket.disconnect", "code": 1012})
        await refused.wait(timeout=TIMEOUT_S)
        await sync_to_async(server.start)()
        # as if it had come back with what it held a while ago
        with redis.Redis.from_url(server.url) as client:
            client.xadd(f"live:{group}", {"event": "{}"}, id=page.at[name_of(group)].split(".")[1])
        assert (await page.open(INBOX, after=page.at))["resync"] is True
        await after.open(INBOX)
        await tell(group, range(3, 4))
        assert (await page.hear())["event"] == {"kind": "resync"}, "of what was lost meanwhile"
        assert await page.take(1) == [3]
        await tell(group, range(4, 5))
        assert await page.take(1) == [4], "told once that something was lost"
        await let_go(page, after)
    finally:
        server.kill()
