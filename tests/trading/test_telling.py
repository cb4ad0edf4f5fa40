"""Pages that watch a workspace's trading hear that something changed: of their own workspace, after the commit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from apps.trading.rules.keys import client_order_id
from apps.trading.services import NewFill, lift_switch, place, record_fills, throw_switch
from apps.trading.services.telling import live_group


def heard(channel):
    """What has arrived, the kinds only."""
    layer = get_channel_layer()
    group = live_group(0)
    async_to_sync(layer.group_add)(group, channel)
    async_to_sync(layer.group_send)(group, {"type": "live.event", "text": '{"kind": "end"}'})
    kinds = []
    while not kinds or kinds[-1] != "end":
        text = async_to_sync(layer.receive)(channel)["text"]
        kinds.append(text.split('"kind": "')[1].split('"')[0])
    return kinds[:-1]


@pytest.fixture
def listen(workspace):
    layer = get_channel_layer()
    channel = async_to_sync(layer.new_channel)()
    async_to_sync(layer.group_add)(live_group(workspace.pk), channel)
    return channel


def test_orders_fills_and_switches_are_told(
    listen, account, workspace, book, intent, user, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        place([intent(1)])
    with django_capture_on_commit_callbacks(execute=True):
        fill = NewFill(client_order_id(intent(1).key), "1", Decimal(10), Decimal(100), intent(1).decided_at)
        record_fills(account, [fill])
    assert "fill" in heard(listen)
    with django_capture_on_commit_callbacks(execute=True):
        switch = throw_switch(scope="workspace", reason="Enough", workspace=workspace, actor=user)
        assert heard(listen) == []
    assert heard(listen) == ["switch"]
    with django_capture_on_commit_callbacks(execute=True):
        lift_switch(switch, actor=user)
    assert heard(listen) == ["switch"]
