"""Midtrans' own client, given what it lacks: a time limit, another address, and errors in our words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from django.conf import settings
from midtransclient import Snap
from midtransclient.config import ApiConfig
from midtransclient.error_midtrans import JSONDecodeError, MidtransAPIError

from apps.billing.errors import GatewayRefused, GatewayUnreachable

LIMIT_S = (5, 15)  # to connect, to answer
BUSY = (408, 425, 429, 500, 502, 503, 504, 505)
MISSING = 404


class Hosts(ApiConfig):  # type: ignore[misc]
    """The addresses of sandbox or production, as the key says which; MIDTRANS_API_BASE takes the place of both."""

    def get_core_api_base_url(self) -> str:
        return settings.MIDTRANS_API_BASE or super().get_core_api_base_url()

    def get_snap_base_url(self) -> str:
        base = settings.MIDTRANS_API_BASE
        return f"{base}/snap/v1" if base else super().get_snap_base_url()


class LimitedSession(requests.Session):
    """The library asks without a time limit, for as long as the other side likes."""

    def request(self, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        return super().request(*args, **options | {"timeout": LIMIT_S})


class NoSuchOrder(Exception):
    """Midtrans knows an order only once somebody chose how to pay it."""


def client(notify_url: str = "") -> Snap:
    """The library's object for one call. Notifications of orders made with it go to `notify_url`."""
    key = settings.MIDTRANS_SERVER_KEY
    snap = Snap()
    snap.api_config = Hosts(
        is_production=not key.startswith("SB-"),
        server_key=key,
        client_key=settings.MIDTRANS_CLIENT_KEY,
        custom_headers={"X-Override-Notification": notify_url} if notify_url else {},
    )
    snap.http_client.http_client = LimitedSession()
    return snap


def ask(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Its answer. Raises NoSuchOrder, GatewayUnreachable (try again) and GatewayRefused (don't) in its place."""
    try:
        return call()
    except (requests.RequestException, JSONDecodeError) as error:
        raise GatewayUnreachable("Midtrans did not answer. Try again in a minute.") from error
    except MidtransAPIError as error:
        body = error.api_response_dict if isinstance(error.api_response_dict, dict) else {}
        code = int(body.get("status_code") or error.http_status_code)
        if code == MISSING:
            raise NoSuchOrder from error
        if code in BUSY or code >= 500:
            raise GatewayUnreachable(f"Midtrans answered {code}. Try again in a minute.") from error
        told = "; ".join(body.get("error_messages") or []) or body.get("status_message") or "no reason given"
        raise GatewayRefused(f"Midtrans refused ({code}): {told}"[:400]) from error
