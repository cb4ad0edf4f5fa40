"""Subscriptions of workspaces, what became of them, and who had a trial."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Workspace
from apps.billing.choices import ENDED, ChangeKind, SubscriptionStatus
from apps.billing.models.plans import Plan, PlanPrice
from apps.billing.rules.money import money
from apps.core.models import BaseModel


class Subscription(BaseModel):
    """A workspace's plan, paid through a gateway (or tried: a trial has no gateway and no price).

    A copy of what the gateway says, written by `services.applying` alone; at most one of a workspace has not ended.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="subscriptions")
    gateway = models.CharField(max_length=20, blank=True, help_text="Empty: a trial of our own.")
    external_id = models.CharField(max_length=120, blank=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    price = models.ForeignKey(PlanPrice, null=True, on_delete=models.PROTECT, related_name="+")
    seats = models.PositiveIntegerField(default=1, help_text="All seats, those that the plan includes too.")
    status = models.CharField(max_length=20, choices=SubscriptionStatus)
    started_at = models.DateTimeField()
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    trial_end = models.DateTimeField(null=True)
    cancel_at_period_end = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
    monthly_amount = models.PositiveBigIntegerField(
        default=0,
        help_text="What it brings a month, in minor units, discounts taken off: its part of the MRR.",
    )
    currency = models.CharField(max_length=3, blank=True)
    past_due_since = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=300, blank=True, help_text="As the person gave it.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "external_id"],
                condition=~Q(external_id=""),
                name="billing_subscription_external",
            ),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=~Q(status__in=[*ENDED, SubscriptionStatus.INCOMPLETE]),
                name="billing_subscription_one_alive",
            ),
            models.CheckConstraint(condition=Q(seats__gt=0), name="billing_subscription_seats_gt_0"),
            models.CheckConstraint(
                condition=Q(gateway="", price=None) | (~Q(gateway="") & Q(price__isnull=False)),
                name="billing_subscription_paid_or_trial",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} of {self.workspace_id}: {self.status}"

    @property
    def is_over(self) -> bool:
        return self.status in ENDED


class SubscriptionChange(models.Model):
    """What a change of a subscription did to the monthly revenue. Only ever added to; stays when a workspace goes."""

    workspace_id = models.BigIntegerField()
    subscription_uuid = models.UUIDField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=11, choices=ChangeKind)
    plan_before = models.CharField(max_length=30, blank=True)
    plan_after = models.CharField(max_length=30, blank=True)
    currency = models.CharField(max_length=3)
    amount_before = models.PositiveBigIntegerField(help_text="Minor units a month.")
    amount_after = models.PositiveBigIntegerField(help_text="Minor units a month.")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["currency", "at"], name="billing_change_moment")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(amount_before=F("amount_after")) | ~Q(plan_before=F("plan_after")),
                name="billing_change_changes",
            )
        ]

    def __str__(self) -> str:
        before, after = (money(amount, self.currency) for amount in (self.amount_before, self.amount_after))
        return f"{self.kind} {before} to {after}"


class TrialUse(models.Model):
    """A trial that was begun: digests of who began it, so that a person has one, whatever they are called next."""

    digest = models.CharField(max_length=64, unique=True, help_text="HMAC of a person's normalised mark.")
    mark = models.CharField(max_length=10, help_text="What the digest is of: person, email or card.")
    workspace_id = models.BigIntegerField()
    began_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"trial of {self.workspace_id} by {self.mark}"
