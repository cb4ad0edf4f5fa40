"""The inbox: the notice is in the database already, so all that is sent is news of it to the open browsers."""

from __future__ import annotations

from asgiref.sync import sync_to_async

from apps.core.live import push_or_fail
from apps.core.words import gettext_lazy
from apps.notifications.channels.base import (
    AddedBy,
    AfterCrash,
    Channel,
    Message,
    Recipient,
    Rendered,
    Result,
    Sent,
)
from apps.notifications.channels.wire import Wire
from apps.notifications.rules import retries


def inbox_group(person_id: int) -> str:
    """The group of a person's open browsers."""
    return f"inbox.{person_id}"


class Inbox(Channel):
    kind = "inbox"
    words = gettext_lazy("Inbox")
    added_by = AddedBy.ELSEWHERE
    icon = "inbox"
    policy = retries.INBOX
    credits = 0
    timeout_s = 5.0
    most_at_once = 128
    after_crash = AfterCrash.SEND_AGAIN  # a browser shows a notice that it knows once
    needs_contact = False
    is_internal = True
    interrupts = False

    def render(self, message: Message) -> Rendered:
        event = {
            "kind": "notice",
            "uuid": message.uuid,
            "event": message.event,
            "title": message.title,
            "text": message.text,
            "url": message.url,
            "urgency": message.urgency,
            "created_at": message.created_at.isoformat(),
            "is_test": message.is_test,
            "unread": message.unread,
        }
        return Rendered(text=message.title, payload=event)

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        news = [(inbox_group(to.person_id), dict(rendered.payload))]
        await sync_to_async(push_or_fail, thread_sensitive=False)(news)
        return Sent()
