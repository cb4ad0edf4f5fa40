"""Carrying parcels: an event loop in a thread of its own, so that the database stays with the thread that owns it."""

from __future__ import annotations

import asyncio
import queue
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Thread
from types import TracebackType
from typing import Any

import httpx
import redis.asyncio
import structlog
from django.conf import settings
from django.utils import timezone
from redis import RedisError

from apps.notifications.channels.base import AfterCrash, Channel, Refused, Result, Sent, Unclear
from apps.notifications.channels.guard import Forbidden
from apps.notifications.channels.wire import Wire
from apps.notifications.choices import DeliveryStatus
from apps.notifications.choices import Outcome as Word
from apps.notifications.rules.retries import after_failure
from apps.notifications.selectors import price_of
from apps.notifications.services.sending.circuits import CLOSED, Circuits, Gate
from apps.notifications.services.sending.loading import Parcel
from apps.notifications.services.sending.outcomes import Held, Outcome, Tried
from apps.notifications.services.sending.pacing import Pacing

log = structlog.get_logger(__name__)

THREADS = 32  # for channels whose clients block
WAIT_HERE_S = 2.0  # for a place in a window; longer waits are put back into the queue
LOOK_UP_AFTER_S = 10.0  # a provider's own records may lag
LOOK_UPS = 30  # then it stays unknown what became of it
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Courier:
    """A context in which parcels are sent and what came of them is collected; its end waits for the last ones."""

    def __init__(self) -> None:
        self.flying: Counter[str] = Counter()
        self._results: queue.SimpleQueue[tuple[str, Outcome]] = queue.SimpleQueue()
        self._open_until: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="courier", daemon=True)

    def __enter__(self) -> Courier:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def send(self, parcel: Parcel) -> None:
        self.flying[parcel.channel.kind] += 1
        asyncio.run_coroutine_threadsafe(self._start(parcel), self._loop)

    def collect(self, wait_s: float) -> list[Outcome]:
        """What has come back; waits up to `wait_s` for the first one while something is under way."""
        found: list[Outcome] = []
        while True:
            try:
                wait = wait_s if not found and self.is_busy else 0.0
                kind, outcome = self._results.get(block=wait > 0, timeout=wait or None)
            except queue.Empty:
                return found
            self.flying[kind] -= 1
            found.append(outcome)

    @property
    def is_busy(self) -> bool:
        return self.flying.total() > 0

    def shut(self, channels: Sequence[Channel]) -> list[str]:
        """Channels of which nothing more should be claimed now: full, or every provider's circuit is open."""
        now = time.monotonic()
        return [
            channel.kind
            for channel in channels
            if self.flying[channel.kind] >= channel.most_at_once
            or self._open_until.get(channel.kind, 0) > now
        ]

    # In the thread of the event loop.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _begin(self) -> None:
        self._loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="courier"))
        self._wire = Wire()
        self._redis = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2, max_connections=32
        )
        prefix = settings.CACHES["default"].get("KEY_PREFIX", "candlewright")
        self._circuits = Circuits(self._redis, prefix)
        self._pacing = Pacing(self._redis, prefix)

    async def _end(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._wire.close()
        await self._redis.aclose()

    async def _start(self, parcel: Parcel) -> None:
        task = self._loop.create_task(self._carry(parcel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, parcel: Parcel) -> None:
        try:
            outcome = await self._attempt(parcel)
        except Exception:
            log.exception("courier_failed", delivery=parcel.claim.delivery_id)
            outcome = Held(
                parcel.claim, timezone.now() + timedelta(minutes=1), "the sender failed; see its log"
            )
        self._results.put((parcel.channel.kind, outcome))

    async def _attempt(self, parcel: Parcel) -> Outcome:
        channel = parcel.channel
        providers = channel.providers()
        first = providers.index(parcel.provider) if parcel.provider in providers else 0
        number, gate = await self._way(channel, providers, first)
        if gate.state == "open":
            if first == 0:
                self._open_until[channel.kind] = time.monotonic() + gate.wait_s
            return Held(parcel.claim, _later(gate.wait_s), "its provider is in trouble", providers[first])
        provider = providers[number]
        tries = parcel.tries if number == first else 0
        wait_s = await self._place(parcel, provider)
        if wait_s:
            return Held(parcel.claim, _later(wait_s), "its turn at the provider comes later", provider)
        began_at = timezone.now()
        result, was_found = await self._send(parcel, provider, tries)
        is_fault = isinstance(result, Unclear) or (isinstance(result, Refused) and result.fault)
        await self._tell(channel, provider, gate, ok=not is_fault)
        counted = tries if is_fault and gate.state == "probe" else tries + 1
        return _outcome(parcel, providers, number, result, was_found, counted, began_at)

    async def _way(self, channel: Channel, providers: Sequence[str], first: int) -> tuple[int, Gate]:
        """The first provider from `first` on whose circuit lets this through, or how long all of them are open."""
        if not channel.has_breaker:
            return first, CLOSED
        shortest: Gate | None = None
        last = len(providers) if channel.policy.fallback else first + 1
        for number in range(first, last):
            try:
                gate = await self._circuits.ask(
                    f"{channel.kind}:{providers[number]}", probe_s=channel.timeout_s + 5
                )
            except (RedisError, OSError):
                gate = CLOSED
            if gate.state != "open":
                return number, gate
            if shortest is None or gate.wait_s < shortest.wait_s:
                shortest = gate
        assert shortest is not None
        return first, shortest

    async def _tell(self, channel: Channel, provider: str, gate: Gate, *, ok: bool) -> None:
        if not channel.has_breaker or (ok and gate.state == "closed" and not gate.faults):
            return
        try:
            await self._circuits.tell(f"{channel.kind}:{provider}", ok=ok)
        except (RedisError, OSError) as error:
            log.warning("circuit_lost", provider=provider, error=str(error))

    async def _place(self, parcel: Parcel, provider: str) -> float:
        """Wait for a place in the windows of the channel; 0 when there is one, else the seconds to come back after."""
        paces = parcel.channel.paces(provider, parcel.to)
        waited = 0.0
        while True:
            try:
                wait_s = await self._pacing.take(paces)
            except (RedisError, OSError):
                return 0.0
            if not wait_s or waited + wait_s > WAIT_HERE_S:
                return wait_s
            await asyncio.sleep(wait_s)
            waited += wait_s

    async def _send(self, parcel: Parcel, provider: str, tries: int) -> tuple[Result, bool]:
        """What the channel says, and whether an earlier attempt turned out to have sent it."""
        channel = parcel.channel
        try:
            async with asyncio.timeout(channel.timeout_s):
                if parcel.is_doubtful and channel.after_crash == AfterCrash.LOOK_UP:
                    found = await channel.look_up(
                        provider, parcel.to, parcel.key, parcel.doubtful_since, self._wire
                    )
                    if found is not None:
                        return found, True
                    if tries > channel.policy.retries:
                        return Refused("the provider has no record of it", elsewhere=True), False
                return await channel.send(provider, parcel.to, parcel.rendered, parcel.key, self._wire), False
        except TimeoutError:
            return Unclear(f"no answer within {channel.timeout_s:.0f} s"), False
        except NOT_SENT as error:
            forbidden = isinstance(error.__cause__, Forbidden)
            return Refused(_words(error), fault=not forbidden), False
        except httpx.HTTPError as error:
            return Unclear(_words(error)), False
        except (RedisError, OSError) as error:  # the inbox's way
            return Refused(_words(error), fault=True), False
        except Exception as error:
            log.exception("channel_failed", channel=channel.kind, delivery=parcel.claim.delivery_id)
            return Unclear(f"the channel failed: {type(error).__name__}"), False


def _outcome(
    parcel: Parcel,
    providers: Sequence[str],
    number: int,
    result: Result,
    was_found: bool,
    tries: int,
    began_at: datetime,
) -> Tried:
    now = timezone.now()
    common: dict[str, Any] = {
        "claim": parcel.claim,
        "provider": providers[number],
        "began_at": began_at,
        "ended_at": now,
        "contact_id": parcel.contact_id,
        "http_status": result.http_status,
    }
    if isinstance(result, Sent):
        return Tried(
            **common,
            status=DeliveryStatus.DELIVERED,
            word=Word.FOUND if was_found else Word.DELIVERED,
            next_provider=providers[number],
            tries=tries,
            provider_id=result.provider_id,
            price=result.price,
            currency=result.currency,
            cost=result.parts * price_of(parcel.channel) if result.parts else None,
        )
    is_unclear = isinstance(result, Unclear)
    if isinstance(result, Unclear):
        word = Word.UNCLEAR
        refused = Refused(result.error, fault=True)
    else:
        refused = result
        word = Word.FAULT if refused.fault else Word.REFUSED
    failed = {**common, "word": word, "error": result.error, "gone": refused.gone}
    after = parcel.channel.after_crash
    is_hopeless = after == AfterCrash.LOOK_UP and parcel.claim.number >= LOOK_UPS
    if is_unclear and (after == AfterCrash.GIVE_UP or is_hopeless):
        return Tried(
            **failed,
            status=DeliveryStatus.UNKNOWN,
            next_provider=providers[number],
            tries=tries,
            is_doubtful=True,
        )
    if is_unclear and after == AfterCrash.LOOK_UP:
        return Tried(
            **failed,
            status=DeliveryStatus.WAITING,
            next_provider=providers[number],
            tries=tries,
            is_doubtful=True,
            send_after=now + timedelta(seconds=LOOK_UP_AFTER_S),
        )
    again = None
    if not (refused.permanent or refused.gone):
        again = after_failure(
            parcel.channel.policy,
            tries=max(tries, 1),
            provider=number,
            providers=len(providers),
            retry_after_s=refused.retry_after_s,
            elsewhere=refused.elsewhere,
            slow_down=refused.slow_down,
            rand=random.random,
        )
    if again is None:
        return Tried(**failed, status=DeliveryStatus.FAILED, next_provider=providers[number], tries=tries)
    return Tried(
        **failed,
        status=DeliveryStatus.WAITING,
        next_provider=providers[again.provider],
        tries=tries if again.provider == number else 0,
        is_doubtful=is_unclear,
        send_after=now + timedelta(seconds=again.pause_s),
    )


def _later(wait_s: float) -> datetime:
    """After the wait and a little more, so that not all come back at once."""
    return timezone.now() + timedelta(seconds=wait_s + random.random() * min(1.0, wait_s))


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:300]
