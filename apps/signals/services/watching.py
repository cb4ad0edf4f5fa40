"""Who is told when alerts cannot be read, and what the journal learns of requests that were turned away."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.journal.services import record
from apps.notifications.services import NewNotice, queue_notices
from apps.signals.choices import AlertStatus
from apps.signals.events import ALERTS_REFUSED, SYMBOL_UNKNOWN
from apps.signals.models import Alert, AlertSource, SecurityEvent

BATCH = 500
UNKNOWN = ("unknown_symbol", "unknown_timeframe")


@dataclass
class _Found:
    """What could not be read of a source on one day."""

    source: AlertSource
    number: int = 0
    unknown: int = 0
    example: str = ""
    unknown_example: str = ""


@transaction.atomic
def tell_refused(*, now: datetime | None = None) -> int:
    """Tell of alerts that stand for review, once for each source and day: the owner of any, staff of unknown symbols.

    Returns how many alerts were looked at.
    """
    now = now or timezone.now()
    alerts = list(
        Alert.objects.filter(status=AlertStatus.REJECTED, processed_at=None)
        .select_related("source__workspace")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .order_by("id")[:BATCH]
    )
    found: dict[tuple[int, str], _Found] = {}
    for alert in alerts:
        if alert.is_test:
            continue
        day = alert.received_at.date().isoformat()
        one = found.setdefault((alert.source_id, day), _Found(alert.source))
        problem = alert.problem or {}
        one.number += 1
        one.example = one.example or str(problem.get("detail", ""))
        if problem.get("code") in UNKNOWN:
            one.unknown += 1
            one.unknown_example = one.unknown_example or str(problem.get("detail", ""))
    if found:
        staff = list(User.objects.filter(is_staff=True, is_active=True).values_list("pk", flat=True))
        notices = [_to_owner(one, day) for (_, day), one in found.items()]
        notices += [
            _to_staff(one, day, person) for (_, day), one in found.items() if one.unknown for person in staff
        ]
        queue_notices(notices, now=now)
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(processed_at=now)
    return len(alerts)


@transaction.atomic
def record_refusals(*, now: datetime | None = None) -> int:
    """Write what sources turned away into their journals, once its minute is over. Returns how many."""
    now = now or timezone.now()
    events = list(
        SecurityEvent.objects.filter(
            source__isnull=False, recorded_at=None, minute__lt=now - timedelta(seconds=90)
        )
        .select_related("source__workspace")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("minute")[:BATCH]
    )
    grouped: dict[tuple[int, str, datetime], list[SecurityEvent]] = defaultdict(list)
    for event in events:
        grouped[event.source_id or 0, event.kind, event.minute].append(event)
    for (_, kind, minute), same in grouped.items():
        source = same[0].source
        assert source is not None
        record(
            actor=None,
            workspace=source.workspace,
            action="signals.source.request_refused",
            target=source,
            changes={"why": kind, "minute": minute.isoformat(), "requests": sum(one.count for one in same)},
            personal={"addresses": sorted({str(one.remote_ip) for one in same if one.remote_ip})},
        )
    SecurityEvent.objects.filter(pk__in=[event.pk for event in events]).update(recorded_at=now)
    return len(events)


def _to_owner(found: _Found, day: str) -> NewNotice:
    source = found.source
    return NewNotice(
        person_id=source.workspace.owner_id,
        event=ALERTS_REFUSED.name,
        key=f"refused:{source.uuid}:{day}",
        data=lambda: {
            "title": gettext("{name}: alerts cannot be read").format(name=source.name),
            "text": gettext("They are kept for review and made no signal. Told once a day for each source."),
            "facts": [["Day", day], [gettext("For example"), found.example]],
            "url": f"/signals/sources/{source.uuid}/?status=rejected",
            "url_words": gettext("Open the review queue"),
        },
        workspace_id=source.workspace_id,
    )


def _to_staff(found: _Found, day: str, person_id: int) -> NewNotice:
    source = found.source
    return NewNotice(
        person_id=person_id,
        event=SYMBOL_UNKNOWN.name,
        key=f"unknown:{source.uuid}:{day}:{person_id}",
        data=lambda: {
            "title": gettext("Unknown symbol or timeframe: {name}").format(name=source.name),
            "text": gettext("An alert named something that we do not know. Told once a day for each source."),
            "facts": [
                ["Workspace", source.workspace.name],
                ["Day", day],
                [gettext("For example"), found.unknown_example],
            ],
            "url": "/admin/signals/refusedalert/",
            "url_words": gettext("Open the review queue"),
        },
    )
