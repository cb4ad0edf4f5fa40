"""Notifications of the browser by Web Push (RFC 8030): any push service, no account anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext

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
from apps.notifications.channels.push_web import encryption
from apps.notifications.channels.wire import Wire, read_some, retry_after_s
from apps.notifications.choices import Urgency
from apps.notifications.rules import retries

URGENCY = {Urgency.LOW: "low", Urgency.NORMAL: "normal", Urgency.HIGH: "high", Urgency.CRITICAL: "high"}
LIFE_S = {Urgency.LOW: 86_400, Urgency.NORMAL: 86_400, Urgency.HIGH: 14_400, Urgency.CRITICAL: 14_400}


class PushWeb(Channel):
    """The contact's target is the subscription's endpoint, its secrets {"p256dh", "auth"}."""

    kind = "push_web"
    words = gettext_lazy("Browser")
    icon = "monitor"
    added_by = AddedBy.BROWSER
    set_up_by = ("VAPID_PRIVATE_KEY",)
    policy = retries.PUSH
    credits = 0
    timeout_s = 15.0
    most_at_once = 64
    after_crash = (
        AfterCrash.SEND_AGAIN
    )  # of one Topic a service keeps the newest; of one tag a browser shows one
    has_breaker = False  # each browser has a push service of its maker

    def providers(self) -> Sequence[str]:
        return ("push_web",) if settings.VAPID_PRIVATE_KEY else ()

    def check_target(self, text: str) -> str:
        return check_url(text)

    def mask(self, target: str) -> str:
        return urlsplit(target).netloc[:100]

    def lane(
        self, person_id: int, contact_id: int | None, options: Mapping[str, Any], serial: int
    ) -> tuple[str, bool]:
        return f"push_web:{contact_id}", False

    def render(self, message: Message) -> Rendered:
        facts = "\n".join(f"{name}: {value}" for name, value in message.facts)
        body = "\n".join(part for part in (message.text, facts) if part)
        title = gettext("Test: {title}").format(title=message.title) if message.is_test else message.title
        shown = {
            "title": title[:120],
            "body": body[:600],
            "url": message.ack_url or message.url or settings.SITE_URL,
            "stays": message.urgency >= Urgency.HIGH,
        }
        return Rendered(
            text=f"{shown['title']}\n{shown['body']}".strip(),
            payload={"shown": shown, "urgency": message.urgency},
        )

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        urgency = Urgency(rendered.payload["urgency"])
        topic = encryption.b64(UUID(key).bytes)
        headers = {
            "authorization": encryption.authorization(to.target, datetime.now(UTC)),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(LIFE_S[urgency]),
            "topic": topic,
            "urgency": URGENCY[urgency],
        }
        body = encryption.encrypt(
            _fitting({**rendered.payload["shown"], "tag": topic}), to.secrets["p256dh"], to.secrets["auth"]
        )
        async with wire.guarded.stream("POST", to.target, content=body, headers=headers) as response:
            words = " ".join((await read_some(response)).split())
        status = response.status_code
        if 200 <= status < 300:
            return Sent(response.headers.get("Location", "").rsplit("/", 1)[-1][:200], http_status=status)
        error = f"the push service answered {status}: {words}"[:300]
        if status in (404, 410):
            return Refused(error, gone=True, http_status=status)
        return Refused(error, fault=status >= 500, retry_after_s=retry_after_s(response), http_status=status)


def _fitting(shown: dict[str, Any]) -> bytes:
    """As JSON, its text cut until a push service takes it."""
    while (
        len(data := json.dumps(shown, ensure_ascii=False, default=str, separators=(",", ":")).encode())
        > encryption.MOST_BYTES
    ):
        if not shown["body"]:
            return json.dumps({**shown, "url": settings.SITE_URL}, ensure_ascii=False, default=str).encode()
        shown = {**shown, "body": shown["body"][: len(shown["body"]) // 2]}
    return data
