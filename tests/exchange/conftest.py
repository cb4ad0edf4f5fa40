"""The loopback exchange as the tests of its dialect and of the adapter find it."""

from __future__ import annotations

import pytest

from tests.exchange.server import LoopbackExchange


@pytest.fixture
def exchange(binance: LoopbackExchange) -> LoopbackExchange:
    return binance
