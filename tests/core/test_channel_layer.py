"""Many browsers at once on one Redis."""

from __future__ import annotations

import asyncio

from channels.layers import get_channel_layer

MANY = 500


async def test_hundreds_join_and_leave_at_once():
    layer = get_channel_layer()
    names = [await layer.new_channel() for _ in range(MANY)]
    await asyncio.gather(*(layer.group_add("crowd", name) for name in names))
    await layer.group_send("crowd", {"type": "live.event", "event": {"n": 1}})
    heard = await asyncio.gather(*(layer.receive(name) for name in names))
    assert [message["event"] for message in heard] == [{"n": 1}] * MANY
    await asyncio.gather(*(layer.group_discard("crowd", name) for name in names))
