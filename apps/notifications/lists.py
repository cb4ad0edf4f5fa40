"""The inbox as a list."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest

from apps.core.lists import Act, Asked, Listing, pick, words
from apps.notifications.choices import Urgency
from apps.notifications.rules.codes import CODE
from apps.notifications.rules.events import events
from apps.notifications.selectors import InboxFilter
from apps.notifications.services import archive_notice, mark_read, mark_unread, unarchive_notice

STATES = [("unread", "Unread"), ("open", "Waiting for an answer"), ("archived", "Archived")]
_URGENCIES = [(value, label) for value, label in Urgency.choices if value > Urgency.LOW]


def _events(request: HttpRequest) -> Iterator[tuple[str, str]]:
    return ((event.name, event.words) for event in events() if event.name != CODE.name)


INBOX = Listing(
    "inbox",
    filters=(
        words("Search"),
        pick("state", "All but archived", STATES),
        pick("event", "Any event", _events),
        pick("urgency", "Any urgency", _URGENCIES),
    ),
    acts=(
        Act(
            "read",
            "Mark as read",
            lambda row, request: mark_read(row),
            ("1 notice is read.", "{n} notices are read."),
            undo="unread",
        ),
        Act(
            "unread",
            "Mark as unread",
            lambda row, request: mark_unread(row),
            ("1 notice is unread.", "{n} notices are unread."),
            icon="mail",
            undo="read",
        ),
        Act(
            "archive",
            "Archive",
            lambda row, request: archive_notice(row),
            ("1 notice is in the archive.", "{n} notices are in the archive."),
            icon="inbox",
            undo="unarchive",
            shown=lambda asked: asked["state"] != "archived",
        ),
        Act(
            "unarchive",
            "Back to the inbox",
            lambda row, request: unarchive_notice(row),
            ("1 notice is in the inbox again.", "{n} notices are in the inbox again."),
            icon="rotate-ccw",
            undo="archive",
            shown=lambda asked: asked["state"] == "archived",
        ),
    ),
    counts=False,
)


def filter_of(asked: Asked) -> InboxFilter:
    return InboxFilter(
        state=asked["state"],
        event=asked["event"],
        urgency=int(asked["urgency"]) if asked["urgency"] else None,
        text=asked["q"],
    )
