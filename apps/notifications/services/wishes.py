"""What a person wants to be told, and when."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.journal.services import record
from apps.notifications.channels.registry import CHANNELS
from apps.notifications.choices import Mode
from apps.notifications.errors import NotToBeChosen
from apps.notifications.models import ArrivalWish, DeliveryHours, Preference
from apps.notifications.rules.events import DIGEST, event_of
from apps.notifications.rules.routing import BOUNDS


@transaction.atomic
def set_preference(
    person: User, *, event: str, channel: str, mode: Mode | str, actor: User | None
) -> Preference:
    """Choose how an event is told on a channel. Raises NotToBeChosen where there is nothing to choose."""
    try:
        known = event_of(event)
    except KeyError:
        raise NotToBeChosen(
            gettext("There is no event {event}.").format(event=event), field="event"
        ) from None
    if channel not in CHANNELS:
        raise NotToBeChosen(
            gettext("There is no channel {channel}.").format(channel=channel), field="channel"
        )
    if known.required:
        raise NotToBeChosen(gettext("“{words}” is always told.").format(words=known.words), field="event")
    if channel == "inbox" and mode == Mode.DIGEST:
        raise NotToBeChosen(gettext("The inbox has no digest."), field="mode")
    before = known.mode(channel, _chosen(person, event, channel))
    row, _ = Preference.objects.update_or_create(
        person=person, event=event, channel=channel, defaults={"mode": Mode(mode)}
    )
    if before != row.mode:
        record(
            actor=actor,
            workspace=None,
            action="notifications.preference.changed",
            target=person,
            changes={f"{event} by {channel}": [str(before), str(row.mode)]},
        )
    return row


@transaction.atomic
def set_arrival_wish(person: User, *, event: str, within_s: int | None, actor: User | None) -> None:
    """Let an event go out by the cheapest channels that arrive in so many seconds; None: by all that are chosen.

    Raises NotToBeChosen for an event that there is not or that is always told, and for times nobody measures.
    """
    try:
        known = event_of(event)
    except KeyError:
        raise NotToBeChosen(
            gettext("There is no event {event}.").format(event=event), field="event"
        ) from None
    if known.required:
        raise NotToBeChosen(
            gettext("“{words}” is always told on every channel.").format(words=known.words), field="event"
        )
    if within_s is not None and within_s not in BOUNDS:
        times = ", ".join(str(bound) for bound in BOUNDS)
        raise NotToBeChosen(
            gettext("Choose one of these times: {times} seconds.").format(times=times), field="within_s"
        )
    rows = ArrivalWish.objects.select_for_update().filter(person=person, event=event)
    before = rows.values_list("within_s", flat=True).first()
    if before == within_s:
        return
    if within_s is None:
        rows.delete()
    else:
        ArrivalWish.objects.update_or_create(person=person, event=event, defaults={"within_s": within_s})
    record(
        actor=actor,
        workspace=None,
        action="notifications.preference.changed",
        target=person,
        changes={f"{event} within": [before, within_s]},
    )


@transaction.atomic
def unsubscribe(person: User, *, event: str, channel: str) -> None:
    """Switch one event off on one channel; for the digest, every event that is part of it there."""
    if event == DIGEST.name:
        names = Preference.objects.filter(person=person, channel=channel, mode=Mode.DIGEST)
        for name in list(names.values_list("event", flat=True)):
            set_preference(person, event=name, channel=channel, mode=Mode.OFF, actor=person)
    else:
        set_preference(person, event=event, channel=channel, mode=Mode.OFF, actor=person)


@transaction.atomic
def set_delivery_hours(person: User, values: dict[str, Any], *, actor: User | None) -> DeliveryHours:
    """Change quiet hours and the time of the digest; what is not named stays. Raises NotToBeChosen."""
    hours, _ = DeliveryHours.objects.select_for_update().get_or_create(person=person)
    before = {name: getattr(hours, name) for name in values}
    for name, value in values.items():
        setattr(hours, name, value)
    if (hours.quiet_from is None) != (hours.quiet_until is None):
        raise NotToBeChosen(gettext("Quiet hours need a beginning and an end."), field="quiet_until")
    if hours.quiet_from is not None and hours.quiet_from == hours.quiet_until:
        raise NotToBeChosen(
            gettext("Quiet hours end when they begin; switch the event off instead."), field="quiet_until"
        )
    hours.save()
    changes = {
        name: [_word(before[name]), _word(value)] for name, value in values.items() if before[name] != value
    }
    if changes:
        record(
            actor=actor,
            workspace=None,
            action="notifications.hours.changed",
            target=person,
            changes=changes,
        )
    return hours


def _chosen(person: User, event: str, channel: str) -> str | None:
    row = Preference.objects.filter(person=person, event=event, channel=channel).first()
    return row.mode if row else None


def _word(value: Any) -> Any:
    return f"{value:%H:%M}" if isinstance(value, time) else value
