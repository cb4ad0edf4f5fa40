"""An exchange on loopback: Binance's spot dialect, REST and WebSocket, with faults, for tests."""

from tests.exchange.faults import Fault
from tests.exchange.matching import Matching, Refused, Symbol
from tests.exchange.server import LoopbackExchange

__all__ = ["Fault", "LoopbackExchange", "Matching", "Refused", "Symbol"]
