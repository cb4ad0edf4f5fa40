"""Plans, what they allow, and what each workspace has used of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Workspace
from apps.billing.choices import Interval, Period, ReservationState
from apps.billing.rules.money import money
from apps.core.models import BaseModel


class Plan(BaseModel):
    """One version of a plan. Staff change a plan by a new version; who bought an earlier one keeps it.

    A workspace names its plan by `plan_code`, and by `plan_version` where it keeps one: without it, what is current.
    """

    code = models.SlugField(max_length=30)
    version = models.PositiveIntegerField(default=1)
    is_current = models.BooleanField(
        default=True, help_text="Offered now, and what workspaces without a version of their own have."
    )
    is_offered = models.BooleanField(default=True, help_text="Shown on the comparison page, and sold.")
    summary = models.CharField(max_length=200, blank=True, help_text="Whom it is for, in one sentence.")
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

    trial_days = models.PositiveSmallIntegerField(
        default=0, help_text="How long one may try it without paying, once per person; 0: no trial."
    )
    trial_credits = models.PositiveIntegerField(
        default=0, help_text="Credits of a trial, in place of the monthly ones."
    )

    class Meta:
        ordering = ["rank", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="billing_plan_version_unique"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(is_current=True), name="billing_plan_one_current"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlanPrice(BaseModel):
    """What a version of a plan costs per interval, in minor units of the currency. Never changed once sold.

    `amount` is for the whole plan with the seats it includes (its limit `seats`), `seat_amount` for each further one.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices")
    currency = models.CharField(max_length=3, help_text="ISO 4217, for example USD.")
    interval = models.CharField(max_length=5, choices=Interval)
    amount = models.PositiveBigIntegerField(help_text="Minor units: 2900 are 29.00 USD.")
    seat_amount = models.PositiveBigIntegerField(null=True, blank=True, help_text="Empty: no further seats.")
    is_active = models.BooleanField(default=True, help_text="Sold now.")

    class Meta:
        ordering = ["currency", "interval"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "currency", "interval"], name="billing_planprice_unique"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_planprice_amount_gt_0"),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="billing_planprice_currency"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} {money(self.amount, self.currency)} a {self.interval}"

    @property
    def lookup_key(self) -> str:
        """Its name at gateways, the same on every installation: pro-v2-month-usd."""
        return f"{self.plan.code}-v{self.plan.version}-{self.interval}-{self.currency.lower()}"


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
