"""Which numbers of a sender's sequence have come, and where some are missing."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.core.models import BaseModel
from apps.signals.choices import IncidentKind, IncidentState
from apps.signals.models.intake import AlertSource


class SequencePosition(models.Model):
    """The highest number that a strategy of a source has sent."""

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="+")
    strategy = models.CharField(max_length=200, blank=True)
    highest = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "strategy"], name="signals_position_once")]

    def __str__(self) -> str:
        return f"{self.strategy or 'sequence'} of source {self.source_id} at {self.highest}"


class SequenceIncident(BaseModel):
    """Numbers `first` to `last` did not come (a gap), or `first` came after a higher one (a regression)."""

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="incidents")
    strategy = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=IncidentKind)
    state = models.CharField(max_length=10, choices=IncidentState, default=IncidentState.OPEN)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    missing = models.BigIntegerField(help_text="How many of them are still missing.")
    seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="signals_incident_range"),
        ]
        indexes = [
            models.Index(fields=["source", "-id"], name="signals_incident_source"),
            models.Index(fields=["seen_at"], name="signals_incident_untold", condition=Q(told_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.first} to {self.last}"
