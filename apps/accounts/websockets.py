"""Access tokens on WebSockets, for programs; browsers come with their session's cookie.

A program says the token in `Authorization: Bearer …` or, where it cannot set headers, as a subprotocol beside
`candlewright.v1`: `["candlewright.v1", "bearer." + token]`. Never in the address, which ends up in logs. The connection
closes with 4401 when the token runs out or its log-in ends.
"""

from __future__ import annotations

import asyncio
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.accounts.access_tokens import BadAccessToken, expiry_of, read_access_token
from apps.accounts.models import Login
from apps.accounts.selectors import login_of_token
from apps.accounts.services.second_factors.sessions import SESSION_KEY as PASSED_KEY
from apps.core.live import LOGIN_KEY, UNAUTHENTICATED

SUBPROTOCOL = "candlewright.v1"
BEARER = "bearer."


class AccessTokenMiddleware:
    """Inside the session's middleware: a token that is sent decides, whatever the cookie says."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        token, by_subprotocol = _token_of(scope)
        if token is None:
            await self.app(scope, receive, send)
            return
        login = await _open_login(token)
        scope = {
            **scope,
            "user": login.user if login else AnonymousUser(),
            "session": _session_of(login) if login else {},
        }
        closed = False

        async def send_on(message: Any) -> None:
            nonlocal closed
            if closed:
                return
            if message["type"] == "websocket.accept" and by_subprotocol:
                message = {**message, "subprotocol": SUBPROTOCOL}
            closed = message["type"] == "websocket.close"
            await send(message)

        async def close_at_expiry() -> None:
            await asyncio.sleep(max(0.0, (expiry_of(token) - timezone.now()).total_seconds()))
            await send_on({"type": "websocket.close", "code": UNAUTHENTICATED})

        clock = asyncio.create_task(close_at_expiry()) if login else None
        try:
            await self.app(scope, receive, send_on)
        finally:
            if clock:
                clock.cancel()


def _session_of(login: Login) -> dict[str, Any]:
    """What a browser's session would say of this log-in."""
    passed_at = login.user.second_factors_at if login.second_factor_at else None
    return {LOGIN_KEY: {"id": login.pk}} | ({PASSED_KEY: passed_at.isoformat()} if passed_at else {})


def _token_of(scope: Any) -> tuple[str | None, bool]:
    """The token, and whether it came as a subprotocol."""
    for protocol in scope.get("subprotocols", []):
        if protocol.startswith(BEARER):
            return protocol[len(BEARER) :], True
    for name, value in scope["headers"]:
        kind, _, token = value.decode("latin-1").partition(" ")
        if name == b"authorization" and kind.lower() == "bearer":
            return token.strip(), False
    return None, False


@database_sync_to_async
def _open_login(token: str) -> Login | None:
    try:
        found = login_of_token(read_access_token(token), None)
    except BadAccessToken:
        return None
    login = found[0] if found else None
    if login is None or login.ended_at or login.expires_at <= timezone.now() or not login.user.is_active:
        return None
    return login
