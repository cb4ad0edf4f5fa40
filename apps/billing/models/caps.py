"""Limits that a workspace sets itself, and what it was told of them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Workspace
from apps.core.models import BaseModel


class MeterCap(BaseModel):
    """So much of a meter per period: `soft` tells people, `hard` stops. The meter "credits" caps a month's spending."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    meter = models.CharField(max_length=60)
    soft = models.PositiveIntegerField(null=True, blank=True)
    hard = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "meter"], name="billing_metercap_unique"),
            models.CheckConstraint(
                condition=Q(soft=None) | Q(hard=None) | Q(soft__lte=F("hard")), name="billing_metercap_order"
            ),
            models.CheckConstraint(
                condition=Q(soft__isnull=False) | Q(hard__isnull=False), name="billing_metercap_any"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.workspace_id}: {self.soft}, {self.hard}"


class CapNotice(models.Model):
    """A notice that was sent: each level once a period."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    meter = models.CharField(max_length=60)
    period_start = models.DateField()
    level = models.CharField(max_length=10, help_text="50, 80 or 100 of the plan's amount, soft or hard.")
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "meter", "period_start", "level"], name="billing_capnotice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.level} of {self.workspace_id}"
