"""Pages that watch a workspace's trading hear that something changed: of their own workspace, after the commit."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import redis
from django.conf import settings

from apps.core.live.sending import stream_of
from apps.trading.rules.keys import client_order_id
from apps.trading.services import NewFill, lift_switch, place, record_fills, throw_switch
from apps.trading.services.telling import live_group


@pytest.fixture
def listen(workspace):
    """What the workspace's pages were told since it was asked last, the kinds only."""
    stream = stream_of(live_group(workspace.pk))
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        client.delete(stream)

        def heard():
            told = client.xrange(stream)
            client.delete(stream)
            return [json.loads(fields["event"])["kind"] for _, fields in told]

        yield heard


def test_orders_fills_and_switches_are_told(
    listen, account, workspace, book, intent, user, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        place([intent(1)])
    with django_capture_on_commit_callbacks(execute=True):
        fill = NewFill(client_order_id(intent(1).key), "1", Decimal(10), Decimal(100), intent(1).decided_at)
        record_fills(account, [fill])
    assert "fill" in listen()
    with django_capture_on_commit_callbacks(execute=True):
        switch = throw_switch(scope="workspace", reason="Enough", workspace=workspace, actor=user)
        assert listen() == []
    assert listen() == ["switch"]
    with django_capture_on_commit_callbacks(execute=True):
        lift_switch(switch, actor=user)
    assert listen() == ["switch"]
