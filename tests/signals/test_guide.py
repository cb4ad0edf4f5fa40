"""The messages of the guide to TradingView, sent as they stand there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from apps.signals.models import Alert, Signal
from apps.signals.services import process_alerts

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/tradingview.md").read_text()
MESSAGE = re.compile(r"^```json alert( refused)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.django_db(transaction=True)
def test_every_message_of_the_guide_is_answered_as_it_says(post: Callable[..., httpx.Response]):
    messages = MESSAGE.findall(GUIDE)
    assert len(messages) == 2
    for refused, body in messages:
        assert post(body.encode()).status_code == (400 if refused else 202), body
    while process_alerts():
        pass
    [sent] = [json.loads(body) for refused, body in messages if not refused]
    signal = Signal.objects.get()
    assert (signal.action, str(signal.strategy)) == (sent["action"], sent["strategy"])
    assert Alert.objects.filter(status="rejected").count() == 1
