"""Who wants to hear of which signals, and what came of each."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.notifications.choices import Urgency
from apps.notifications.models import Ladder
from apps.signals.choices import Action, FiringState
from apps.signals.models.intake import AlertSource, Signal


class Alarm(BaseModel):
    """A person's wish to hear of signals of a workspace, at that workspace's cost.

    Empty choices mean every one: source, symbols, actions, days. `channels` empty leaves them to the person's
    preferences; a ladder takes their place. Hours are those of the person's own clock.
    """

    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alarms")
    name = models.CharField(max_length=80)
    source = models.ForeignKey(
        AlertSource, on_delete=models.CASCADE, null=True, blank=True, related_name="alarms"
    )
    symbols = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    actions = ArrayField(models.CharField(max_length=10, choices=Action), default=list, blank=True)
    condition = models.CharField(
        max_length=500, blank=True, help_text="Over the payload, in the formula language."
    )
    condition_hash = models.CharField(max_length=64, blank=True, editable=False)
    channels = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    within_s = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Of the channels, the cheapest that arrive in so many seconds; none: as the preferences say.",
    )
    ladder = models.ForeignKey(
        Ladder, on_delete=models.SET_NULL, null=True, blank=True, related_name="alarms"
    )
    urgency = models.PositiveSmallIntegerField(choices=Urgency, default=Urgency.NORMAL)
    days = ArrayField(
        models.PositiveSmallIntegerField(), default=list, blank=True, help_text="0 is Monday, 6 Sunday."
    )
    open_from = models.TimeField(null=True, blank=True)
    open_until = models.TimeField(null=True, blank=True)
    cool_down_s = models.PositiveIntegerField(
        default=0, help_text="So long after it fired it does not fire again."
    )
    muted_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    last_fired_at = models.DateTimeField(
        null=True, blank=True, help_text="When the newest signal it fired for was received."
    )
    deleted_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="For some days it can be brought back."
    )
    was_active = models.BooleanField(
        default=False, editable=False, help_text="Whether it was on when it was deleted."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(open_from=None, open_until=None)
                | Q(open_from__isnull=False, open_until__isnull=False),
                name="signals_alarm_hours_whole",
            ),
            models.CheckConstraint(
                condition=Q(condition="", condition_hash="") | (~Q(condition="") & ~Q(condition_hash="")),
                name="signals_alarm_condition_hash",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(is_active=False), name="signals_alarm_deleted_is_off"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="signals_alarm_workspace"),
            models.Index(
                fields=["workspace", "source"], name="signals_alarm_active", condition=Q(is_active=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Firing(models.Model):
    """An alarm that took a signal, once for each pair, and what came of it. Written by SQL.

    `key` names its notice and its credits; `held` is what it can cost at most, `spent` what it did cost.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="firings", db_index=False)
    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="firings", db_index=False)
    key = models.CharField(max_length=60)
    state = models.CharField(max_length=12, choices=FiringState)
    held = models.PositiveIntegerField(default=0)
    spent = models.PositiveIntegerField(null=True)
    fired_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signal", "alarm"], name="signals_firing_once_each"),
            models.UniqueConstraint(fields=["key"], name="signals_firing_once"),
            models.CheckConstraint(
                condition=Q(state="queued", ended_at=None) | (~Q(state="queued") & Q(ended_at__isnull=False)),
                name="signals_firing_ended_at",
            ),
        ]
        indexes = [
            models.Index(fields=["alarm", "-id"], name="signals_firing_alarm"),
            models.Index(fields=["id"], name="signals_firing_queued", condition=Q(state="queued")),
            # rows come in the order of time: what was used of late is counted from the last pages only
            BrinIndex(fields=["fired_at"], name="signals_firing_moment", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"firing {self.uuid}: {self.state}"
