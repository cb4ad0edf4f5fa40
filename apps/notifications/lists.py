"""The lists of the inbox and of what went to a contact or a webhook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.core.lists import NEWEST, Act, Asked, Column, Listing, Sort, pick, words
from apps.core.words import gettext_lazy
from apps.notifications.choices import DeliveryStatus, Urgency
from apps.notifications.models import Delivery
from apps.notifications.rules.codes import CODE
from apps.notifications.rules.events import events
from apps.notifications.selectors import InboxFilter, content_of
from apps.notifications.services import (
    archive_notice,
    mark_read,
    mark_unread,
    replay_delivery,
    unarchive_notice,
)

STATES = [
    ("unread", gettext_lazy("Unread")),
    ("open", gettext_lazy("Waiting for an answer")),
    ("archived", gettext_lazy("Archived")),
]
_URGENCIES = [(value, label) for value, label in Urgency.choices if value > Urgency.LOW]


def _events(request: HttpRequest) -> Iterator[tuple[str, str]]:
    return ((event.name, event.words) for event in events() if event.name != CODE.name)


INBOX = Listing(
    "inbox",
    filters=(
        words(gettext_lazy("Search")),
        pick("state", gettext_lazy("All but archived"), STATES),
        pick("event", gettext_lazy("Any event"), _events),
        pick("urgency", gettext_lazy("Any urgency"), _URGENCIES),
    ),
    sorts={
        "new": NEWEST,
        "old": Sort(gettext_lazy("Oldest"), "pk", unique=True),
        "urgency": Sort(gettext_lazy("Most urgent"), "urgency", down=True),
    },
    acts=(
        Act(
            "read",
            gettext_lazy("Mark as read"),
            lambda row, request: mark_read(row),
            (gettext_lazy("1 notice is read."), gettext_lazy("{n} notices are read.")),
            undo="unread",
        ),
        Act(
            "unread",
            gettext_lazy("Mark as unread"),
            lambda row, request: mark_unread(row),
            (gettext_lazy("1 notice is unread."), gettext_lazy("{n} notices are unread.")),
            icon="mail",
            undo="read",
        ),
        Act(
            "archive",
            gettext_lazy("Archive"),
            lambda row, request: archive_notice(row),
            (gettext_lazy("1 notice is in the archive."), gettext_lazy("{n} notices are in the archive.")),
            icon="inbox",
            undo="unarchive",
            shown=lambda asked: asked["state"] != "archived",
        ),
        Act(
            "unarchive",
            gettext_lazy("Back to the inbox"),
            lambda row, request: unarchive_notice(row),
            (
                gettext_lazy("1 notice is in the inbox again."),
                gettext_lazy("{n} notices are in the inbox again."),
            ),
            icon="rotate-ccw",
            undo="archive",
            shown=lambda asked: asked["state"] == "archived",
        ),
    ),
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("at", lambda row: row.created_at),
        Column("event", lambda row: row.event),
        Column("urgency", lambda row: Urgency(row.urgency).name.lower()),
        Column("title", lambda row: content_of(row).title),
        Column("text", lambda row: content_of(row).text),
        Column("read_at", lambda row: row.read_at),
        Column("acknowledged_at", lambda row: row.acknowledged_at),
    ),
    counts=False,
)

SENT = Listing(
    "deliveries-to-contact",
    filters=(
        words(gettext_lazy("Id or error")),
        pick(
            "status",
            gettext_lazy("Any state"),
            [each for each in DeliveryStatus.choices if each[0] != DeliveryStatus.BUNDLED],
        ),
        pick("event", gettext_lazy("Any event"), _events),
    ),
    sorts={
        "new": NEWEST,
        "attempts": Sort(gettext_lazy("Attempts"), "attempts", down=True),
    },
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("made", lambda row: row.created_at),
        Column("event", lambda row: row.notice.event),
        Column("state", lambda row: row.status),
        Column("attempts", lambda row: row.attempts),
        Column("ended", lambda row: row.ended_at),
        Column("error", lambda row: row.error),
    ),
)

DELIVERIES = replace(
    SENT,
    name="webhook-deliveries",
    acts=(
        Act(
            "replay",
            gettext_lazy("Send again"),
            lambda row, request: replay_delivery(row, actor=request.user),
            (gettext_lazy("1 delivery is sent again."), gettext_lazy("{n} deliveries are sent again.")),
            icon="rotate-ccw",
        ),
    ),
    right="webhooks.manage",
)


def filter_of(asked: Asked) -> InboxFilter:
    return InboxFilter(
        state=asked["state"],
        event=asked["event"],
        urgency=int(asked["urgency"]) if asked["urgency"] else None,
        text=asked["q"],
    )


def chosen_of(rows: QuerySet[Delivery], asked: Asked) -> QuerySet[Delivery]:
    """The deliveries that the filters of `SENT` or `DELIVERIES` ask for."""
    if words := asked["q"]:
        rows = rows.filter(Q(uuid=_id_in(words)) | Q(error__icontains=words))
    return asked.chosen(rows, status="status", event="notice__event")


def _id_in(words: str) -> UUID | None:
    """The delivery that is meant: its uuid, or the `webhook-id` its receiver was given."""
    try:
        return UUID(words.removeprefix("msg_"))
    except ValueError:
        return None
