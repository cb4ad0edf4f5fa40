"""A bot on its way to another version of its formula."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.bots.choices import UpgradeState
from apps.bots.models.bots import Bot
from apps.core.models import BaseModel


class Upgrade(BaseModel):
    """The new version runs in shadow over the same bars for `bars` of them from `from_number` on; where it asks
    otherwise on at most `most_different` of them the bot moves to it, else a person decides."""

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="upgrades")
    before = models.ForeignKey("formulas.FormulaVersion", on_delete=models.RESTRICT, related_name="+")
    after = models.ForeignKey("formulas.FormulaVersion", on_delete=models.RESTRICT, related_name="+")
    state = models.CharField(max_length=12, choices=UpgradeState, default=UpgradeState.SHADOWING)
    from_number = models.BigIntegerField()
    bars = models.PositiveIntegerField()
    most_different = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bot"], condition=Q(state="shadowing"), name="bots_upgrade_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(bars__gte=1), name="bots_upgrade_bars_ge_1"),
        ]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
