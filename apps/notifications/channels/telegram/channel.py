"""Telegram's Bot API: messages to chats that linked themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.notifications.channels.base import (
    AddedBy,
    Channel,
    Message,
    Pace,
    Recipient,
    Refused,
    Rendered,
    Result,
    Sent,
    Unclear,
)
from apps.notifications.channels.hooks import shortened
from apps.notifications.channels.wire import Wire
from apps.notifications.errors import BadTarget
from apps.notifications.rules import retries

MOST_CHARACTERS = 4096  # after entities are parsed
GONE = re.compile(
    r"blocked by the user|user is deactivated|kicked|chat not found|not a member|group is deactivated"
)


class Telegram(Channel):
    """The contact's target is the chat's number; groups have negative ones.

    Limits of core.telegram.org/bots/faq: one message a second to a chat, twenty a minute to a group, thirty a second
    in all.
    """

    kind = "telegram"
    words = gettext_lazy("Telegram")
    icon = "send"
    added_by = AddedBy.LINK
    set_up_by = (gettext_lazy("TELEGRAM_BOT_TOKEN and TELEGRAM_BOT_NAME"),)
    policy = retries.CHAT
    timeout_s = 15.0
    most_at_once = 32

    def providers(self) -> Sequence[str]:
        return ("telegram",) if settings.TELEGRAM_BOT_TOKEN else ()

    def check_target(self, text: str) -> str:
        text = super().check_target(text)
        if not re.fullmatch(r"-?[1-9]\d{0,15}", text):
            raise BadTarget(gettext("This is no number of a Telegram chat."), field="target")
        return text

    def lane(
        self, person_id: int, contact_id: int | None, options: Mapping[str, Any], serial: int
    ) -> tuple[str, bool]:
        return f"telegram:{contact_id}", False

    def paces(self, provider: str, to: Recipient) -> Sequence[Pace]:
        paces = [Pace("telegram:all", 30, 1.0), Pace(f"telegram:chat:{to.target}", 1, 1.0)]
        if to.target.startswith("-"):
            paces.append(Pace(f"telegram:group:{to.target}", 20, 60.0))
        return paces

    def render(self, message: Message) -> Rendered:
        title = shortened(
            gettext("Test: {title}").format(title=message.title) if message.is_test else message.title, 300
        )
        facts = [(shortened(name, 50), shortened(value, 100)) for name, value in message.facts[:20]]
        taken = len(title) + sum(len(name) + len(value) + 3 for name, value in facts) + 4
        body = shortened(message.text, MOST_CHARACTERS - taken)
        head = f"<b>{_escaped(title)}</b>"
        table = "\n".join(
            gettext("{name}: <code>{value}</code>").format(name=_escaped(name), value=_escaped(value))
            for name, value in facts
        )
        text = "\n\n".join(part for part in (head, _escaped(body), table) if part)
        buttons = []
        if message.url:
            buttons.append([{"text": message.url_words, "url": message.url}])
        if message.ack_url:
            buttons.append([{"text": gettext("I have seen this"), "url": message.ack_url}])
        plain = [title, body, *(f"{name}: {value}" for name, value in facts)]
        return Rendered(
            text="\n".join(part for part in plain if part),
            html=text.replace("\n", "<br>"),
            payload={"text": text, "buttons": buttons},
        )

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        result, moved_to = await self._send(to.target, rendered, wire)
        if moved_to:  # the group became a supergroup; its own message about that mends the contact
            result, _ = await self._send(moved_to, rendered, wire)
        return result

    async def _send(self, chat: str, rendered: Rendered, wire: Wire) -> tuple[Result, str]:
        body: dict[str, Any] = {
            "chat_id": int(chat),
            "text": rendered.payload["text"],
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        if rendered.payload["buttons"]:
            body["reply_markup"] = {"inline_keyboard": rendered.payload["buttons"]}
        response = await call(wire.http, "sendMessage", body)
        return _result(response)


async def call(http: httpx.AsyncClient, method: str, body: Mapping[str, Any]) -> httpx.Response:
    """A method of the Bot API."""
    url = f"{settings.TELEGRAM_API_URL}/bot{settings.TELEGRAM_BOT_TOKEN}/{method}"
    return await http.post(url, json=dict(body))


def _escaped(text: str) -> str:
    return escape(text, quote=False)


def _result(response: httpx.Response) -> tuple[Result, str]:
    status = response.status_code
    try:
        answer = response.json()
        description = str(answer.get("description", ""))
        parameters = answer.get("parameters") or {}
    except (ValueError, AttributeError):
        answer, description, parameters = {}, "", {}
    if status == 200 and answer.get("ok"):
        return Sent(str(answer["result"]["message_id"]), http_status=status), ""
    if status < 400:
        return Unclear(
            gettext("Telegram answered {status} without a result").format(status=status), status
        ), ""
    words = gettext("Telegram answered {status}: {description}").format(
        status=status, description=description
    )[:300]
    if moved_to := parameters.get("migrate_to_chat_id"):
        return Refused(words, http_status=status), str(moved_to)
    if status == 403 or (status == 400 and GONE.search(description)):
        return Refused(words, gone=True, http_status=status), ""
    return Refused(
        words,
        permanent=status in (400, 401, 404),
        fault=status >= 500,
        retry_after_s=float(parameters.get("retry_after", 0)),
        http_status=status,
    ), ""
