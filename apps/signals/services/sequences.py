"""Numbers that senders count their alerts by: what is missing, what came twice.

Called while the workspace is locked, so that the numbers of a source are looked at one signal after another. Signals
may be looked at out of order: a number that came late closes the gap it left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.notifications.services import NewNotice, queue_notices
from apps.signals.choices import IncidentKind, IncidentState
from apps.signals.events import SEQUENCE_BROKEN
from apps.signals.models import SequenceIncident, SequencePosition, Signal

GRACE = timedelta(seconds=30)  # numbers that come out of order have come by then
MOST_TOLD = 100


def follow_sequences(signals: Sequence[Signal], *, now: datetime) -> None:
    """Note the numbers of these signals; open an incident for a gap, close one that is filled. Tests do not count.

    After a lower number that fills no gap the sequence goes on from there: senders start again.
    """
    numbered = [signal for signal in signals if signal.seq is not None and not signal.is_test]
    if not numbered:
        return
    sources = {signal.source_id for signal in numbered}
    highest = {
        (position.source_id, position.strategy): position.highest
        for position in SequencePosition.objects.filter(source__in=sources)
    }
    gaps: dict[tuple[int, str], list[SequenceIncident]] = defaultdict(list)
    stored = SequenceIncident.objects.filter(
        source__in=sources, kind=IncidentKind.GAP, state=IncidentState.OPEN
    )
    for gap in stored:
        gaps[gap.source_id, gap.strategy].append(gap)
    new: list[SequenceIncident] = []
    filled: list[SequenceIncident] = []
    for signal in numbered:
        place, number = (signal.source_id, signal.strategy), int(signal.seq or 0)
        before = highest.get(place, number - 1)
        around = next((gap for gap in gaps[place] if gap.first <= number <= gap.last), None)
        if number > before + 1:
            gap = _incident(place, IncidentKind.GAP, before + 1, number - 1, now)
            gaps[place].append(gap)
            new.append(gap)
        elif number <= before and around is not None:
            _fill(around, now)
            if around.state == IncidentState.CLOSED:
                gaps[place].remove(around)
            filled.append(around)
            continue
        elif number <= before:
            new.append(_incident(place, IncidentKind.REGRESSION, number, number, now))
        highest[place] = number
    SequencePosition.objects.bulk_create(
        [
            SequencePosition(source_id=source_id, strategy=strategy, highest=number)
            for (source_id, strategy), number in highest.items()
        ],
        update_conflicts=True,
        unique_fields=["source", "strategy"],
        update_fields=["highest"],
    )
    known = {id(incident) for incident in new}
    SequenceIncident.objects.bulk_create(incident for incident in new if incident.state == IncidentState.OPEN)
    SequenceIncident.objects.bulk_update(
        {gap.pk: gap for gap in filled if id(gap) not in known}.values(), ["missing", "state", "closed_at"]
    )


def _incident(
    place: tuple[int, str], kind: IncidentKind, first: int, last: int, now: datetime
) -> SequenceIncident:
    missing = last - first + 1 if kind == IncidentKind.GAP else 0
    return SequenceIncident(
        source_id=place[0], strategy=place[1], kind=kind, first=first, last=last, missing=missing, seen_at=now
    )


def _fill(gap: SequenceIncident, now: datetime) -> None:
    gap.missing -= 1
    if gap.missing <= 0:
        gap.state, gap.closed_at = IncidentState.CLOSED, now


@transaction.atomic
def tell_incidents(*, now: datetime | None = None) -> int:
    """Tell the owners of incidents that lasted for longer than the grace. Returns how many were told."""
    now = now or timezone.now()
    untold = SequenceIncident.objects.filter(told_at=None, seen_at__lt=now - GRACE)
    due = list(
        untold.filter(state=IncidentState.OPEN)
        .select_related("source__workspace")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("id")[:MOST_TOLD]
    )
    queue_notices([_notice(incident) for incident in due], now=now)
    told = SequenceIncident.objects.filter(pk__in=[incident.pk for incident in due])
    told.update(told_at=now)
    told.filter(kind=IncidentKind.REGRESSION).update(state=IncidentState.CLOSED, closed_at=now)
    return len(due)


def _notice(incident: SequenceIncident) -> NewNotice:
    source = incident.source
    return NewNotice(
        person_id=source.workspace.owner_id,
        event=SEQUENCE_BROKEN.name,
        key=f"sequence:{incident.uuid}",
        data=lambda: _said(incident),
        workspace_id=source.workspace_id,
    )


def _said(incident: SequenceIncident) -> dict[str, Any]:
    source = incident.source
    first, last = incident.first, incident.last
    if incident.kind == IncidentKind.GAP:
        title = gettext("{name}: alerts are missing").format(name=source.name)
        text = (
            gettext("Of its sequence, number {first} did not come. The sender may have lost it.").format(
                first=first
            )
            if first == last
            else gettext(
                "Of its sequence, {missing} of the numbers {first} to {last} did not come. The sender may have lost "
                "them."
            ).format(missing=incident.missing, first=first, last=last)
        )
    else:
        title = gettext("{name}: its sequence went back").format(name=source.name)
        text = (
            gettext("The number {first} came after a higher one. The sender may have started again.").format(
                first=first
            )
            if first == last
            else gettext(
                "The numbers {first} to {last} came after a higher one. The sender may have started again."
            ).format(first=first, last=last)
        )
    return {
        "title": title,
        "text": text,
        "facts": [["Strategy", incident.strategy]] if incident.strategy else [],
        "url": f"/signals/sources/{source.uuid}/",
        "url_words": gettext("Open the source"),
    }
