"""The ASGI application that takes alerts: look up the token, bound the body, store once, answer."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from apps.core.client_ip import client_ip_of_scope
from apps.signals.choices import SecurityEventKind
from apps.signals.intake.gather import Gatherer, Overloaded
from apps.signals.intake.http import (
    BodyTooLarge,
    Disconnected,
    Receive,
    Scope,
    Send,
    kept_headers,
    read_body,
    send_json,
    send_problem,
)
from apps.signals.intake.limits import RateLimiter
from apps.signals.intake.nudge import Nudge
from apps.signals.intake.redact import redact_access_logs
from apps.signals.intake.sources import BadToken, SourceBook
from apps.signals.intake.store import (
    Refusal,
    SourceGone,
    SourceRecord,
    Store,
    StoreUnavailable,
    conninfo_from,
)
from apps.signals.rules import MAX_BODY_BYTES
from apps.signals.statements import AlertRow, Stored, alert_row

log = logging.getLogger(__name__)

PREFIX = "/hooks/tradingview/"
# TradingView hangs up after 3 s, and resends only after an answer: these two and the round trip stay below
LOOKUP_BUDGET_S = 1.0
STORE_BUDGET_S = 1.5
BODY_TIMEOUT_S = 10.0
DRAIN_S = 5.0
RETRY_AFTER_S = 5
MAX_BATCH = 1000
MAX_WAITING = 20_000
BAD_TOKENS_PER_MINUTE = 60  # for one address; good tokens from the same address are not counted

_UNAVAILABLE = (StoreUnavailable, Overloaded, TimeoutError)


class _Running:
    """What lives from the first request to the shutdown of one event loop."""

    def __init__(self, conninfo: str) -> None:
        self.store = Store(conninfo)
        self.sources = SourceBook(self.store)
        self.alerts: Gatherer[AlertRow, Stored] = Gatherer(
            self.store.insert, max_batch=MAX_BATCH, max_waiting=MAX_WAITING
        )
        self.refusals: Gatherer[Refusal, None] = Gatherer(
            self.store.count_refusals, max_batch=MAX_BATCH, max_waiting=MAX_WAITING
        )


class Intake:
    """`POST /hooks/tradingview/<token>/`.

    202 with the alert's id once it is durable, 503 when it cannot be made so; a refusal of the content (400,
    422) is also answered after the raw request is stored. Starts at the lifespan event or, where a server
    sends none, at the first request.
    """

    def __init__(self, conninfo: str | None = None) -> None:
        self._conninfo = conninfo
        self._running: _Running | None = None
        self._limiter = RateLimiter(time.monotonic)
        self._nudge = Nudge()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            try:
                await self._handle(scope, receive, send)
            except Disconnected:
                log.info("alert_sender_left")
        else:
            raise ValueError(f"the intake does not speak {scope['type']}")

    async def start(self) -> _Running:
        if self._running is None:
            redact_access_logs()
            running = _Running(self._conninfo or conninfo_from(settings.DATABASES["default"]))
            self._running = running
            await running.store.open()
        return self._running

    async def stop(self) -> None:
        """Write what was taken in, then close. The server has stopped taking requests before."""
        running, self._running = self._running, None
        if running is not None:
            await running.alerts.drain(timeout_s=DRAIN_S)
            await running.refusals.drain(timeout_s=DRAIN_S)
            await running.store.close()
        await asyncio.to_thread(self._nudge.stop, timeout_s=2.0)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = f"{scope['path'].removesuffix('/')}/"
        token = path.removeprefix(PREFIX).removesuffix("/")
        if not path.startswith(PREFIX) or "/" in token:
            await send_problem(send, 404, "not_found", "Not found", f"Alerts are posted to {PREFIX}<token>/.")
            return
        if scope["method"] != "POST":
            detail = "Alerts are sent by POST."
            headers = [(b"allow", b"POST")]
            await send_problem(send, 405, "method_not_allowed", "Wrong method", detail, headers=headers)
            return

        running = await self.start()
        remote_ip = client_ip_of_scope(scope)
        received_at = datetime.now(UTC)
        try:
            source = await running.sources.find(token, now=received_at, timeout_s=LOOKUP_BUDGET_S)
        except _UNAVAILABLE as error:
            await self._send_unavailable(send, error)
            return
        if isinstance(source, BadToken):
            await self._refuse_token(running, send, source, remote_ip, received_at)
            return
        wait_s = self._limiter.take(("source", source.id), per_minute=source.alerts_per_minute)
        if wait_s:
            detail = (
                f"This address takes {source.alerts_per_minute} alerts a minute. Try again in {wait_s} s."
            )
            await _send_too_many(send, detail, wait_s)
            return
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await read_body(scope, receive, limit=MAX_BODY_BYTES)
        except BodyTooLarge:
            detail = f"An alert has at most {MAX_BODY_BYTES} bytes (64 KiB)."
            headers = [(b"connection", b"close")]
            await send_problem(send, 413, "body_too_large", "The body is too large", detail, headers=headers)
            return
        except TimeoutError:
            detail = f"The body did not arrive within {BODY_TIMEOUT_S:.0f} s."
            headers = [(b"connection", b"close")]
            await send_problem(send, 408, "body_timeout", "The body came too slowly", detail, headers=headers)
            return
        await self._store(running, send, source, body, kept_headers(scope), remote_ip)

    async def _store(
        self,
        running: _Running,
        send: Send,
        source: SourceRecord,
        body: bytes,
        headers: dict[str, str],
        remote_ip: str | None,
    ) -> None:
        received_at = datetime.now(UTC)
        row, refusal = alert_row(
            source.id, body, received_at=received_at, headers=headers, remote_ip=remote_ip
        )
        try:
            stored = await running.alerts.add(row, timeout_s=STORE_BUDGET_S)
        except SourceGone:
            await self._refuse_token(
                running, send, BadToken(SecurityEventKind.UNKNOWN_TOKEN), remote_ip, received_at
            )
            return
        except _UNAVAILABLE as error:
            await self._send_unavailable(send, error)
            return
        answer: dict[str, Any] = {"id": str(stored.uuid), "duplicate": stored.duplicate}
        if refusal is not None:
            problem = refusal.problem() | answer
            await send_json(send, refusal.status, problem, content_type=b"application/problem+json")
            return
        if not stored.duplicate:
            self._nudge.poke()
        await send_json(send, 202, answer)

    async def _refuse_token(
        self, running: _Running, send: Send, bad: BadToken, remote_ip: str | None, at: datetime
    ) -> None:
        """Count the event, then answer; an event that cannot be counted is logged and answered all the same."""
        wait_s = self._limiter.take(("bad token", remote_ip), per_minute=BAD_TOKENS_PER_MINUTE)
        if wait_s:
            detail = f"Too many requests without a valid token. Try again in {wait_s} s."
            await _send_too_many(send, detail, wait_s)
            return
        log.warning("alert_token_refused kind=%s ip=%s", bad.kind.value, remote_ip)
        try:
            refusal = Refusal(bad.kind.value, bad.source_id, remote_ip, at)
            await running.refusals.add(refusal, timeout_s=STORE_BUDGET_S)
        except _UNAVAILABLE as error:
            log.warning("security_event_not_stored: %s", error)
        detail = _TOKEN_ADVICE.get(
            bad.kind, "No source has this address. Make a new address on the source's page."
        )
        await send_problem(send, 401, bad.kind.value, "Not an address of ours", detail)

    async def _send_unavailable(self, send: Send, error: Exception) -> None:
        log.error("alert_not_stored: %s", error or type(error).__name__)
        detail = "The alert could not be stored. Send it again; it will not be counted twice."
        headers = [(b"retry-after", str(RETRY_AFTER_S).encode("ascii"))]
        await send_problem(send, 503, "not_stored", "Not stored", detail, headers=headers)


_TOKEN_ADVICE = {
    SecurityEventKind.INACTIVE_SOURCE: "This source is switched off. Switch it on at its page.",
}


async def _send_too_many(send: Send, detail: str, wait_s: int) -> None:
    headers = [(b"retry-after", str(wait_s).encode("ascii"))]
    await send_problem(send, 429, "too_many_requests", "Too many requests", detail, headers=headers)
