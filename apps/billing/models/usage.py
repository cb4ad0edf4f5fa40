"""How much of everything that is counted a workspace used, day by day."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.models import Workspace


class UsageDay(models.Model):
    """What a workspace used of a meter on a day (UTC). Written by SQL (`services.usage`), never lowered."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    meter = models.CharField(max_length=60)
    day = models.DateField()
    amount = models.PositiveBigIntegerField()
    kept = models.PositiveBigIntegerField(
        default=0, help_text="Part of the amount whose rows are gone: of a feed that was deleted."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "meter", "day"], name="billing_usageday_unique"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_usageday_amount_gt_0"),
        ]
        indexes = [models.Index(fields=["meter", "-day"], name="billing_usageday_newest")]

    def __str__(self) -> str:
        return f"{self.meter} of {self.workspace_id} on {self.day}: {self.amount}"
