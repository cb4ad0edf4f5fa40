"""How fast channels are: measured, for every person and for all."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class ChannelSpeed(models.Model):
    """Deliveries of the last days on a channel; `within` counts those that arrived in each of `rules.routing.BOUNDS`.

    Without a person: of all people. Made anew from the deliveries by `services.measure_speeds`.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    channel = models.CharField(max_length=20)
    deliveries = models.PositiveIntegerField()
    within = ArrayField(models.PositiveIntegerField(), default=list)
    p95_s = models.FloatField(null=True, blank=True, help_text="None: fewer than 95 of 100 arrived at all.")
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "channel"], name="notifications_channelspeed_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.deliveries} deliveries"
