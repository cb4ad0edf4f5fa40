"""`manage.py run_feed`: run the live feeds that nobody runs, until stopped."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import time
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import structlog
from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.db import close_old_connections

from apps.markets.choices import FeedProvider
from apps.markets.errors import FeedBroken, FeedInterrupted
from apps.markets.models import Feed
from apps.markets.services.feed_leases import held_feeds, release_feeds, take_feeds
from apps.markets.services.feed_running import FeedRun, fingerprint
from apps.markets.services.feed_watching import watch_feeds

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
GRACE_S = 10.0  # what was not run for a while gets time to bring a bar before it is called stale
RENEW_EVERY_S = 3.0


class Command(BaseCommand):
    help = (
        "Run live feeds: fetch what was missed, write each bar once it has closed, mark late and stale ones. "
        "Any number of these processes may run; each feed is run by one of them."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--provider",
            action="append",
            choices=FeedProvider.values,
            default=[],
            help="only feeds of this kind",
        )
        parser.add_argument("--feed", type=UUID, help="only this feed")
        parser.add_argument("--once", action="store_true", help="take what is there already, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["feed"] and not Feed.objects.filter(uuid=options["feed"]).exists():
            raise CommandError(f"There is no feed {options['feed']}.")
        runner = Runner(options["provider"], options["feed"])
        if options["once"]:
            problems = asyncio.run(runner.once())
            if problems:
                raise CommandError("\n".join(problems))
            self.stdout.write(f"{runner.taken} feeds caught up.")
        else:
            asyncio.run(runner.serve())


class Runner:
    """Holds leases and keeps one task for each feed it holds."""

    def __init__(self, providers: list[str], feed: UUID | None) -> None:
        # of its own even on a machine whose process ids are used again after a crash
        self.worker = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid4().hex[:8]}"
        self.taken = 0
        self._take = partial(take_feeds, self.worker, providers=providers, feed=feed)
        self._running: dict[int, tuple[FeedRun, asyncio.Task[None]]] = {}

    async def once(self) -> list[str]:
        """Catch up each feed; returns what went wrong, in words."""
        problems = []
        try:
            for feed in await sync_to_async(self._take)():
                self.taken += 1
                try:
                    await FeedRun(feed).catch_up()
                except (FeedBroken, FeedInterrupted) as error:
                    problems.append(f"{feed}: {error}")
        finally:
            await sync_to_async(release_feeds)(self.worker)
        return problems

    async def serve(self) -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        log.info("feeds_served", worker=self.worker)
        renewed_s, began_s = 0.0, time.monotonic()
        while not stopped.is_set():
            try:
                if time.monotonic() - renewed_s >= RENEW_EVERY_S:
                    await sync_to_async(self._take)()
                    renewed_s = time.monotonic()
                await self._arrange(await sync_to_async(held_feeds)(self.worker))
                if time.monotonic() - began_s >= GRACE_S:
                    await sync_to_async(watch_feeds)()
            except DatabaseError as error:  # PostgreSQL is away: feeds go on, and write again once it is back
                log.warning("feeds_not_looked_after", error=str(error))
                await sync_to_async(close_old_connections)()
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), LOOK_EVERY_S)
        await self._end(list(self._running))
        with suppress(DatabaseError):
            await sync_to_async(release_feeds)(self.worker)

    async def _arrange(self, feeds: list[Feed]) -> None:
        """A task for each feed that is held, as it is set now, and none for others."""
        held = {feed.pk: feed for feed in feeds}
        await self._end(
            [
                pk
                for pk, (run, task) in self._running.items()
                if pk not in held or task.done() or run.settings != fingerprint(held[pk])
            ]
        )
        for pk, feed in held.items():
            if pk not in self._running:
                run = FeedRun(feed)
                self._running[pk] = (run, asyncio.create_task(run.run(), name=str(feed)))

    async def _end(self, feeds: list[int]) -> None:
        for pk in feeds:
            run, task = self._running.pop(pk)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
            except Exception:
                log.exception("feed_run_failed", feed=str(run.feed.uuid))
