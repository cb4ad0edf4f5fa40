"""Group commit: what arrives while the last batch is being written is written together in the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Overloaded(Exception):
    """More is waiting than can be written in time."""


class Gatherer(Generic[Item, Result]):
    """Collects items of concurrent callers into batches.

    `write(batch)` returns one result or exception per item, in order; when it raises, every caller of the
    batch gets that error. One batch is in flight at a time, so a batch grows with the time a commit takes.
    Nobody waits longer than `timeout_s`; one timer watches over all of them, since one for each costs more than
    the rest of `add`.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        max_batch: int,
        max_waiting: int,
        timeout_s: float,
    ) -> None:
        self._write = write
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._timeout_s = timeout_s
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._unanswered: deque[tuple[float, asyncio.Future[Result]]] = deque()  # until when, earliest first
        self._is_watching = False
        self._runner: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """The result for `item` once its batch is written. Raises TimeoutError, `Overloaded` or the write's error.

        After a TimeoutError the item may still be written: the caller must be able to repeat it.
        """
        if len(self._waiting) >= self._max_waiting:
            raise Overloaded
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        self._unanswered.append((loop.time() + self._timeout_s, future))
        if not self._is_watching:
            self._is_watching = True
            loop.call_later(self._timeout_s, self._give_up_late)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await future

    def _give_up_late(self) -> None:
        """A TimeoutError for those whose time is over; come again when the next one's is."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._unanswered and (self._unanswered[0][0] <= now or self._unanswered[0][1].done()):
            _, future = self._unanswered.popleft()
            if not future.done():
                future.set_exception(TimeoutError())
        self._is_watching = bool(self._unanswered)
        if self._unanswered:
            loop.call_at(self._unanswered[0][0], self._give_up_late)

    async def drain(self, *, timeout_s: float) -> None:
        """Wait until everything added has been written, at most `timeout_s`."""
        if self._runner is not None and not self._runner.done():
            await asyncio.wait({self._runner}, timeout=timeout_s)

    async def _run(self) -> None:
        while self._waiting:
            batch: list[tuple[Item, asyncio.Future[Result]]] = []
            while self._waiting and len(batch) < self._max_batch:
                item, future = self._waiting.popleft()
                if not future.done():  # its caller has given up
                    batch.append((item, future))
            if not batch:
                continue
            outcomes: Sequence[Result | Exception]
            try:
                outcomes = await self._write([item for item, _ in batch])
            except Exception as error:  # handed to the callers, who answer for it
                outcomes = [error] * len(batch)
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if future.done():
                    continue
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
