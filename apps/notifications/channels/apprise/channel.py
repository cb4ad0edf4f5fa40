"""More services by Apprise: those on a short list, all of them over HTTPS and through our guard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.notifications.channels.apprise.services import words_of
from apps.notifications.channels.base import Channel, Message, Pace, Recipient, Rendered, Result
from apps.notifications.channels.hooks import shortened
from apps.notifications.channels.wire import Wire
from apps.notifications.rules import retries


class Apprise(Channel):
    """The contact's target is an address as Apprise writes it: scheme://…"""

    kind = "apprise"
    words = gettext_lazy("Another service")
    icon = "globe"
    address_words = gettext_lazy("Apprise address")
    address_help = gettext_lazy(
        "Of ntfy, Gotify, Mattermost, Pushover, Pushbullet, Prowl, Google Chat, Microsoft Teams, Webex, Zulip or "
        "PagerDuty."
    )
    example = "ntfys://ntfy.sh/my-topic"
    policy = retries.CHAT
    timeout_s = 30.0
    most_at_once = 8
    has_breaker = False  # each contact has a service of its own

    def check_target(self, text: str) -> str:
        text = super().check_target(text)
        _library().service_of(text)
        return text

    def mask(self, target: str) -> str:
        return words_of(target)

    def lane(
        self, person_id: int, contact_id: int | None, options: Mapping[str, Any], serial: int
    ) -> tuple[str, bool]:
        return f"apprise:{contact_id}", False

    def paces(self, provider: str, to: Recipient) -> tuple[Pace, ...]:
        return (Pace(f"apprise:{to.contact_id}", 1, 1.0),)

    def render(self, message: Message) -> Rendered:
        title = shortened(
            gettext("Test: {title}").format(title=message.title) if message.is_test else message.title, 200
        )
        lines = [shortened(message.text, 500)]
        lines += [f"{shortened(name, 40)}: {shortened(value, 80)}" for name, value in message.facts[:8]]
        lines += [
            link
            for link in (
                message.url,
                message.ack_url and gettext("Seen: {ack_url}").format(ack_url=message.ack_url),
            )
            if link
        ]
        body = "\n".join(line for line in lines if line) or title
        return Rendered(
            text=f"{title}\n{body}", payload={"title": title, "body": body, "urgency": message.urgency}
        )

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        said = rendered.payload
        found: Result = await asyncio.to_thread(
            _library().hand_over, to.target, said["title"], said["body"], said["urgency"]
        )
        return found


def _library() -> Any:
    return import_module("apps.notifications.channels.apprise.library")
