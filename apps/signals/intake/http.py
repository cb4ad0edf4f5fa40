"""The little HTTP the intake needs, on bare ASGI messages."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SIGNATURE_HEADERS = {b"webhook-id", b"webhook-timestamp", b"webhook-signature"}
KEPT_HEADERS = {
    b"content-type",
    b"user-agent",
    b"x-forwarded-for",
    b"x-request-id",
    b"webhook-id",
    b"webhook-timestamp",
}
KEPT_HEADER_LENGTH = 300
_encode = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder for each answer


class BodyTooLarge(Exception):
    pass


class Disconnected(Exception):
    """The sender went away before the body was complete."""


async def read_body(scope: Scope, receive: Receive, *, limit: int) -> bytes:
    """The whole body, never holding more than `limit` bytes. Raises `BodyTooLarge` or `Disconnected`."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise BodyTooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def kept_headers(scope: Scope) -> dict[str, str]:
    """The headers worth keeping with a raw request, as printable text."""
    kept = {}
    for name, value in scope["headers"]:
        if name in KEPT_HEADERS:
            text = value.decode("latin-1")[:KEPT_HEADER_LENGTH]
            if not text.isprintable():
                text = "".join(char for char in text if char.isprintable())
            kept[name.decode("ascii")] = text
    return kept


def signature_headers(scope: Scope) -> dict[str, str]:
    """The headers of Standard Webhooks, those that came."""
    return {
        name.decode("ascii"): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in SIGNATURE_HEADERS
    }


def header(scope: Scope, wanted: bytes) -> str:
    """The last header of that name; empty when there is none."""
    found = ""
    for name, value in scope["headers"]:
        if name == wanted:
            found = value.decode("latin-1")
    return found


async def send_json(
    send: Send,
    status: int,
    body: dict[str, Any],
    *,
    content_type: bytes = b"application/json",
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    payload = _encode(body).encode("utf-8")
    start_headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(payload)).encode("ascii")),
        (b"cache-control", b"no-store"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": start_headers})
    await send({"type": "http.response.body", "body": payload})


async def send_problem(
    send: Send,
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    headers: Iterable[tuple[bytes, bytes]] = (),
    **extra: Any,
) -> None:
    """An RFC 9457 problem document, as the rest of the site sends them."""
    body = {"type": f"about:blank#{code}", "title": title, "status": status, "code": code, "detail": detail}
    await send_json(send, status, body | extra, content_type=b"application/problem+json", headers=headers)
