"""Files of bars put into a folder: taken by name, then moved to `done`, or to `refused` with the reasons."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import BinaryIO, cast

import structlog
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.core.errors import DomainError
from apps.engine.bars import Bars
from apps.markets.errors import FeedInterrupted
from apps.markets.files import read_bars_file
from apps.markets.models import Feed
from apps.markets.providers.base import Position, only_closed

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
KINDS = (".csv", ".txt", ".tsv", ".parquet")


def folder_of(feed: Feed) -> str:
    """On the storage. Each workspace has a place of its own."""
    owner = feed.workspace.uuid if feed.workspace is not None else "shared"
    return f"drops/{owner}/{feed.settings['folder']}"


class CsvDrop:
    """Takes each file once its size has stayed the same for a second; names with a leading dot are left alone.

    One that cannot be read is moved away and told of as FeedInterrupted; the next comes at the next try.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._folder = folder_of(feed)
        self._sizes: dict[str, int] = {}

    async def history(self, position: Position, *, before: int | None = None) -> AsyncIterator[Bars]:
        """All files that lie there."""
        await sync_to_async(self._settled)()
        await asyncio.sleep(LOOK_EVERY_S)
        for name in await sync_to_async(self._settled)():
            async for bars in self._take(name):
                yield bars

    async def closed_bars(self, position: Position) -> AsyncIterator[Bars]:
        while True:
            for name in await sync_to_async(self._settled)():
                async for bars in self._take(name):
                    yield bars
            await asyncio.sleep(LOOK_EVERY_S)

    async def close(self) -> None:
        """Nothing is open."""

    async def _take(self, name: str) -> AsyncIterator[Bars]:
        try:
            bars = await sync_to_async(self._read)(name)
        except DomainError as error:
            reason = f"{error.message} {error.extra.get('hint') or ''}".strip()
            await sync_to_async(self._refuse)(name, reason)
            raise FeedInterrupted(f"{name} was refused: {reason}") from error
        if len(bars):
            yield bars  # written when we come back
        await sync_to_async(self._move)(name, "done")

    def _waiting(self) -> list[str]:
        if not default_storage.exists(self._folder):
            return []
        names = default_storage.listdir(self._folder)[1]
        return sorted(name for name in names if not name.startswith(".") and name.lower().endswith(KINDS))

    def _settled(self) -> list[str]:
        """Files that nobody is writing any more."""
        before, self._sizes = self._sizes, {}
        for name in self._waiting():
            self._sizes[name] = default_storage.size(f"{self._folder}/{name}")
        return [name for name, size in self._sizes.items() if before.get(name) == size]

    def _read(self, name: str) -> Bars:
        feed = self._feed
        try:
            with default_storage.open(f"{self._folder}/{name}", "rb") as file:
                read = read_bars_file(
                    cast(BinaryIO, file),
                    timeframe=feed.timeframe,
                    timezone=feed.instrument.timezone,
                    symbol=feed.instrument.symbol,
                )
        except OSError as error:
            raise FeedInterrupted(f"{name} cannot be read: {error.strerror or error}") from error
        return only_closed(read.bars, time.time() * 1000)

    def _refuse(self, name: str, reason: str) -> None:
        log.warning("feed_file_refused", feed=str(self._feed.uuid), file=name, reason=reason)
        kept = self._move(name, "refused")
        default_storage.save(f"{kept}.reason.txt", ContentFile(f"{reason}\n".encode()))

    def _move(self, name: str, place: str) -> str:
        """Where the file lies now; storages have no move of their own."""
        path = f"{self._folder}/{name}"
        with default_storage.open(path, "rb") as file:
            kept = default_storage.save(f"{self._folder}/{place}/{name}", file)
        default_storage.delete(path)
        return kept
