"""The ASGI application that takes alerts: find the token, bound the body, hand both over, answer."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

from apps.core.client_ip import client_ip_of_scope
from apps.signals.intake.batch import MOST, BatchTooLong, split
from apps.signals.intake.http import (
    BodyTooLarge,
    Disconnected,
    Receive,
    Scope,
    Send,
    header,
    kept_headers,
    read_body,
    send_json,
    send_problem,
    signature_headers,
)
from apps.signals.intake.reception import Letter, Reception, Taken, TurnedAway
from apps.signals.intake.redact import redact_access_logs
from apps.signals.rules import MAX_BODY_BYTES

log = logging.getLogger(__name__)

PREFIX = "/hooks/tradingview/"  # the token is in the path: such senders can set no header
BEARER = "/hooks/alerts/"  # the token is in the header Authorization, and a body may hold many alerts
MAX_BATCH_BYTES = 1024 * 1024
BODY_TIMEOUT_S = 10.0


class Intake:
    """`POST /hooks/tradingview/<token>/`, and `POST /hooks/alerts/` with `Authorization: Bearer <token>`.

    202 with the alert's id once it is durable, 503 when it cannot be made so; a refusal of the content (400,
    422) is also answered after the raw request is stored. Starts at the lifespan event or, where a server
    sends none, at the first request.
    """

    def __init__(self, conninfo: str | None = None) -> None:
        self._reception = Reception(conninfo)
        self._is_redacting = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            if not self._is_redacting:  # a server without lifespan events
                redact_access_logs()
                self._is_redacting = True
            try:
                await self._handle(scope, receive, send)
            except Disconnected:
                log.info("alert_sender_left")
            except TurnedAway as away:
                headers = [(b"retry-after", str(away.wait_s).encode("ascii"))] if away.wait_s else []
                if away.status == 401:
                    headers.append((b"www-authenticate", b'Bearer realm="alerts"'))
                await send_problem(send, away.status, away.code, away.title, away.detail, headers=headers)
        else:
            raise ValueError(f"the intake does not speak {scope['type']}")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                redact_access_logs()
                await self._reception.start()
                _spare_the_collector()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._reception.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = f"{scope['path'].removesuffix('/')}/"
        by_header = path == BEARER
        token = _bearer(scope) if by_header else path.removeprefix(PREFIX).removesuffix("/")
        if not by_header and (not path.startswith(PREFIX) or "/" in token):
            detail = f"Alerts are posted to {PREFIX}<token>/, or with the token in a header to {BEARER}."
            await send_problem(send, 404, "not_found", "Not found", detail)
            return
        if scope["method"] != "POST":
            detail = "Alerts are sent by POST."
            headers = [(b"allow", b"POST")]
            await send_problem(send, 405, "method_not_allowed", "Wrong method", detail, headers=headers)
            return
        remote_ip = client_ip_of_scope(scope)
        source = await self._reception.admit(token, remote_ip=remote_ip)
        self._reception.pace(source)
        limit = MAX_BATCH_BYTES if by_header else MAX_BODY_BYTES
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await read_body(scope, receive, limit=limit)
        except BodyTooLarge:
            await _send_too_large(send, f"This address takes at most {limit // 1024} KiB at once.")
            return
        except TimeoutError:
            detail = f"The body did not arrive within {BODY_TIMEOUT_S:.0f} s."
            headers = [(b"connection", b"close")]
            await send_problem(send, 408, "body_timeout", "The body came too slowly", detail, headers=headers)
            return
        try:
            members = split(body) if by_header else None
        except BatchTooLong:
            await _send_too_large(send, f"A batch has at most {MOST} alerts.")
            return
        if any(len(alert) > MAX_BODY_BYTES for alert in members or [body]):
            await _send_too_large(send, f"An alert has at most {MAX_BODY_BYTES} bytes (64 KiB).")
            return
        if members is not None and len(members) > 1:
            self._reception.pace(source, alerts=len(members) - 1)
        letter = Letter(
            body=body,
            alerts=[body] if members is None else members,
            kept_headers=kept_headers(scope),
            proof=signature_headers(scope) if source.signing_keys else {},
            remote_ip=remote_ip,
        )
        taken = await self._reception.take(source, letter)
        if members is None:
            await _send_one(send, taken[0])
        else:
            refused = any(one.refusal for one in taken)
            await send_json(send, 207 if refused else 202, {"alerts": [_answer(one) for one in taken]})


def _spare_the_collector() -> None:
    """What is loaded by now stays for good: searching it for garbage again and again would hold up requests."""
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()


def _bearer(scope: Scope) -> str:
    scheme, _, token = header(scope, b"authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _answer(taken: Taken) -> dict[str, Any]:
    """One alert of a batch, with the status it would have been answered alone."""
    answer: dict[str, Any] = {"id": str(taken.stored.uuid), "duplicate": taken.stored.duplicate}
    if taken.refusal is None:
        return {"status": 202, **answer}
    return taken.refusal.problem() | answer


async def _send_one(send: Send, taken: Taken) -> None:
    answer = {"id": str(taken.stored.uuid), "duplicate": taken.stored.duplicate}
    if taken.refusal is None:
        await send_json(send, 202, answer)
        return
    problem = taken.refusal.problem() | answer
    await send_json(send, taken.refusal.status, problem, content_type=b"application/problem+json")


async def _send_too_large(send: Send, detail: str) -> None:
    headers = [(b"connection", b"close")]
    await send_problem(send, 413, "body_too_large", "The body is too large", detail, headers=headers)
