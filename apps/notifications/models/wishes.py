"""What a person wants to be told, when, and by which ladder. No row means the default."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.models import BaseModel
from apps.notifications.choices import Mode, Until, Urgency


class Preference(models.Model):
    """One event on one channel."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=80)
    channel = models.CharField(max_length=20)
    mode = models.CharField(max_length=10, choices=Mode)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "event", "channel"], name="notifications_preference_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} by {self.channel}: {self.mode}"


class DeliveryHours(models.Model):
    """When a person wants no message, in the time zone of the profile, and when the digest comes."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="delivery_hours"
    )
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    breaks_through = models.PositiveSmallIntegerField(
        choices=Urgency, default=Urgency.CRITICAL, help_text="From this urgency on, quiet hours do not count."
    )
    digest_at = models.TimeField(default=time(8))
    monthly_budget = models.PositiveIntegerField(
        null=True, blank=True, help_text="Credits that routing by cost may spend in a month; none: no limit."
    )

    class Meta:
        verbose_name_plural = "delivery hours"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
                name="notifications_hours_quiet_from_until",
            )
        ]

    def __str__(self) -> str:
        return f"delivery hours of {self.person_id}"


class ArrivalWish(models.Model):
    """An event that goes out by the cheapest channels that arrive in time, instead of by all that are chosen."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=80)
    within_s = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "event"], name="notifications_arrivalwish_once"),
            models.CheckConstraint(condition=Q(within_s__gt=0), name="notifications_arrivalwish_within"),
        ]

    def __str__(self) -> str:
        return f"{self.event} within {self.within_s} s"


class Ladder(BaseModel):
    """Steps that are taken one after another until somebody acknowledges the notice, or one was delivered.

    `steps` is a list of {"channel": "telegram", "wait_s": 60}: the seconds after the step before it.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ladders")
    name = models.CharField(max_length=80)
    until = models.CharField(max_length=12, choices=Until, default=Until.ACKNOWLEDGED)
    steps = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "name"], name="notifications_ladder_name_once")
        ]

    def __str__(self) -> str:
        return self.name
