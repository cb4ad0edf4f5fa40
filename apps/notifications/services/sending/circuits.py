"""Circuit breakers of providers, as a worker's event loop asks them."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from apps.core.circuits import ASK, CLOSED, TELL, Gate, Rule, circuit_key

__all__ = ["CLOSED", "Circuits", "Gate"]


class Circuits:
    """The breakers as a worker's event loop sees them. Methods raise redis.RedisError."""

    def __init__(self, client: Any, prefix: str) -> None:
        self.prefix = prefix
        self._ask = client.register_script(ASK)
        self._tell = client.register_script(TELL)

    async def ask(self, provider: str, *, probe_s: float) -> Gate:
        """May an attempt be made? A probe that is never told of frees its place after `probe_s`."""
        state, wait_ms, faults = await self._ask(keys=[self._key(provider)], args=[int(probe_s * 1000)])
        return Gate(state.decode(), wait_ms / 1000, faults)

    async def tell(self, provider: str, *, ok: bool) -> None:
        """What an attempt found: the provider works, or is in trouble."""
        rule = Rule(**settings.NOTIFICATIONS_CIRCUIT)
        await self._tell(keys=[self._key(provider)], args=rule.args(ok=ok))

    def _key(self, provider: str) -> str:
        return circuit_key(self.prefix, provider)
