"""Lines: the WebSocket consumers, of one feed for programs and of all that a page shows for browsers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import structlog
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from redis import RedisError

from apps.core.live.hearing import Id, News, Standing, hub, id_of, name_of
from apps.core.live.sending import COME_AGAIN, UNAUTHENTICATED, login_group, person_group

log = structlog.get_logger(__name__)

FORBIDDEN = 4403
NOT_FOUND = 4404
ASKED_TOO_MUCH = 1008  # RFC 6455: policy violation
LOGIN_KEY = "login"  # in a session: the log-in it belongs to, {"id": …}
MOST_WAITING = 4_000  # events of a browser that does not take them; then it comes again
MOST_PATHS = 40  # of a page
MOST_ASKED = 2_000  # messages of one line that ask the database
SKEW_MS = 2_000  # between the clocks of a web server and of Redis

Said = Mapping[str, Any]  # what a browser or the line itself says


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """Base of every consumer: refuses strangers, joins the groups its subclass names, forwards their events.

    One task works off what the browser asks and what it is to be told, one after the other: whatever comes while a
    group is read waits behind it, and is left out where the reading has told it already.
    """

    right: ClassVar[str]

    async def groups_for(self) -> list[str] | None:
        """The groups this connection may read; None when the object asked for is not its own, [] when no
        workspace is open to the person (a second factor is missing)."""
        raise NotImplementedError

    async def greeting(self) -> dict[str, Any] | None:
        """The first event, of the standing of things."""
        return None

    async def connect(self) -> None:
        await self.accept()
        if not self.scope["user"].is_authenticated:
            await self.close(code=UNAUTHENTICATED)
            return
        login = self.scope.get("session", {}).get(LOGIN_KEY)  # read already, to find the user
        # those that say who is there, not what is shown; first, so that no loss of a right is missed
        self._always = [person_group(self.scope["user"].pk), *([login_group(login["id"])] if login else [])]
        self._heard: dict[str, Id] = {}
        self._waiting: asyncio.Queue[News | Said | None] = asyncio.Queue()
        self._joined = set(self._always)
        self._hub = hub()
        self._worker = asyncio.create_task(self._work())

    async def disconnect(self, code: int) -> None:
        if not hasattr(self, "_worker"):
            return
        self._worker.cancel()
        await asyncio.wait([self._worker])
        await self._hub.leave(self._joined, self)
        with contextlib.suppress(RedisError, OSError):  # a lost Redis has forgotten it by itself
            for group in self._always:
                await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """A ping keeps proxies from closing the line, and tells a browser that it is not dead."""
        if not isinstance(content, dict) or not hasattr(self, "_worker"):
            return
        if content.get("kind") == "ping":
            await self.send_json({"kind": "pong"})
        elif content.get("kind") in ("subscribe", "unsubscribe"):
            self._waiting.put_nowait(content)

    async def live_close(self, message: Said) -> None:
        await self.close(code=message["code"])

    def hear(self, news: News | Said | None) -> None:
        if self._waiting.qsize() < MOST_WAITING:
            self._waiting.put_nowait(news)
        elif not self._worker.done():
            self._worker.cancel()
            self._closing = asyncio.create_task(self.close(code=COME_AGAIN))  # kept, or it might be collected

    async def _work(self) -> None:
        try:
            for group in self._always:
                await self.channel_layer.group_add(group, self.channel_name)
            await self._hub.join(self._always, self)
            if not await self.begin():
                return
            while True:
                news = await self._waiting.get()
                if isinstance(news, News):
                    await self._tell_once(news)
                elif news is None:
                    await self.close(code=COME_AGAIN)
                    return
                elif not await self.obey(news):
                    return
        except (RedisError, OSError):  # the hub says so in the log
            await self.close(code=COME_AGAIN)
        except Exception:
            log.exception("live_line_broken", path=self.scope["path"])
            with contextlib.suppress(Exception):  # it may be gone
                await self.close(code=COME_AGAIN)

    async def begin(self) -> bool:
        """Join what the path names; False when it is not for this person."""
        groups = await self.groups_for()
        if not groups:
            await self.close(code=NOT_FOUND if groups is None else FORBIDDEN)
            return False
        await self.join(groups)
        await self.send_json({"kind": "ready"})
        if greeting := await self.greeting():
            await self.send_json(greeting)
        return True

    async def _tell_once(self, news: News) -> None:
        if news.id > self._heard.get(news.group, (0, 0)):
            self._heard[news.group] = news.id
            await self.tell(news)

    async def tell(self, news: News) -> None:
        await self.send(text_data=news.event)

    async def obey(self, order: Said) -> bool:
        """What the line itself is asked; False when it ended."""
        return order.get("order") != "recheck" or await self.recheck()

    async def recheck(self) -> bool:
        """The person's rights changed: leave what may no longer be seen, close when nothing is left."""
        allowed = await self.groups_for()
        await self.keep(allowed or [])
        if not allowed:
            await self.close(code=NOT_FOUND if allowed is None else FORBIDDEN)
        return bool(allowed)

    async def join(self, groups: Sequence[str]) -> None:
        self._joined.update(groups)
        await self._hub.join(groups, self)

    async def keep(self, groups: Sequence[str]) -> None:
        """Leave all others."""
        gone = self._joined - {*groups, *self._always}
        self._joined -= gone
        for group in gone:
            self._heard.pop(group, None)
        await self._hub.leave(gone, self)


class PageConsumer(LiveConsumer):
    """`/ws/`: one line for everything a page shows, each part of it named by the path it would have by itself.

    The browser says `subscribe` with a `path`, and with `after`, the last id it has of each of its streams, when it
    comes back; or with `since`, when the page was made (milliseconds since 1970). The answer is `ready` with the ids
    it goes on from, and `resync` where something was missed that is kept no longer; then what was missed, in order.
    `refused` with a code says that the path is not for this person, also later, when a right is lost.
    """

    right = "signed in"

    def __init__(self, regions: Sequence[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._regions = regions
        self._paths: dict[str, tuple[LiveConsumer, list[str]]] = {}
        self._asked = 0

    async def begin(self) -> bool:
        await self.send_json({"kind": "open"})
        return True

    async def tell(self, news: News) -> None:
        await self.send(text_data=news.told)

    async def obey(self, order: Said) -> bool:
        path = order.get("path")
        if order.get("kind") == "unsubscribe":
            self._paths.pop(str(path), None)
            await self._keep_paths()
            return True
        if order.get("kind") != "subscribe":
            return await super().obey(order)
        self._asked += 1
        if not isinstance(path, str) or self._asked > MOST_ASKED or len(self._paths) >= MOST_PATHS:
            await self.close(code=ASKED_TOO_MUCH)
            return False
        await self._subscribe(path, order)
        return True

    async def recheck(self) -> bool:
        for path, (region, before) in list(self._paths.items()):
            allowed = await region.groups_for()
            if allowed:
                self._paths[path] = (region, [group for group in before if group in allowed])
            else:
                del self._paths[path]
                await self._refuse(path, allowed)
        await self._keep_paths()
        return True

    async def _subscribe(self, path: str, order: Said) -> None:
        region = self._region(path)
        groups = await region.groups_for() if region else None
        if region is None or not groups:
            await self._refuse(path, groups)
            return
        await self.join(groups)
        self._paths[path] = (region, groups)
        after = order.get("after")
        found = await self._hub.read({group: self._id_in(after, group) for group in groups})
        since = order.get("since")
        made = since - SKEW_MS if isinstance(since, int | float) else None
        missed = any(not standing.is_known and _is_late(standing, after, made) for standing in found.values())
        for group, standing in found.items():
            # one that another part of the page shows too goes on where it is
            self._heard.setdefault(group, standing.at)
        at = {name_of(group): self._position(self._heard[group]) for group in groups}
        await self.send_json({"kind": "ready", "path": path, "at": at, "resync": missed})
        if greeting := await region.greeting():
            await self.send_json({"kind": "greeting", "path": path, "event": greeting})
        for news in sorted(
            (news for each in found.values() for news in each.missed), key=lambda news: news.id
        ):
            await self._tell_once(news)

    def _region(self, path: str) -> LiveConsumer | None:
        for pattern in self._regions:
            match = pattern.pattern.match(path.removeprefix("/"))
            if match and not match[0]:
                region: LiveConsumer = pattern.callback.consumer_class()
                region.scope = {**self.scope, "path": path, "url_route": {"args": (), "kwargs": match[2]}}
                return region
        return None

    def _id_in(self, after: Any, group: str) -> Id | None:
        """How far the browser has heard the group, as it says; None where that was another Redis' time."""
        said = after.get(name_of(group)) if isinstance(after, dict) else None
        run, _, id = said.partition(".") if isinstance(said, str) else ("", "", "")
        if run != self._hub.run:
            return None
        try:
            return id_of(id)
        except ValueError:
            return None

    def _position(self, at: Id) -> str:
        return f"{self._hub.run}.{at[0]}-{at[1]}"

    async def _refuse(self, path: str, groups: list[str] | None) -> None:
        await self.send_json(
            {"kind": "refused", "path": path, "code": NOT_FOUND if groups is None else FORBIDDEN}
        )

    async def _keep_paths(self) -> None:
        await self.keep([group for _, groups in self._paths.values() for group in groups])


def _is_late(standing: Standing, after: Any, made: float | None) -> bool:
    """Whether something may have been missed: always for whoever comes back, else what came since the page was made."""
    if after is not None:
        return True
    return made is not None and standing.is_event and standing.at[0] >= made
