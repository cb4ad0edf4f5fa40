"""Twilio's Messages API, by its own client over our connections."""

from __future__ import annotations

import logging
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import gettext
from twilio.base.exceptions import TwilioRestException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from apps.notifications.channels.base import Refused, Result, Sent
from apps.notifications.channels.wire import Wire, retry_after_s

PUBLIC_URL = "https://api.twilio.com"
# https://www.twilio.com/docs/api/errors
UNSUBSCRIBED = 21610  # the person answered STOP
NEVER = {21211, 21214, 21217, 21401, 21421, 21614}  # no number that takes messages
NOT_HERE = {
    21408,
    21612,
    21606,
    21659,
    21660,
    20003,
    20404,
    30002,
}  # not by this account: another provider may


class _Http(AsyncHttpClient):
    """Carries the client's requests over httpx, to TWILIO_API_URL."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        super().__init__(logging.getLogger(__name__), is_async=True)
        self.http = http
        self.last: httpx.Response | None = None

    async def request(  # type: ignore[override]
        self,
        method: str,
        uri: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        self.last = await self.http.request(
            method,
            uri.replace(PUBLIC_URL, settings.TWILIO_API_URL, 1),
            params=params,
            data=data,
            headers=headers,
            auth=auth,
        )
        return Response(self.last.status_code, self.last.text, self.last.headers)


def _client(wire: Wire) -> tuple[Client, _Http]:
    http = _Http(wire.http)
    return Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=http), http


async def send(number: str, text: str, key: str, wire: Wire) -> Result:
    client, http = _client(wire)
    sender = settings.TWILIO_FROM
    origin = {"messaging_service_sid" if sender.startswith("MG") else "from_": sender}
    try:
        made = await client.messages.create_async(to=number, body=text, **origin)
    except TwilioRestException as error:
        return _refused(error, http.last)
    return _sent(made, http.last.status_code if http.last else None)


async def look_up(number: str, tag: str, key: str, since: datetime, wire: Wire) -> Sent | None:
    """The message to that number since then that ends with the tag."""
    client, _ = _client(wire)
    try:
        messages = await client.messages.list_async(to=number, date_sent_after=since, limit=200)
    except TwilioRestException as error:
        raise httpx.ReadError(
            gettext("Twilio's list answered {status}: {msg}").format(status=error.status, msg=error.msg)
        ) from None
    for found in messages:
        if (found.body or "").endswith(tag) and found.status not in ("failed", "undelivered", "canceled"):
            return _sent(found, None)
    return None


def _sent(message: Any, status: int | None) -> Sent:
    price = abs(Decimal(message.price)) if message.price else None
    currency = (message.price_unit or "").upper() if price is not None else ""
    parts = int(message.num_segments) if message.num_segments and int(message.num_segments) else None
    return Sent(message.sid, price, currency, status, parts=parts)


def _refused(error: TwilioRestException, response: httpx.Response | None) -> Refused:
    words = gettext("Twilio answered {status}, error {code}: {msg}").format(
        status=error.status, code=error.code, msg=error.msg
    )[:300]
    if error.code == UNSUBSCRIBED:
        return Refused(words, gone=True, http_status=error.status)
    if error.code in NEVER:
        return Refused(words, permanent=True, http_status=error.status)
    return Refused(
        words,
        elsewhere=error.code in NOT_HERE or error.status in (401, 403),
        fault=error.status >= 500,
        retry_after_s=retry_after_s(response) if response is not None else 0.0,
        http_status=error.status,
    )
