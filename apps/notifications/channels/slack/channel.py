"""Slack's incoming webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

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
from apps.notifications.rules import retries

HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
EXAMPLE = "https://hooks.slack.com/services/…"
# https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: the hook will never work again
GONE = (
    "no_service",
    "no_service_id",
    "no_team",
    "no_active_hooks",
    "team_disabled",
    "invalid_token",
    "channel_not_found",
    "channel_is_archived",
)


class Slack(Channel):
    """The contact's target is the webhook's URL."""

    kind = "slack"
    words = gettext_lazy("Slack")
    icon = "hash"
    address_words = gettext_lazy("Address of an incoming webhook")
    address_help = "api.slack.com/apps, your app, Incoming Webhooks. It posts into one channel."
    example = "https://hooks.slack.com/services/…"
    policy = retries.CHAT
    timeout_s = 15.0

    def check_target(self, text: str) -> str:
        return check_hook(text, HOSTS, EXAMPLE)

    def mask(self, target: str) -> str:
        return urlsplit(target).netloc[:100]

    def lane(
        self, person_id: int, contact_id: int | None, options: Mapping[str, Any], serial: int
    ) -> tuple[str, bool]:
        return f"slack:{contact_id}", False

    def paces(self, provider: str, to: Recipient) -> Sequence[Pace]:
        return (Pace(f"slack:{to.contact_id}", 1, 1.0),)

    def render(self, message: Message) -> Rendered:
        title = gettext("Test: {title}").format(title=message.title) if message.is_test else message.title
        lines = [
            f"*{_escaped(shortened(title, 300)).replace('*', '∗')}*",
            _escaped(shortened(message.text, 1500)),
        ]
        blocks: list[dict[str, Any]] = [_section("\n".join(line for line in lines if line))]
        fields = [
            {
                "type": "mrkdwn",
                "text": f"*{_escaped(shortened(name, 80))}*\n{_escaped(shortened(value, 300))}",
            }
            for name, value in message.facts[:20]
        ]
        for begin in range(0, len(fields), 10):  # a section has ten fields at most
            blocks.append({"type": "section", "fields": fields[begin : begin + 10]})
        links = []
        if message.url:
            links.append(f"<{_escaped(message.url)}|{_escaped(message.url_words)}>")
        if message.ack_url:
            links.append(f"<{_escaped(message.ack_url)}|I have seen this>")
        if links:
            blocks.append(_section(" · ".join(links)))
        body = {
            "text": _escaped(shortened(title, 300)),  # in the notification of Slack itself
            "blocks": blocks,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        plain = [title, message.text, *(f"{name}: {value}" for name, value in message.facts[:20])]
        return Rendered(text="\n".join(part for part in plain if part), payload=body)

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        async with wire.guarded.stream("POST", to.target, json=dict(rendered.payload)) as response:
            words = " ".join((await read_some(response)).split())
        status = response.status_code
        if status == 200:
            return Sent(http_status=status)
        error = gettext("Slack answered {status}: {words}").format(status=status, words=words)[:300]
        if words in GONE or status == 410:
            return Refused(error, gone=True, http_status=status)
        return Refused(
            error,
            permanent=400 <= status < 500 and status != 429,
            fault=status >= 500,
            retry_after_s=retry_after_s(response),
            http_status=status,
        )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
