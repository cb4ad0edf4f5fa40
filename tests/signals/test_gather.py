"""Group commit: one batch in flight, what arrives meanwhile goes together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from apps.signals.intake.gather import Gatherer, Overloaded


class Writer:
    """Writes nothing, slowly, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_write = asyncio.Event()

    async def __call__(self, batch: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(batch))
        await self.may_write.wait()
        return [ValueError("odd") if item % 2 else item * 10 for item in batch]


async def test_arrivals_during_a_write_share_the_next_one():
    writer = Writer()
    gatherer = Gatherer(writer, max_batch=100, max_waiting=100, timeout_s=5)
    callers = [asyncio.create_task(gatherer.add(0))]
    await asyncio.sleep(0.01)
    callers += [asyncio.create_task(gatherer.add(item)) for item in (2, 4, 6)]
    await asyncio.sleep(0.01)
    writer.may_write.set()
    assert await asyncio.gather(*callers) == [0, 20, 40, 60]
    assert writer.batches == [[0], [2, 4, 6]]


async def test_one_bad_item_fails_alone():
    writer = Writer()
    writer.may_write.set()
    gatherer = Gatherer(writer, max_batch=100, max_waiting=100, timeout_s=5)
    outcomes = await asyncio.gather(*(gatherer.add(item) for item in (2, 3, 4)), return_exceptions=True)
    assert outcomes[0] == 20
    assert isinstance(outcomes[1], ValueError)
    assert outcomes[2] == 40


async def test_a_failed_write_fails_its_whole_batch_and_no_other():
    async def write(batch: Sequence[int]) -> list[int | Exception]:
        if 1 in batch:
            raise OSError("gone")
        return list(batch)

    gatherer = Gatherer(write, max_batch=1, max_waiting=100, timeout_s=5)
    outcomes = await asyncio.gather(gatherer.add(1), gatherer.add(2), return_exceptions=True)
    assert isinstance(outcomes[0], OSError)
    assert outcomes[1] == 2


async def test_waiting_longer_than_allowed_is_a_timeout_and_too_many_are_refused():
    gatherer = Gatherer(Writer(), max_batch=1, max_waiting=1, timeout_s=0.05)
    for item in (0, 2):  # under way, and waiting behind it
        with pytest.raises(TimeoutError):
            await gatherer.add(item)
    writer = Writer()
    gatherer = Gatherer(writer, max_batch=1, max_waiting=1, timeout_s=30)
    callers = [asyncio.create_task(gatherer.add(0))]
    await asyncio.sleep(0.01)
    callers.append(asyncio.create_task(gatherer.add(2)))
    await asyncio.sleep(0.01)
    with pytest.raises(Overloaded):
        await gatherer.add(4)
    writer.may_write.set()
    assert await asyncio.gather(*callers) == [0, 20]


async def test_drain_waits_for_the_last_write():
    writer = Writer()
    gatherer = Gatherer(writer, max_batch=100, max_waiting=100, timeout_s=5)
    caller = asyncio.create_task(gatherer.add(2))
    await asyncio.sleep(0.01)
    drained = asyncio.create_task(gatherer.drain(timeout_s=5))
    await asyncio.sleep(0.01)
    assert not drained.done()
    writer.may_write.set()
    await drained
    assert caller.done() or await caller == 20
