"""Whether gateways, payments, credits and invoices say the same."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Reconciliation(models.Model):
    """One comparison of a gateway's days with our books."""

    gateway = models.CharField(max_length=20)
    since = models.DateTimeField()
    until = models.DateTimeField()
    ran_at = models.DateTimeField()
    compared = models.PositiveIntegerField(help_text="Objects looked at.")
    found = models.PositiveIntegerField(help_text="Differences that stood after it.")
    trouble = models.CharField(max_length=500, blank=True, help_text="Why it could not be finished.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.gateway} until {self.until:%Y-%m-%d}: {self.found}"


class Difference(models.Model):
    """Something on which the books differ; its age counts from `first_seen`. Closed when they agree again."""

    gateway = models.CharField(max_length=20)
    kind = models.CharField(max_length=40, help_text="For example payment_missing or amount_differs.")
    reference = models.CharField(max_length=160, help_text="The object it is about.")
    workspace_id = models.BigIntegerField(null=True)
    ours = models.CharField(max_length=120, blank=True)
    theirs = models.CharField(max_length=120, blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["first_seen", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "kind", "reference"],
                condition=Q(closed_at=None),
                name="billing_difference_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
