"""Open brokers of this process, in one event loop of their own: connections stay open between jobs.

A broker is known by its account and the keys it was opened with; new keys open a new one.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import json
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import TypeVar

from apps.trading.brokers.base import Broker

Value = TypeVar("Value")
IDLE_S = 300.0
WAIT_S = 120.0  # of a caller; a call's own time-outs are far shorter


@dataclass(frozen=True, slots=True)
class Keys:
    """What a broker is opened with. Never shown: its text is the account's number."""

    account_id: int
    exchange: str
    is_testnet: bool
    api_key: str = field(repr=False)
    secret: str = field(repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def read(cls, account_id: int, exchange: str, is_testnet: bool, stored: str) -> Keys:
        """From the JSON that an account keeps encrypted."""
        held = json.loads(stored)
        return cls(
            account_id, exchange, is_testnet, held["api_key"], held["secret"], held.get("password", "")
        )

    @property
    def digest(self) -> str:
        """Tells keys apart, and opens nothing."""
        return hashlib.sha256(self.api_key.encode()).hexdigest()[:12]

    @property
    def ends_with(self) -> str:
        return self.api_key[-4:]

    @property
    def mark(self) -> str:
        text = f"{self.exchange}|{self.is_testnet}|{self.api_key}|{self.secret}|{self.password}"
        return f"{self.account_id}:{hashlib.sha256(text.encode()).hexdigest()}"


@dataclass
class _Open:
    broker: Broker
    used_at: float
    lock: asyncio.Lock


class _Pool:
    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.brokers: dict[str, _Open] = {}
        self.thread = Thread(target=self._run, name="brokers", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    async def use(self, keys: Keys, call: Callable[[Broker], Awaitable[Value]]) -> Value:
        await self._close_idle()
        entry = self.brokers.get(keys.mark)
        if entry is None:
            entry = self.brokers[keys.mark] = _Open(open_broker(keys), 0.0, asyncio.Lock())
        async with entry.lock:  # one call at a time: what an answer said is read from the client afterwards
            entry.used_at = time.monotonic()
            return await call(entry.broker)

    async def _close_idle(self) -> None:
        now = time.monotonic()
        for mark, entry in list(self.brokers.items()):
            if entry.used_at and now - entry.used_at > IDLE_S and not entry.lock.locked():
                del self.brokers[mark]
                await entry.broker.close()

    async def _close_all(self) -> None:
        for entry in list(self.brokers.values()):
            await entry.broker.close()
        self.brokers.clear()

    def end(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close_all(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


_pool: _Pool | None = None
_making = Lock()


def with_broker(keys: Keys, call: Callable[[Broker], Awaitable[Value]]) -> Value:
    """What `call` of the account's broker answers. Raises what it raises."""
    return asyncio.run_coroutine_threadsafe(_current().use(keys, call), _current().loop).result(WAIT_S)


def open_broker(keys: Keys) -> Broker:
    """A broker of its own, for whoever keeps it open and closes it."""
    from apps.trading.brokers.ccxt_broker import (
        CcxtBroker,
    )  # takes seconds: only where an exchange is spoken to

    return CcxtBroker(
        keys.exchange,
        is_testnet=keys.is_testnet,
        api_key=keys.api_key,
        secret=keys.secret,
        password=keys.password,
    )


def close_brokers() -> None:
    """Close every connection of this process; the next call opens anew."""
    global _pool
    with _making:
        pool, _pool = _pool, None
    if pool is not None and pool.pid == os.getpid():
        pool.end()


def _current() -> _Pool:
    """This process's pool: a child of a fork makes its own."""
    global _pool
    with _making:
        if _pool is None or _pool.pid != os.getpid():
            _pool = _Pool()
        return _pool


atexit.register(close_brokers)
