"""Clients of exchanges: CCXT's, with the addresses that EXCHANGE_GATEWAYS puts before them.

CCXT takes seconds to import; only a process that speaks to an exchange pays for it.
"""

from __future__ import annotations

import importlib
import time
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

MARKETS_LIVE_S = 3600.0
SPOT_ONLY: dict[str, dict[str, Any]] = {
    # What load_markets would ask besides: other kinds of markets, and currencies by a signed request.
    "binance": {"fetchMarkets": {"types": ["spot"]}, "fetchMargins": False, "fetchCurrencies": False},
    "bybit": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False},
    "okx": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False},
}
_known_markets: dict[tuple[str, bool, str], tuple[float, list[Any]]] = {}


def open_client(
    exchange: str,
    *,
    is_testnet: bool = False,
    api_key: str = "",
    secret: str = "",
    password: str = "",
    timeout_ms: int = 10_000,
) -> Any:
    """A CCXT client (REST and WebSocket) of `exchange` for spot markets; amounts come as text. `await close()` it.

    It never sends a request twice by itself: CCXT's own retries are off.
    """
    kind = _client_class(exchange)
    client = kind(
        {
            "apiKey": api_key,
            "secret": secret,
            "password": password,
            "timeout": timeout_ms,
            "enableRateLimit": settings.EXCHANGE_PACED,
            "options": {"defaultType": "spot", "maxRetriesOnFailure": 0, **SPOT_ONLY.get(exchange, {})},
        }
    )
    client.number = str
    if is_testnet:
        client.set_sandbox_mode(True)
    client.go_through(settings.EXCHANGE_GATEWAYS.get(exchange, ""))
    return client


async def load_markets(client: Any, anew: bool = False) -> None:
    """Markets of the client's exchange: one request an hour and process, however many clients there are.

    `anew`: asked for now, whatever is known.
    """
    key = (client.id, bool(client.options.get("sandboxMode")), client.gateway)
    known = _known_markets.get(key)
    if anew or known is None or time.monotonic() - known[0] > MARKETS_LIVE_S:
        await client.load_markets(True)
        _known_markets[key] = (time.monotonic(), list(client.markets.values()))
    elif not client.markets:
        client.set_markets(known[1])


def know_exchange(exchange: str) -> None:
    """Import CCXT's code of the exchange now, before somebody waits for it."""
    _client_class(exchange)


def forget_markets() -> None:
    """The next client asks anew."""
    _known_markets.clear()


@lru_cache
def _client_class(exchange: str) -> type[Any]:
    """CCXT's class of the exchange, able to go through a gateway. Raises AttributeError for an unknown exchange."""
    ours = getattr(importlib.import_module("ccxt.pro"), exchange)
    return type(f"Client_{exchange}", (_Gateway, ours), {})


class _Gateway:
    """http://GATEWAY/HOST/PATH instead of https://HOST/PATH, for REST and WebSocket alike."""

    urls: dict[str, Any]  # CCXT's
    gateway = ""
    last_status = 0  # of the last answer; 0 before the first
    last_retry_after_s = 0.0

    def go_through(self, gateway: str) -> None:
        self.gateway = gateway.rstrip("/")
        if self.gateway:
            self.urls["api"] = self._through(self.urls["api"])

    def _through(self, url: Any) -> Any:
        if isinstance(url, dict):
            return {name: self._through(part) for name, part in url.items()}
        if not isinstance(url, str):
            return url
        parts = urlsplit(url.replace("{hostname}", str(getattr(self, "hostname", ""))))
        base = self.gateway
        if parts.scheme in ("ws", "wss"):
            base = "ws" + base.removeprefix("http")
        return f"{base}/{parts.netloc}{parts.path}"

    def handle_errors(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: Any,
        body: str,
        response: Any,
        request_headers: Any,
        request_body: Any,
    ) -> Any:
        """CCXT tells kinds of markets by the address: it is given the one that it knows."""
        self.last_status = code
        self.last_retry_after_s = _seconds(headers)
        if self.gateway and url.startswith(self.gateway):
            url = "https:/" + url.removeprefix(self.gateway)
        return super().handle_errors(  # type: ignore[misc]
            code, reason, url, method, headers, body, response, request_headers, request_body
        )


def _seconds(headers: Any) -> float:
    for name, value in dict(headers or {}).items():
        if name.lower() == "retry-after" and str(value).strip().isdigit():
            return float(value)
    return 0.0
