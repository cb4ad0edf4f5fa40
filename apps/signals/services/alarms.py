"""Alarms: made, changed, muted, tried, removed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.core.errors import NotFound
from apps.core.words import said_in_words
from apps.engine.lang import FormulaError
from apps.engine.lang.payloads import compile_condition
from apps.journal.services import record
from apps.notifications.models import Notice
from apps.notifications.selectors import arrival_times, ways
from apps.notifications.services import NewNotice, queue_notices
from apps.signals.errors import AlarmRefused, TooManyTests
from apps.signals.events import ALARM_TESTED
from apps.signals.models import Alarm, AlertSource
from apps.signals.selectors import alarms_of

MOST_OF_PERSON = 500  # in one workspace
FIELDS = (
    "name",
    "source",
    "symbols",
    "actions",
    "condition",
    "channels",
    "within_s",
    "ladder",
    "urgency",
    "days",
    "open_from",
    "open_until",
    "cool_down_s",
    "is_active",
)
BETWEEN_TESTS = timedelta(seconds=30)


@transaction.atomic
def create_alarm(workspace: Workspace, values: Mapping[str, Any], *, person: User) -> Alarm:
    """An alarm of this person, at the workspace's cost. Raises AlarmRefused."""
    _check_room(workspace, person)
    alarm = Alarm(workspace=workspace, person=person)
    _set(alarm, values)
    alarm.save()
    record(
        actor=person,
        workspace=workspace,
        action="signals.alarm.created",
        target=alarm,
        changes={name: _said(getattr(alarm, name)) for name in FIELDS},
    )
    return alarm


@transaction.atomic
def update_alarm(alarm: Alarm, values: Mapping[str, Any], *, actor: User) -> Alarm:
    """Change the given fields. Raises AlarmRefused, and NotFound for one that was deleted meanwhile."""
    if not Alarm.objects.select_for_update().filter(pk=alarm.pk, deleted_at=None):
        raise NotFound(gettext("This alarm was deleted."))
    before = {name: _said(getattr(alarm, name)) for name in FIELDS}
    _set(alarm, values)
    after = {name: _said(getattr(alarm, name)) for name in FIELDS}
    changes = {name: [before[name], after[name]] for name in FIELDS if before[name] != after[name]}
    if changes:
        # what the matching of signals writes (`last_fired_at`) is left as it is
        alarm.save(update_fields=[*FIELDS, "condition_hash", "updated_at"])
        record(
            actor=actor,
            workspace=alarm.workspace,
            action="signals.alarm.changed",
            target=alarm,
            changes=changes,
        )
    return alarm


@transaction.atomic
def mute_alarm(alarm: Alarm, *, until: datetime | None, actor: User) -> Alarm:
    """Let it be silent until then; None ends the silence."""
    if alarm.muted_until != until:
        alarm.muted_until = until
        alarm.save(update_fields=["muted_until", "updated_at"])
        record(
            actor=actor,
            workspace=alarm.workspace,
            action="signals.alarm.muted" if until else "signals.alarm.unmuted",
            target=alarm,
            changes={"until": until.isoformat()} if until else {},
        )
    return alarm


@transaction.atomic
def delete_alarm(alarm: Alarm, *, actor: User) -> None:
    """It takes nothing any more, and can be brought back until it is purged with the list of its firings.

    What is on its way arrives, and is paid.
    """
    alarm.refresh_from_db(from_queryset=Alarm.objects.select_for_update())
    if alarm.deleted_at is not None:
        return
    alarm.deleted_at, alarm.was_active, alarm.is_active = timezone.now(), alarm.is_active, False
    alarm.save(update_fields=["deleted_at", "was_active", "is_active", "updated_at"])
    record(
        actor=actor,
        workspace=alarm.workspace,
        action="signals.alarm.deleted",
        target=alarm,
        changes={"name": alarm.name},
    )


@transaction.atomic
def restore_alarm(alarm: Alarm, *, actor: User) -> Alarm:
    """Bring a deleted one back as it was. What came meanwhile does not reach it. Raises AlarmRefused."""
    alarm = (
        Alarm.objects.select_for_update(of=("self",)).select_related("workspace", "person").get(pk=alarm.pk)
    )
    if alarm.deleted_at is None:
        return alarm
    _check_room(alarm.workspace, alarm.person)
    alarm.deleted_at, alarm.is_active, alarm.was_active = None, alarm.was_active, False
    alarm.save(update_fields=["deleted_at", "was_active", "is_active", "updated_at"])
    record(actor=actor, workspace=alarm.workspace, action="signals.alarm.restored", target=alarm)
    return alarm


@transaction.atomic
def try_alarm(alarm: Alarm, *, actor: User) -> None:
    """Send its person a message by the alarm's channels, free of charge. Raises TooManyTests."""
    recent = Notice.objects.filter(
        person=alarm.person_id,
        event=ALARM_TESTED.name,
        created_at__gt=timezone.now() - BETWEEN_TESTS,
    )
    if recent.exists():
        wait = int(BETWEEN_TESTS.total_seconds())
        raise TooManyTests(
            gettext("A test was sent less than {wait} seconds ago. Wait a moment.").format(wait=wait),
            headers={"Retry-After": str(wait)},
        )
    queue_notices(
        [
            NewNotice(
                person_id=alarm.person_id,
                event=ALARM_TESTED.name,
                key=f"alarm-test:{uuid4()}",
                data=lambda: {
                    "title": gettext("Test of the alarm “{name}”").format(name=alarm.name),
                    "text": gettext(
                        "This is what a signal of this alarm looks like. Nothing happened on any market."
                    ),
                    "facts": [["Symbol", alarm.symbols[0] if alarm.symbols else "BTCUSDT"]],
                    "url": f"/signals/alarms/{alarm.uuid}/",
                    "url_words": gettext("Open the alarm"),
                },
                workspace_id=alarm.workspace_id,
                urgency=alarm.urgency,
                channels=tuple(alarm.channels) or None,
                ladder_id=alarm.ladder_id,
                is_test=True,
            )
        ]
    )
    record(actor=actor, workspace=alarm.workspace, action="signals.alarm.tested", target=alarm)


def _check_room(workspace: Workspace, person: User) -> None:
    """Raise AlarmRefused where the person has as many alarms as one may have."""
    if alarms_of(workspace).filter(person=person).count() >= MOST_OF_PERSON:
        raise AlarmRefused(
            gettext(
                "{person} has {most_of_person} alarms here, as many as one may have. Delete one first."
            ).format(person=person, most_of_person=MOST_OF_PERSON),
            status=409,
        )


def check_alarm(alarm: Alarm) -> None:
    """Raise AlarmRefused for what no alarm can be, and fill in what follows from the rest."""
    try:
        condition = compile_condition(alarm.condition) if alarm.condition.strip() else None
    except FormulaError as error:
        raise AlarmRefused(
            "; ".join(
                gettext("column {column}: {message}").format(
                    column=problem.column, message=said_in_words(problem.message)
                )
                for problem in error.errors[:3]
            ),
            field="condition",
        ) from error
    alarm.condition, alarm.condition_hash = (condition.text, condition.hash) if condition else ("", "")
    alarm.symbols = sorted({symbol.strip().upper() for symbol in alarm.symbols if symbol.strip()})
    alarm.days = sorted(set(alarm.days))
    known = {"inbox", *(way.kind for way in ways())}
    unknown = [channel for channel in alarm.channels if channel not in known]
    if unknown:
        there = ", ".join(sorted(known))
        raise AlarmRefused(
            gettext("There is no channel {unknown!r}. There are {there}.").format(
                unknown=unknown[0], there=there
            ),
            field="channels",
        )
    times = [seconds for seconds, _ in arrival_times()]
    if alarm.within_s is not None and alarm.within_s not in times:
        raise AlarmRefused(
            gettext("Choose one of these times: {join} seconds.").format(join=", ".join(map(str, times))),
            field="within_s",
        )
    if (alarm.open_from is None) != (alarm.open_until is None):
        raise AlarmRefused(
            gettext("Give both the hour it begins and the hour it ends, or neither."), field="open_until"
        )
    if any(not 0 <= day <= 6 for day in alarm.days):
        raise AlarmRefused(gettext("Days are numbers from 0, Monday, to 6, Sunday."), field="days")
    source: AlertSource | None = alarm.source
    if source is not None and source.workspace_id != alarm.workspace_id:
        raise AlarmRefused(gettext("There is no such source in this workspace."), field="source")
    if alarm.ladder is not None and alarm.ladder.person_id != alarm.person_id:
        raise AlarmRefused(gettext("That ladder is not the alarm's person's."), field="ladder")


def _set(alarm: Alarm, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name not in FIELDS:
            raise TypeError(f"an alarm has no {name}")
        setattr(alarm, name, value)
    check_alarm(alarm)


def _said(value: Any) -> Any:
    """A value as the journal keeps it."""
    if hasattr(value, "uuid"):
        return str(value.uuid)
    return value.isoformat() if hasattr(value, "isoformat") else value
