"""One loopback exchange for all tests; each finds it as if it had just been started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.markets.exchanges import forget_markets
from tests.exchange.server import LoopbackExchange


@pytest.fixture(scope="session")
def loopback() -> Iterator[LoopbackExchange]:
    with LoopbackExchange() as server:
        yield server


@pytest.fixture
def binance(loopback: LoopbackExchange, settings) -> LoopbackExchange:
    """With one account and the market BTCUSDT at 30,000, and in the place of Binance."""
    loopback.reset()
    forget_markets()
    settings.EXCHANGE_PACED = False
    settings.EXCHANGE_GATEWAYS = {"binance": loopback.url}
    loopback.open_account()
    loopback.list_symbol()
    return loopback
