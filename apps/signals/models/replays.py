"""Refused alerts that are read anew, many at once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.models import BaseModel
from apps.signals.choices import ReplayState
from apps.signals.models.intake import AlertSource


class Replay(BaseModel):
    """All alerts of a source that stood for review and came since `since`; `position` is the last one done."""

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="replays")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    since = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ReplayState, default=ReplayState.RUNNING)
    up_to = models.BigIntegerField(help_text="The newest alert when it began.")
    position = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField()
    queued = models.PositiveIntegerField(default=0, help_text="Readable now: on their way to being signals.")
    refused = models.PositiveIntegerField(default=0, help_text="Still not readable.")
    repeats = models.PositiveIntegerField(default=0, help_text="The same as an alert that was read already.")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total__gte=F("queued") + F("refused") + F("repeats")),
                name="signals_replay_counts",
            ),
            models.UniqueConstraint(
                fields=["source"], name="signals_replay_one_at_a_time", condition=Q(state="running")
            ),
        ]
        indexes = [models.Index(fields=["source", "-id"], name="signals_replay_source")]

    def __str__(self) -> str:
        return f"replay {self.uuid}: {self.state}"

    @property
    def percent(self) -> int:
        """How much of it is done."""
        done = self.queued + self.refused + self.repeats
        return 100 if self.state == ReplayState.DONE else 100 * done // max(self.total, 1)
