"""Reading and acknowledging."""

from __future__ import annotations

from django.db import transaction
from django.db.models import DateTimeField
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.models import User
from apps.core.live import push_on_commit
from apps.core.words import gettext_noop
from apps.notifications.channels.inbox.channel import inbox_group
from apps.notifications.choices import DeliveryStatus
from apps.notifications.models import Delivery, Notice
from apps.notifications.selectors import inbox_of, unread_count


def live_group(person_id: int) -> str:
    """The Channels group of a person's open browsers."""
    return inbox_group(person_id)


@transaction.atomic
def acknowledge(notice: Notice, *, way: str) -> bool:
    """Somebody has seen it: nothing more is sent of it. Returns whether this was the first time."""
    now = timezone.now()
    first = Notice.objects.filter(pk=notice.pk, acknowledged_at=None).update(
        acknowledged_at=now, acknowledged_by=way
    )
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=now)
    Delivery.objects.filter(notice=notice, status=DeliveryStatus.WAITING).update(
        status=DeliveryStatus.CANCELLED, ended_at=now, error=gettext_noop("acknowledged before it was sent")
    )
    if first:
        _tell(notice.person_id, {"kind": "acknowledged", "uuid": str(notice.uuid)})
    return bool(first)


@transaction.atomic
def mark_read(notice: Notice) -> None:
    if Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=timezone.now()):
        _tell(notice.person_id, {"kind": "read", "uuid": str(notice.uuid)})


@transaction.atomic
def mark_all_read(person: User) -> int:
    """Returns how many were unread."""
    number = inbox_of(person).filter(read_at=None).update(read_at=timezone.now())
    if number:
        _tell(person.pk, {"kind": "read", "uuid": None})
    return number


@transaction.atomic
def mark_unread(notice: Notice) -> None:
    """As if it had just come; it is in the inbox again, where it was put away."""
    rows = Notice.objects.filter(pk=notice.pk).exclude(read_at=None)
    if rows.update(read_at=None, archived_at=None):
        _tell(notice.person_id, {"kind": "read", "uuid": str(notice.uuid)})


@transaction.atomic
def archive_notice(notice: Notice) -> None:
    """Put it away, read; `unarchive_notice` brings it back."""
    now = timezone.now()
    read_at = Coalesce("read_at", now, output_field=DateTimeField())
    if Notice.objects.filter(pk=notice.pk, archived_at=None).update(archived_at=now, read_at=read_at):
        _tell(notice.person_id, {"kind": "read", "uuid": str(notice.uuid)})


@transaction.atomic
def unarchive_notice(notice: Notice) -> None:
    if Notice.objects.filter(pk=notice.pk).exclude(archived_at=None).update(archived_at=None):
        _tell(notice.person_id, {"kind": "read", "uuid": str(notice.uuid)})


def _tell(person_id: int, event: dict[str, object]) -> None:
    """The person's other browsers show it as well."""
    push_on_commit(inbox_group(person_id), {**event, "unread": unread_count(person_id)})
