"""Outgoing webhooks by Standard Webhooks 1.0.0."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext

from apps.core import standard_webhooks as signing
from apps.core.words import gettext_lazy
from apps.notifications.channels.base import (
    AddedBy,
    AfterCrash,
    Channel,
    Message,
    Recipient,
    Refused,
    Rendered,
    Result,
    Sent,
)
from apps.notifications.channels.guard import check_url
from apps.notifications.channels.wire import Wire, read_some, retry_after_s
from apps.notifications.choices import Urgency
from apps.notifications.rules import retries

SPLIT = 8  # queues of an endpoint that asks for no order: so many requests to it at once, over all workers
SLOW_DOWN = (429, 502, 503, 504)


class Webhook(Channel):
    """The contact's target is the URL, its secrets the keys that sign: [{"key": "whsec_…", "until": null}, …].

    `options["ordered"]` makes the next delivery wait until the one before it has ended, however long that takes; with
    `options["ordered_by"]`, a field of the data, only where both say the same in it.
    """

    kind = "webhook"
    words = gettext_lazy("Webhook")
    added_by = AddedBy.ELSEWHERE
    icon = "webhook"
    policy = retries.WEBHOOK
    timeout_s = 20.0
    most_at_once = 64
    after_crash = AfterCrash.SEND_AGAIN  # receivers know a message again by its webhook-id
    interrupts = False
    has_breaker = False  # each endpoint is its own: one that fails is slowed down by its schedule
    disable_after = timedelta(days=5)

    def check_target(self, text: str) -> str:
        return check_url(text)

    def mask(self, target: str) -> str:
        """Paths often hold a token: only the host is shown."""
        return urlsplit(target).netloc[:100]

    def lane(
        self, person_id: int, contact_id: int | None, options: Mapping[str, Any], serial: int
    ) -> tuple[str, bool]:
        if options.get("ordered"):
            return (
                f"webhook:{contact_id}:={serial}" if options.get("ordered_by") else f"webhook:{contact_id}"
            ), True
        return f"webhook:{contact_id}:{serial % SPLIT}", False

    def render(self, message: Message) -> Rendered:
        body = {
            "type": message.event,
            "timestamp": message.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": {
                **message.data,
                "notice_id": message.uuid,
                "title": message.title,
                "url": message.url,
                "urgency": Urgency(message.urgency).name.lower(),
                "is_test": message.is_test,
            },
        }
        return Rendered(
            text=json.dumps(body, indent=2, ensure_ascii=False, default=str),
            payload={"body": json.dumps(body, separators=(",", ":"), ensure_ascii=False, default=str)},
        )

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        now = datetime.now(UTC)
        body = rendered.payload["body"].encode()
        headers = {
            "content-type": "application/json",
            "user-agent": gettext("Candlewright-Webhooks/1"),
            **signing.headers(keys_in_force(to.secrets, now), f"msg_{key}", now, body),
        }
        try:
            async with wire.guarded.stream("POST", to.target, content=body, headers=headers) as response:
                words = await read_some(response)
        except httpx.InvalidURL as error:
            return Refused(f"the address cannot be used: {error}"[:300], permanent=True)
        return _result(response, words)


def keys_in_force(secrets: Any, now: datetime) -> list[str]:
    """The newest key first, then those that it replaced and that still count."""
    return [
        entry["key"]
        for entry in secrets
        if entry.get("until") is None or datetime.fromisoformat(entry["until"]) > now
    ]


def _result(response: httpx.Response, words: str) -> Result:
    status = response.status_code
    if 200 <= status < 300:
        return Sent(http_status=status)
    error = f"answered {status}: {' '.join(words.split())}"[:300]
    if status == 410:
        return Refused(error, gone=True, http_status=status)
    if 300 <= status < 400:
        error = f"answered {status}: redirects are not followed, give the final address"
    wait_s = retry_after_s(response)
    slow_down = status in SLOW_DOWN and not wait_s
    return Refused(error, retry_after_s=wait_s, slow_down=slow_down, http_status=status)
