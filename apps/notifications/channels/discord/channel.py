"""Discord's webhooks."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.notifications.channels.base import (
    Channel,
    Message,
    Pace,
    Recipient,
    Refused,
    Rendered,
    Result,
    Sent,
)
from apps.notifications.channels.hooks import check_hook, shortened
from apps.notifications.channels.wire import Wire, read_some, retry_after_s
from apps.notifications.choices import Urgency
from apps.notifications.rules import retries

HOSTS = ("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com")
EXAMPLE = "https://discord.com/api/webhooks/…"
GONE_CODES = (10015, 50027)  # unknown webhook, its token is void
COLOURS = {
    Urgency.LOW: 0x6B7280,
    Urgency.NORMAL: 0x2563EB,
    Urgency.HIGH: 0xD97706,
    Urgency.CRITICAL: 0xDC2626,
}
WAIT_HERE_S = 5.0


class Discord(Channel):
    """The contact's target is the webhook's URL; `?thread_id=` in it is kept."""

    kind = "discord"
    words = gettext_lazy("Discord")
    icon = "hash"
    address_words = gettext_lazy("Address of a webhook")
    address_help = gettext_lazy("Settings of the Discord channel, Integrations, Webhooks, Copy URL.")
    example = "https://discord.com/api/webhooks/…"
    policy = retries.CHAT
    timeout_s = 20.0

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}  # until when Discord's own headers say that a webhook is used up

    def check_target(self, text: str) -> str:
        return check_hook(text, HOSTS, EXAMPLE)

    def mask(self, target: str) -> str:
        return urlsplit(target).netloc[:100]

    def lane(
        self, person_id: int, contact_id: int | None, options: Mapping[str, Any], serial: int
    ) -> tuple[str, bool]:
        return f"discord:{contact_id}", False

    def paces(self, provider: str, to: Recipient) -> Sequence[Pace]:
        return (Pace(f"discord:{to.contact_id}", 5, 2.0), Pace(f"discord:{to.contact_id}:minute", 30, 60.0))

    def render(self, message: Message) -> Rendered:
        title = gettext("Test: {title}").format(title=message.title) if message.is_test else message.title
        links = f"\n\n[I have seen this]({message.ack_url})" if message.ack_url else ""
        embed: dict[str, Any] = {
            "title": shortened(title, 256),
            "description": _escaped(shortened(message.text, 1500)) + links,
            "color": COLOURS[Urgency(message.urgency)],
            "timestamp": message.created_at.isoformat(),
            "fields": [
                {
                    "name": shortened(name, 100),
                    "value": _escaped(shortened(value, 100)) or "–",
                    "inline": True,
                }
                for name, value in message.facts[:20]
            ],
        }
        if message.url:
            embed["url"] = message.url
        plain = [title, message.text, *(f"{name}: {value}" for name, value in message.facts[:20])]
        return Rendered(
            text="\n".join(part for part in plain if part),
            payload={"embeds": [embed], "allowed_mentions": {"parse": []}},
        )

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        wait_s = self._free_at.pop(to.target, 0.0) - time.monotonic()
        if wait_s > WAIT_HERE_S:
            self._free_at[to.target] = wait_s + time.monotonic()
            return Refused(gettext("Discord asked for a longer pause"), retry_after_s=wait_s)
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        url = httpx.URL(to.target).copy_merge_params({"wait": "true"})
        async with wire.guarded.stream("POST", url, json=dict(rendered.payload)) as response:
            words = await read_some(response)
        if response.headers.get("X-RateLimit-Remaining") == "0":
            self._free_at[to.target] = time.monotonic() + _seconds(
                response.headers.get("X-RateLimit-Reset-After")
            )
        return _result(response, words)


def _result(response: httpx.Response, words: str) -> Result:
    status = response.status_code
    try:
        answer = json.loads(words)
    except ValueError:
        answer = {}
    answer = answer if isinstance(answer, dict) else {}
    if 200 <= status < 300:
        return Sent(str(answer.get("id", "")), http_status=status)
    error = gettext("Discord answered {status}: {value}").format(
        status=status, value=answer.get("message") or words
    )[:300]
    if status == 404 or answer.get("code") in GONE_CODES:
        return Refused(error, gone=True, http_status=status)
    return Refused(
        error,
        permanent=400 <= status < 500 and status != 429,
        fault=status >= 500,
        retry_after_s=max(retry_after_s(response), _seconds(answer.get("retry_after")))
        if status == 429
        else 0.0,
        http_status=status,
    )


def _seconds(value: Any) -> float:
    try:
        return max(0.0, float(value or 0))
    except (TypeError, ValueError):
        return 0.0


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_~`|])", r"\\\1", text)
