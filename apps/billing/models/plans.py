"""Plans, what they allow, and what each workspace has used of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Workspace
from apps.billing.choices import Period, ReservationState
from apps.core.models import BaseModel


class Plan(BaseModel):
    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=60)
    capabilities = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    rank = models.PositiveSmallIntegerField(
        help_text="Order on the plans page; also the priority of its jobs."
    )

    monthly_credits = models.PositiveIntegerField(
        default=0, help_text="Credits each workspace gets a month (UTC); what is left of them then expires."
    )
    signal_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="So long its workspaces keep signals and firings; empty: no end by the plan.",
    )
    alert_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="So long they keep the raw text of alerts; empty: no end by the plan.",
    )
    requires_mfa = models.BooleanField(
        default=False,
        help_text="Members of its workspaces need a second factor, 14 days after the plan began.",
    )

    class Meta:
        ordering = ["rank"]

    def __str__(self) -> str:
        return self.name


class PlanLimit(models.Model):
    """How much of a meter a plan gives per period; no row means none, a null amount means unlimited."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="limits")
    meter = models.CharField(max_length=60)
    amount = models.PositiveIntegerField(null=True, blank=True)
    period = models.CharField(max_length=10, choices=Period)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "meter"], name="billing_planlimit_unique")]

    def __str__(self) -> str:
        return f"{self.plan}: {self.amount if self.amount is not None else 'unlimited'} {self.meter} ({self.period})"


class MeterUsage(models.Model):
    """What a workspace has used and holds reserved of one meter in one period."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    meter = models.CharField(max_length=60)
    period_start = models.DateField()
    used = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "meter", "period_start"], name="billing_meterusage_unique"
            ),
            models.CheckConstraint(condition=Q(used__gte=0), name="billing_meterusage_used_ge_0"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="billing_meterusage_reserved_ge_0"),
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.workspace}: {self.used} used, {self.reserved} reserved"


class Reservation(BaseModel):
    """An amount of a meter held for one piece of work: settled once it was done, released if it was not."""

    usage = models.ForeignKey(MeterUsage, on_delete=models.CASCADE, related_name="reservations")
    key = models.CharField(max_length=100, unique=True)
    amount = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=ReservationState, default=ReservationState.RESERVED)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_reservation_amount_gt_0")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.amount} {self.state}"


RESERVED_PLUS_USED = F("used") + F("reserved")


class WorkspacePlan(Workspace):
    """A workspace as the admin of plans sees it; no table of its own."""

    class Meta:
        proxy = True
        verbose_name = "plan of a workspace"
        verbose_name_plural = "plans of workspaces"
